// Between a packet as the wire has it and the key that flow tables match.
import Facts
import NetworkTypes

extension FlowKey {
  /// Reads a packet's headers as the switch does: with at most `vlanLimit` tags, and nothing
  /// behind a tag that it does not look at.
  init(_ packet: Packet, inPort: OpenFlowPort, vlanLimit: Int) {
    self.inPort = inPort
    self[.actionSetOutput] = UInt64(OpenFlowPort.unset.sixteenBits)
    self[.packetMark] = UInt64(packet.mark)
    self[.ethSource] = packet.ethSrc.rawValue
    self[.ethDestination] = packet.ethDst.rawValue
    setTags(packet.vlans, limit: vlanLimit)
    if let hidden = packet.vlans.inner, vlanLimit < 2 {
      self[.etherType] = UInt64(hidden.protocolID)
    } else {
      self[.etherType] = UInt64(packet.etherType)
      setNetworkHeaders(packet)
    }
    if let tunnel = packet.tunnel { setTunnel(tunnel) }
  }

  private mutating func setTags(_ tags: VLANStack, limit: Int) {
    if let outer = tags.outer {
      self[.outerTPID] = UInt64(outer.protocolID)
      self[.outerTCI] = outer.controlInformation
    }
    if let inner = tags.inner, limit > 1 {
      self[.innerTPID] = UInt64(inner.protocolID)
      self[.innerTCI] = inner.controlInformation
    }
  }

  private mutating func setNetworkHeaders(_ packet: Packet) {
    if let source = packet.source { setSource(source) }
    if let destination = packet.destination { setDestination(destination) }
    if isARP {
      self[.ipProtocol] = packet.arpOperation <= 0xff ? UInt64(packet.arpOperation) : 0
      self[.arpSHA] = packet.arpSHA.rawValue
      self[.arpTHA] = packet.arpTHA.rawValue
    }
    guard isIP else { return }
    self[.ipProtocol] = UInt64(packet.ipProtocol)
    self[.tos] = UInt64(packet.tos)
    self[.ttl] = UInt64(packet.ttl)
    if isIPv6 { self[.flowLabel] = UInt64(packet.flowLabel) }
    switch packet.fragment {
    case .no: break
    case .first: self[.fragment] = FragmentBits.any
    case .later: self[.fragment] = FragmentBits.any | FragmentBits.later
    }
    if packet.fragment != .later { setTransportHeaders(packet) }
  }

  private mutating func setTransportHeaders(_ packet: Packet) {
    guard packet.hasPorts || packet.isICMP || packet.ipProtocol == IPProtocol.igmp else { return }
    self[.sourcePort] = UInt64(packet.sourcePort)
    self[.destinationPort] = UInt64(packet.destinationPort)
    if packet.ipProtocol == IPProtocol.tcp { self[.tcpFlags] = UInt64(packet.tcpFlags) }
    guard let target = packet.ndTarget, meets(.nd) else { return }
    self[wide: .ndTarget] = target.rawValue
    self[.arpSHA] = packet.ndSLL.rawValue
    self[.arpTHA] = packet.ndTLL.rawValue
  }

  mutating func setTunnel(_ tunnel: TunnelMetadata) {
    for word in KeySlot.tunnelWords { words[word] = 0 }
    self[.tunnelID] = tunnel.id
    switch tunnel.source {
    case .v4(let address): self[.tunnelSource] = UInt64(address.rawValue)
    case .v6(let address): self[wide: .tunnelSource6] = address.rawValue
    case nil: break
    }
    switch tunnel.destination {
    case .v4(let address): self[.tunnelDestination] = UInt64(address.rawValue)
    case .v6(let address): self[wide: .tunnelDestination6] = address.rawValue
    case nil: break
    }
    self[.tunnelTOS] = UInt64(tunnel.tos)
    self[.tunnelTTL] = UInt64(tunnel.ttl)
    self[.tunnelFlags] = UInt64(tunnel.flags)
    self[.tunnelGBPID] = UInt64(tunnel.gbpID)
    self[.tunnelGBPFlags] = UInt64(tunnel.gbpFlags)
  }

  mutating func setSource(_ address: IPAddress) {
    switch address {
    case .v4(let v4): self[.source] = UInt64(v4.rawValue)
    case .v6(let v6): self[wide: .source6] = v6.rawValue
    }
  }
  mutating func setDestination(_ address: IPAddress) {
    switch address {
    case .v4(let v4): self[.destination] = UInt64(v4.rawValue)
    case .v6(let v6): self[wide: .destination6] = v6.rawValue
    }
  }
}

extension Packet {
  /// The tag at which a switch with this limit stops reading.
  func hiddenTag(vlanLimit: Int) -> VLANTag? { vlanLimit < 2 ? vlans.inner : nil }
}

// MARK: Back to a packet

extension FlowKey {
  /// `original` with what this key changes; parts that no field shows stay as they were, and so
  /// does all that lies behind a `hidden` tag.
  func applied(to original: Packet, hidden: VLANTag?) -> Packet {
    var packet = original
    packet.ethSrc = ethSource
    packet.ethDst = ethDestination
    packet.mark = UInt32(self[.packetMark])
    packet.tunnel = tunnel
    applyTags(to: &packet, hidden: hidden)
    if hidden == nil {
      packet.etherType = UInt16(self[.etherType])
      applyNetworkHeaders(to: &packet)
    }
    return packet
  }

  private func applyTags(to packet: inout Packet, hidden: VLANTag?) {
    var tags = VLANStack.none
    if let hidden { tags.push(hidden) }
    // Tags end at the first one that is not there.
    if let outer = VLANTag(controlInformation: self[.outerTCI], protocolID: self[.outerTPID]) {
      if let inner = VLANTag(controlInformation: self[.innerTCI], protocolID: self[.innerTPID]) {
        tags.push(inner)
      }
      tags.push(outer)
    }
    packet.vlans = tags
  }

  /// Only what the datapath can set (`commit_odp_actions`): no RARP, nothing of a packet whose
  /// protocol number is 0, no ports where the packet had none.
  private func applyNetworkHeaders(to packet: inout Packet) {
    guard self[.ipProtocol] != 0, isIP || self[.etherType] == UInt64(EtherType.arp) else {
      return
    }
    setAddresses(of: &packet)
    if isARP { setARP(of: &packet) }
    guard isIP else { return }
    packet.tos = UInt8(self[.tos])
    packet.ttl = UInt8(self[.ttl])
    guard packet.fragment != .later, packet.sourcePort != 0 || packet.destinationPort != 0
    else { return }
    setTransport(of: &packet)
  }

  /// The packet whose key this is, as a trace asks for it.
  func packet() -> Packet {
    var packet = Packet(ethSrc: .zero, ethDst: .zero, etherType: UInt16(self[.etherType]))
    packet = applied(to: packet, hidden: nil)
    packet.ttl = UInt8(self[.ttl])
    packet.tos = UInt8(self[.tos])
    if self[.fragment] & FragmentBits.any != 0 {
      packet.fragment = isLaterFragment ? .later : .first
    }
    setAddresses(of: &packet)
    if isARP { setARP(of: &packet) }
    if isIP {
      packet.ipProtocol = UInt8(self[.ipProtocol])
      setTransport(of: &packet)
    }
    return packet
  }

  private func setAddresses(of packet: inout Packet) {
    if isIPv6 {
      packet.source = .v6(IPv6Address(rawValue: self[wide: .source6]))
      packet.destination = .v6(IPv6Address(rawValue: self[wide: .destination6]))
      packet.flowLabel = UInt32(self[.flowLabel])
    } else if isIPv4 || isARP {
      packet.source = .v4(IPv4Address(rawValue: UInt32(self[.source])))
      packet.destination = .v4(IPv4Address(rawValue: UInt32(self[.destination])))
    }
  }
  private func setARP(of packet: inout Packet) {
    packet.arpOperation = UInt16(self[.ipProtocol])
    packet.arpSHA = MACAddress(rawValue: self[.arpSHA])
    packet.arpTHA = MACAddress(rawValue: self[.arpTHA])
  }
  private func setTransport(of packet: inout Packet) {
    guard packet.hasPorts || packet.isICMP else { return }
    packet.sourcePort = UInt16(self[.sourcePort])
    packet.destinationPort = UInt16(self[.destinationPort])
    if packet.ipProtocol == IPProtocol.tcp { packet.tcpFlags = UInt16(self[.tcpFlags]) }
    guard meets(.nd), packet.ndTarget != nil || self[wide: .ndTarget] != 0 else { return }
    packet.ndTarget = IPv6Address(rawValue: self[wide: .ndTarget])
    packet.ndSLL = MACAddress(rawValue: self[.arpSHA])
    packet.ndTLL = MACAddress(rawValue: self[.arpTHA])
  }

  /// Nil when the packet neither came out of a tunnel nor was given metadata for one.
  var tunnel: TunnelMetadata? {
    guard KeySlot.tunnelWords.contains(where: { words[$0] != 0 }) else { return nil }
    return TunnelMetadata(
      id: self[.tunnelID], source: address(.tunnelSource, .tunnelSource6),
      destination: address(.tunnelDestination, .tunnelDestination6),
      tos: UInt8(self[.tunnelTOS]), ttl: UInt8(self[.tunnelTTL]),
      flags: UInt16(self[.tunnelFlags]), gbpID: UInt16(self[.tunnelGBPID]),
      gbpFlags: UInt8(self[.tunnelGBPFlags]))
  }
  private func address(_ v4: KeySlot, _ v6: KeySlot) -> IPAddress? {
    if self[v4] != 0 { return .v4(IPv4Address(rawValue: UInt32(self[v4]))) }
    if self[wide: v6] != 0 { return .v6(IPv6Address(rawValue: self[wide: v6])) }
    return nil
  }
}

extension VLANTag {
  /// Priority, present bit, id.
  var controlInformation: UInt64 {
    UInt64(priority) << 13 | vlanPresent | UInt64(id.rawValue)
  }
  /// Nil where the present bit is not set.
  init?(controlInformation: UInt64, protocolID: UInt64) {
    guard controlInformation & vlanPresent != 0 else { return nil }
    self.init(
      id: VLANID(truncating: UInt16(controlInformation & 0xfff)),
      priority: UInt8(controlInformation >> 13),
      protocolID: protocolID == 0 ? EtherType.vlan : UInt16(protocolID))
  }
}
