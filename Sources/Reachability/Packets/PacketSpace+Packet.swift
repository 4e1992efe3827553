// A member of a set as a frame that can be traced and sent, and a frame as a member.
import NetworkTypes
import PacketSets

extension PacketSpace {
  /// `values` is a witness: one encoded value a field.
  public func packet(_ values: [UInt128]) -> Packet {
    func value(_ field: HeaderField) -> UInt128 { field.decoded(values[field.rawValue]) }
    func mac(_ field: HeaderField) -> MACAddress {
      MACAddress(rawValue: UInt64(truncatingIfNeeded: value(field)))
    }
    func short(_ field: HeaderField) -> UInt16 { UInt16(truncatingIfNeeded: value(field)) }
    var packet = Packet(
      ethSrc: mac(.ethSource), ethDst: mac(.ethDestination), etherType: short(.etherType))
    packet.vlans = VLANStack(outer: tag(value(.vlan)), inner: tag(value(.innerVLAN)))
    packet.ipProtocol = UInt8(truncatingIfNeeded: value(.ipProtocol))
    packet.tos = UInt8(truncatingIfNeeded: value(.tos))
    packet.ttl = max(2, UInt8(truncatingIfNeeded: value(.ttl)))
    guard packet.isIP || packet.isARP else { return packet }
    let family: AddressFamily = packet.isIPv6 ? .ipv6 : .ipv4
    packet.source = IPAddress(bits: value(.source), family: family)
    packet.destination = IPAddress(bits: value(.destination), family: family)
    packet.lengthBytes = packet.isARP ? 28 : family == .ipv4 ? 60 : 80
    if packet.isARP {
      packet.arpOperation = UInt16(packet.ipProtocol)
      packet.arpSHA = mac(.arpSHA)
      packet.arpTHA = mac(.arpTHA)
      return packet
    }
    packet.sourcePort = short(.sourcePort)
    packet.destinationPort = short(.destinationPort)
    if packet.isICMP { packet.icmpID = 40_000 }
    if packet.ipProtocol == IPProtocol.tcp { packet.tcpFlags = short(.tcpFlags) }
    if packet.isNeighbourDiscovery {
      packet.ttl = 255
      packet.ndTarget = IPv6Address(rawValue: value(.ndTarget))
      packet.ndSLL = mac(.arpSHA)
      packet.ndTLL = mac(.arpTHA)
    }
    return packet
  }

  private func tag(_ value: UInt128) -> VLANTag? {
    guard value & tagPresent != 0 else { return nil }
    return VLANTag(id: VLANID(truncating: UInt16(truncatingIfNeeded: value & 0xfff)))
  }

  /// The values of a frame, metadata zero.
  public func values(of packet: Packet) -> [UInt128] {
    var values = HeaderField.allCases.map { _ in UInt128(0) }
    func set(_ field: HeaderField, _ value: UInt128) {
      values[field.rawValue] = field.encoded(value)
    }
    func tag(_ tag: VLANTag?) -> UInt128 { tag.map { UInt128($0.id.rawValue) | tagPresent } ?? 0 }
    set(.vlan, tag(packet.vlans.outer))
    set(.innerVLAN, tag(packet.vlans.inner))
    set(.etherType, UInt128(packet.etherType))
    set(.ethSource, UInt128(packet.ethSrc.rawValue))
    set(.ethDestination, UInt128(packet.ethDst.rawValue))
    set(.source, packet.source?.bits ?? 0)
    set(.destination, packet.destination?.bits ?? 0)
    set(.ipProtocol, UInt128(packet.isARP ? UInt8(packet.arpOperation & 0xff) : packet.ipProtocol))
    set(.sourcePort, UInt128(packet.sourcePort))
    set(.destinationPort, UInt128(packet.destinationPort))
    set(.arpSHA, UInt128((packet.isARP ? packet.arpSHA : packet.ndSLL).rawValue))
    set(.arpTHA, UInt128((packet.isARP ? packet.arpTHA : packet.ndTLL).rawValue))
    set(.ndTarget, packet.ndTarget?.rawValue ?? 0)
    set(.tos, UInt128(packet.tos))
    set(.ttl, UInt128(packet.ttl))
    set(.tcpFlags, UInt128(packet.tcpFlags))
    return values
  }
}
