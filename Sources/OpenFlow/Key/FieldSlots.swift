// Where each OpenFlow field lies in a key, and what reading and writing it means.
import Facts
import NetworkTypes

extension OpenFlowField {
  /// Nil for fields that are not modelled.
  var slot: KeySlot? { Self.slots[Int(rawValue)] }

  private static let slots: [KeySlot?] = OpenFlowField.allCases.map(makeSlot)

  private static func makeSlot(_ field: OpenFlowField) -> KeySlot? {
    if let registers = field.overlaidRegisters {
      switch registers.count {
      case 1: return .register(registers.lowerBound)
      case 2: return KeySlot(UInt8(8 + registers.lowerBound / 2), 0, 64)
      default: return KeySlot(UInt8(8 + registers.lowerBound / 2), 0, 128)
      }
    }
    return fixed[field]
  }

  private static let fixed: [OpenFlowField: KeySlot] = [
    .conjID: .conjunctionID, .metadata: .metadata, .actionSetOutput: .actionSetOutput,
    .skbPriority: .queuePriority, .packetMark: .packetMark, .inPort: .inPort,
    .inPort32: .inPort, .packetType: .packetType, .datapathHash: .datapathHash,
    .tunID: .tunnelID, .tunSrc: .tunnelSource, .tunDst: .tunnelDestination,
    .tunIPv6Src: .tunnelSource6, .tunIPv6Dst: .tunnelDestination6, .tunFlags: .tunnelFlags,
    .tunTOS: .tunnelTOS, .tunTTL: .tunnelTTL, .tunGBPID: .tunnelGBPID,
    .tunGBPFlags: .tunnelGBPFlags,
    .ctState: .ctState, .ctZone: .ctZone, .ctMark: .ctMark, .ctLabel: .ctLabel,
    .ctNwProto: .ctProtocol, .ctNwSrc: .ctSource, .ctNwDst: .ctDestination,
    .ctIPv6Src: .ctSource6, .ctIPv6Dst: .ctDestination6, .ctTpSrc: .ctSourcePort,
    .ctTpDst: .ctDestinationPort,
    .ethSrc: .ethSource, .ethDst: .ethDestination, .ethType: .etherType, .vlanTCI: .outerTCI,
    .dlVLAN: part(.outerTCI, 0, 12), .dlVLANPriority: part(.outerTCI, 13, 3),
    .vlanVID: part(.outerTCI, 0, 13), .vlanPriority: part(.outerTCI, 13, 3),
    .mplsLabel: part(.mplsLabelStackEntry, 12, 20), .mplsTC: part(.mplsLabelStackEntry, 9, 3),
    .mplsBOS: part(.mplsLabelStackEntry, 8, 1), .mplsTTL: part(.mplsLabelStackEntry, 0, 8),
    .ipSrc: .source, .ipDst: .destination, .ipv6Src: .source6, .ipv6Dst: .destination6,
    .ipv6Label: .flowLabel, .nwProto: .ipProtocol, .nwTOS: .tos, .ipDSCP: part(.tos, 2, 6),
    .nwECN: part(.tos, 0, 2), .nwTTL: .ttl, .ipFrag: .fragment,
    .arpOp: .ipProtocol, .arpSPA: .source, .arpTPA: .destination, .arpSHA: .arpSHA,
    .arpTHA: .arpTHA,
    .tcpSrc: .sourcePort, .tcpDst: .destinationPort, .tcpFlags: .tcpFlags,
    .udpSrc: .sourcePort, .udpDst: .destinationPort, .sctpSrc: .sourcePort,
    .sctpDst: .destinationPort, .icmpType: part(.sourcePort, 0, 8),
    .icmpCode: part(.destinationPort, 0, 8), .icmp6Type: part(.sourcePort, 0, 8),
    .icmp6Code: part(.destinationPort, 0, 8),
    .ndTarget: .ndTarget, .ndSLL: .arpSHA, .ndTLL: .arpTHA, .ndReserved: .ndReserved,
    .ndOptionsType: .ndOptionsType,
  ]

  private static func part(_ slot: KeySlot, _ first: UInt8, _ width: UInt8) -> KeySlot {
    KeySlot(slot.word, slot.shift + first, width)
  }
}

extension FlowKey {
  /// The field's value as an action sees it; nil when the field is not modelled.
  func read(_ field: OpenFlowField) -> UInt128? {
    guard let slot = field.slot else { return nil }
    let value = self[wide: slot]
    switch field {
    case .inPort32, .actionSetOutput:
      return UInt128(OpenFlowPort(UInt32(truncatingIfNeeded: value)).rawValue)
    case .nwTOS: return value & 0xfc
    case .ipFrag: return value & 3
    case .tunFlags: return value & 1
    default: return value
    }
  }

  /// Sets the field, whatever the packet is; false when the field is not modelled.
  mutating func write(_ field: OpenFlowField, _ value: UInt128) -> Bool {
    guard let slot = field.slot else { return false }
    switch field {
    case .inPort32, .inPort:
      self[.inPort] = UInt64(OpenFlowPort(UInt32(truncatingIfNeeded: value)).sixteenBits)
    case .nwTOS: self[.tos] = self[.tos] & 3 | UInt64(truncatingIfNeeded: value) & 0xfc
    case .dlVLAN: writeVLAN(UInt64(truncatingIfNeeded: value))
    case .dlVLANPriority, .vlanPriority:
      self[slot] = UInt64(truncatingIfNeeded: value)
      self[.outerTCI] |= vlanPresent
      completeTag()
    case .vlanVID, .vlanTCI:
      self[slot] = UInt64(truncatingIfNeeded: value)
      completeTag()
    case .arpOp: self[slot] = UInt64(truncatingIfNeeded: value) & 0xff
    case .icmpType, .icmp6Type: self[.sourcePort] = UInt64(truncatingIfNeeded: value) & 0xff
    case .icmpCode, .icmp6Code: self[.destinationPort] = UInt64(truncatingIfNeeded: value) & 0xff
    default: self[wide: slot] = value
    }
    return true
  }

  /// OpenFlow 1.0's way: 0xffff takes the tag away, all else makes one.
  private mutating func writeVLAN(_ value: UInt64) {
    if value == 0xffff {
      self[.outerTCI] = 0
    } else {
      self[.outerTCI] = self[.outerTCI] & 0xe000 | vlanPresent | value & 0xfff
    }
    completeTag()
  }

  /// A tag that appears by writing its fields is an 802.1Q one.
  mutating func completeTag() {
    if self[.outerTPID] == 0, self[.outerTCI] != 0 { self[.outerTPID] = UInt64(EtherType.vlan) }
  }

  mutating func write(_ field: OpenFlowField, _ value: UInt128, mask: UInt128) -> Bool {
    guard let old = read(field) else { return false }
    return write(field, old & ~mask | value & mask)
  }

  func read(_ subfield: Subfield) -> UInt128? {
    guard let value = read(subfield.field) else { return nil }
    return (value & subfield.mask) >> UInt128(min(subfield.firstBit, 127))
  }
  mutating func write(_ subfield: Subfield, _ value: UInt128) -> Bool {
    write(subfield.field, value << UInt128(min(subfield.firstBit, 127)), mask: subfield.mask)
  }
}

// MARK: What the packet is

extension FlowKey {
  var isIPv4: Bool { self[.etherType] == UInt64(EtherType.ipv4) }
  var isIPv6: Bool { self[.etherType] == UInt64(EtherType.ipv6) }
  var isIP: Bool { isIPv4 || isIPv6 }
  var isARP: Bool {
    self[.etherType] == UInt64(EtherType.arp) || self[.etherType] == UInt64(EtherType.rarp)
  }
  var isMPLS: Bool {
    self[.etherType] == UInt64(EtherType.mpls) || self[.etherType] == UInt64(EtherType.mpls) + 1
  }
  var hasTag: Bool { self[.outerTCI] & vlanPresent != 0 }
  var isLaterFragment: Bool { self[.fragment] & FragmentBits.later != 0 }
  var inPort: OpenFlowPort {
    get { OpenFlowPort(UInt32(self[.inPort])) }
    set { self[.inPort] = UInt64(newValue.sixteenBits) }
  }
  var ethDestination: MACAddress { MACAddress(rawValue: self[.ethDestination]) }
  var ethSource: MACAddress { MACAddress(rawValue: self[.ethSource]) }

  private func isTransport(_ number: UInt8) -> Bool {
    isIP && self[.ipProtocol] == UInt64(number) && !isLaterFragment
  }
  private var isICMPv6: Bool { isIPv6 && isTransport(IPProtocol.icmp6) }
  private func isDiscovery(_ types: ClosedRange<UInt64>) -> Bool {
    isICMPv6 && self[.destinationPort] == 0 && types.contains(self[.sourcePort])
  }

  /// Whether the packet has fields that ask for this.
  func meets(_ prerequisite: OpenFlowField.Prerequisite) -> Bool {
    switch prerequisite {
    case .none: true
    case .ethernet: self[.packetType] == 0
    case .vlan: hasTag
    case .mpls: isMPLS
    case .ipv4: isIPv4
    case .ipv6: isIPv6
    case .ip: isIP
    case .arp: isARP
    case .nsh: self[.etherType] == 0x894f
    case .tcp: isTransport(IPProtocol.tcp)
    case .udp: isTransport(IPProtocol.udp)
    case .sctp: isTransport(IPProtocol.sctp)
    case .icmp4: isIPv4 && isTransport(IPProtocol.icmp)
    case .icmp6: isICMPv6
    case .nd: isDiscovery(135...136)
    case .ndSolicitation: isDiscovery(135...135)
    case .ndAdvertisement: isDiscovery(136...136)
    case .tracked: self[.ctState] & UInt64(ConntrackState.tracked.rawValue) != 0
    }
  }
}
