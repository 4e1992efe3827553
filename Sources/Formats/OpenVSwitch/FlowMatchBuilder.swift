// Brings the keys of a match into the normal form that `FlowMatch` describes.
import Facts
import NetworkTypes

/// Collects a match key by key.
struct FlowMatchBuilder {
  private(set) var match = FlowMatch()
  private var hasTransport = false

  /// The wire's protocols that a word like `tcp6` stands for.
  struct ProtocolWord: Sendable {
    let etherType: UInt16?
    let ipProtocol: UInt8?
  }

  mutating func add(_ word: ProtocolWord) {
    if let type = word.etherType { match.set(.ethType, UInt128(type)) }
    if let number = word.ipProtocol { match.set(.nwProto, UInt128(number)) }
  }
  mutating func addUnrecognised(key: String, value: String) {
    match.unrecognised.append(UnrecognisedMatch(key: key, value: value))
  }

  mutating func add(_ field: OpenFlowField, value: UInt128, mask: UInt128) {
    switch field {
    case .inPort32:
      match.set(.inPort, UInt128(OpenFlowPort(UInt32(truncatingIfNeeded: value)).sixteenBits))
    case .dlVLAN, .vlanVID, .dlVLANPriority, .vlanPriority: addVLAN(field, value, mask)
    case .nwTOS: match.set(.nwTOS, value: value, mask: 0xfc)
    case .ipDSCP: match.set(.nwTOS, value: value << 2, mask: 0xfc)
    case .packetType where value == 0: break
    case .tcpSrc, .udpSrc, .sctpSrc, .tcpDst, .udpDst, .sctpDst, .icmpType, .icmpCode,
      .icmp6Type, .icmp6Code:
      hasTransport = true
      match.set(field, value: value, mask: mask)
    default:
      if let registers = field.overlaidRegisters, registers.count > 1 {
        addWide(registers, value, mask)
      } else {
        match.set(field, value: value, mask: mask)
      }
    }
  }

  /// The finished match.
  mutating func finish() -> FlowMatch {
    if hasTransport { nameTransportFields() }
    return match
  }

  private mutating func addVLAN(_ field: OpenFlowField, _ value: UInt128, _ mask: UInt128) {
    switch field {
    case .dlVLAN where value == 0xffff: match.set(.vlanTCI, value: 0, mask: 0xffff)
    case .dlVLAN: match.set(.vlanTCI, value: value & 0xfff | 0x1000, mask: 0x1fff)
    case .vlanVID: match.set(.vlanTCI, value: value, mask: mask & 0x1fff)
    default: match.set(.vlanTCI, value: value << 13 | 0x1000, mask: 0xf000)
    }
  }

  private mutating func addWide(_ registers: Range<Int>, _ value: UInt128, _ mask: UInt128) {
    for (offset, index) in registers.reversed().enumerated() {
      guard let register = OpenFlowField.reg(index) else { continue }
      let shift = UInt128(offset * 32)
      match.set(register, value: value >> shift & 0xffff_ffff, mask: mask >> shift & 0xffff_ffff)
    }
  }

  /// All transports share two places in the switch's flow key: `udp,tcp_src=1` asks for UDP's.
  private mutating func nameTransportFields() {
    guard let (source, destination) = transportFields else { return }
    let sources = Self.sourceFields.map { ($0, source) }
    let destinations = Self.destinationFields.map { ($0, destination) }
    for (wrong, right) in sources + destinations where wrong != right {
      guard let found = match[wrong] else { continue }
      match.remove(wrong)
      match.set(right, value: found.value, mask: found.mask & right.valueMask)
    }
  }

  private var transportFields: (source: OpenFlowField, destination: OpenFlowField)? {
    match.exact(.nwProto).flatMap { Self.transportFields(UInt8(truncatingIfNeeded: $0)) }
  }

  static let sourceFields: [OpenFlowField] = [.tcpSrc, .udpSrc, .sctpSrc, .icmpType, .icmp6Type]
  static let destinationFields: [OpenFlowField] = [
    .tcpDst, .udpDst, .sctpDst, .icmpCode, .icmp6Code,
  ]

  /// What the two places are of an IP protocol.
  static func transportFields(
    _ number: UInt8
  ) -> (source: OpenFlowField, destination: OpenFlowField)? {
    switch number {
    case IPProtocol.tcp: return (.tcpSrc, .tcpDst)
    case IPProtocol.udp: return (.udpSrc, .udpDst)
    case IPProtocol.sctp: return (.sctpSrc, .sctpDst)
    case IPProtocol.icmp: return (.icmpType, .icmpCode)
    case IPProtocol.icmp6: return (.icmp6Type, .icmp6Code)
    default: return nil
    }
  }
}

/// What a key of a flow's first half means.
enum FlowKey: Sendable {
  case field(OpenFlowField)
  case word(FlowMatchBuilder.ProtocolWord)
  case flag(FlowFlags)
  case table, priority, cookie, duration, packets, bytes, idleTimeout, hardTimeout, idleAge
  case hardAge, importance, actions
  /// Means nothing for a flow that is in a table: `out_port` of a deletion.
  case filter
}

let flowKeyNames: [(String, FlowKey)] =
  OpenFlowField.byName.map { ($0.key, .field($0.value)) } + protocolKeys + headKeys
let flowKeys = NameTable<FlowKey>(flowKeyNames)

private let protocolKeys: [(String, FlowKey)] = {
  func word(_ names: String, _ type: UInt16?, _ number: UInt8? = nil) -> [(String, FlowKey)] {
    names.split(separator: " ").map {
      (String($0), .word(.init(etherType: type, ipProtocol: number)))
    }
  }
  return [
    word("eth", nil), word("ip ipv4 ip4", EtherType.ipv4), word("ipv6 ip6", EtherType.ipv6),
    word("arp", EtherType.arp), word("rarp", EtherType.rarp), word("mpls", EtherType.mpls),
    word("mplsm", 0x8848), word("nsh", 0x894f),
    word("icmp icmp4", EtherType.ipv4, IPProtocol.icmp),
    word("tcp tcp4", EtherType.ipv4, IPProtocol.tcp),
    word("udp udp4", EtherType.ipv4, IPProtocol.udp),
    word("sctp sctp4", EtherType.ipv4, IPProtocol.sctp),
    word("icmp6 icmpv6", EtherType.ipv6, IPProtocol.icmp6),
    word("tcp6", EtherType.ipv6, IPProtocol.tcp), word("udp6", EtherType.ipv6, IPProtocol.udp),
    word("sctp6", EtherType.ipv6, IPProtocol.sctp),
  ].flatMap { $0 }
}()

private let headKeys: [(String, FlowKey)] = [
  ("table", .table), ("priority", .priority), ("cookie", .cookie), ("duration", .duration),
  ("n_packets", .packets), ("n_bytes", .bytes), ("idle_timeout", .idleTimeout),
  ("hard_timeout", .hardTimeout), ("idle_age", .idleAge), ("hard_age", .hardAge),
  ("importance", .importance), ("actions", .actions), ("action", .actions),
  ("send_flow_rem", .flag(.sendFlowRemoved)), ("check_overlap", .flag(.checkOverlap)),
  ("reset_counts", .flag(.resetCounts)), ("no_packet_counts", .flag(.noPacketCounts)),
  ("no_byte_counts", .flag(.noByteCounts)), ("out_port", .filter), ("out_group", .filter),
  ("allow_hidden_fields", .filter),
]
