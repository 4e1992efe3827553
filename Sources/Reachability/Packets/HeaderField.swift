// The fields of a packet and of a pipeline's metadata that sets of packets are over, in the order
// in which a diagram asks them: what is usually one value first, what is usually free last.
import Facts
import NetworkTypes
import PacketSets

/// A dimension of a set of packets.
public enum HeaderField: Int, CaseIterable, Sendable {
  // Metadata, which never leaves a node.
  case inPort
  case reg0, reg1, reg2, reg3, reg4, reg5, reg6, reg7
  case reg8, reg9, reg10, reg11, reg12, reg13, reg14, reg15
  case metadata, tunnelID, tunnelSource, tunnelDestination
  case ctState, ctZone, ctMark, ctLabel, conjunctionID
  case packetMark
  /// Netfilter's: the connection's mark, and `ConnectionBits`.
  case connectionMark, connectionState
  /// 1 where a flow took them that the switch has learnt and that expires.
  case passing
  // Headers.
  /// Present bit 0x1000 and id; 0 without a tag. Priorities are not kept.
  case vlan, innerVLAN
  case etherType, ethSource, ethDestination
  /// ARP: the operation.
  case ipProtocol
  /// IPv4 in the low 32 bits; ARP: the sender's and the target's address.
  case source, destination
  /// ICMP: code and type.
  case destinationPort, sourcePort
  /// ND: the link layer address options.
  case arpSHA, arpTHA
  case ndTarget
  case tos, ttl, tcpFlags

  public var width: Int {
    switch self {
    case .inPort, .ctZone, .etherType, .destinationPort, .sourcePort: 16
    case .metadata, .tunnelID: 64
    case .tunnelSource, .tunnelDestination, .ctLabel, .source, .destination, .ndTarget: 128
    case .vlan, .innerVLAN: 13
    case .ethSource, .ethDestination, .arpSHA, .arpTHA: 48
    case .ipProtocol, .tos, .ttl: 8
    case .ctState: 8
    case .connectionState: 4
    case .passing: 1
    case .tcpFlags: 12
    default: 32
    }
  }

  public var isMAC: Bool {
    switch self {
    case .ethSource, .ethDestination, .arpSHA, .arpTHA: true
    default: false
    }
  }

  /// MACs stand with the group bit first, so that unicast and multicast are an interval each.
  public func encoded(_ value: UInt128) -> UInt128 {
    guard isMAC else { return value }
    return value & 0xff_ffff_ffff | value >> 1 & 0x7f00_0000_0000 | value << 7 & 1 << 47
  }
  public func decoded(_ value: UInt128) -> UInt128 {
    guard isMAC else { return value }
    return value & 0xff_ffff_ffff | value << 1 & 0xfe00_0000_0000 | value >> 7 & 1 << 40
  }

  var bit: UInt64 { 1 << UInt64(rawValue) }

  /// All that a node adds to a packet while it is there.
  static let metadataMask: UInt64 = (1 << UInt64(passing.rawValue)) - 1
  /// What no packet has when it is sent.
  static let unsentMask: UInt64 = metadataMask | passing.bit
  /// What a switch starts afresh for every packet that enters it.
  static let pipelineMask: UInt64 = (1 << UInt64(packetMark.rawValue)) - 1
  static let addressMask: UInt64 = ethSource.bit | ethDestination.bit

  static func register(_ index: Int) -> HeaderField {
    HeaderField(rawValue: HeaderField.reg0.rawValue + index) ?? .reg0
  }
}

/// The present bit of `HeaderField.vlan`.
let tagPresent: UInt128 = 0x1000

/// Values of `HeaderField.connectionState`.
enum ConnectionBits {
  static let new: UInt128 = 1
  static let invalid: UInt128 = 2
  static let untracked: UInt128 = 3
  static let stateMask: UInt128 = 3
  static let sourceNAT: UInt128 = 4
  static let destinationNAT: UInt128 = 8
}

extension PacketSpace {
  /// A space over all header fields.
  public static func headers() -> PacketSpace {
    PacketSpace(widths: HeaderField.allCases.map(\.width))
  }

  public func value(_ field: HeaderField, _ value: UInt128) -> PacketSet {
    self.value(field.rawValue, field.encoded(value))
  }
  /// Of MACs, only of those that differ in their last five bytes.
  public func interval(_ field: HeaderField, _ interval: Interval) -> PacketSet {
    self.interval(
      field.rawValue, field.encoded(interval.lowerBound)...field.encoded(interval.upperBound))
  }
  func masked(_ field: HeaderField, _ value: UInt128, mask: UInt128) -> PacketSet? {
    masked(field.rawValue, field.encoded(value), mask: field.encoded(mask))
  }
  /// The packets of a set whose field has `value` in the bits of `mask`, for fields that have few
  /// values: marks, which begin as one and are only ever set to others.
  func bits(_ field: HeaderField, _ value: UInt128, mask: UInt128, in set: PacketSet) -> PacketSet {
    union(
      values(of: field, in: set).map { found in
        guard found.lowerBound == found.upperBound else {
          return and(interval(field.rawValue, found), masked(field, value, mask: mask) ?? .all)
        }
        return found.lowerBound & mask == value ? self.value(field, found.lowerBound) : .empty
      })
  }
  func assign(_ field: HeaderField, _ value: UInt128, in set: PacketSet) -> PacketSet {
    assign(field.rawValue, field.encoded(value), in: set)
  }
  /// Of MACs, as they are encoded.
  public func values(of field: HeaderField, in set: PacketSet) -> [Interval] {
    values(of: field.rawValue, in: set)
  }
  func constant(of field: HeaderField, in set: PacketSet) -> UInt128? {
    constant(of: field.rawValue, in: set).map(field.decoded)
  }
  func splits(_ field: HeaderField, of set: PacketSet) -> [(Interval, PacketSet)] {
    splits(field.rawValue, of: set)
  }
  public func forget(_ fields: HeaderField..., in set: PacketSet) -> PacketSet {
    forget(fields.reduce(0) { $0 | $1.bit }, in: set)
  }
  public func all(of sets: [PacketSet]) -> PacketSet { sets.reduce(.all) { and($0, $1) } }

  public func etherType(_ type: UInt16) -> PacketSet { value(.etherType, UInt128(type)) }
  public func family(_ family: AddressFamily) -> PacketSet {
    etherType(family == .ipv4 ? EtherType.ipv4 : EtherType.ipv6)
  }
  public var ip: PacketSet { or(family(.ipv4), family(.ipv6)) }
  public var arp: PacketSet { etherType(EtherType.arp) }
  /// Any IP packet of the protocol.
  public func ipProtocol(_ number: UInt8) -> PacketSet {
    and(ip, value(.ipProtocol, UInt128(number)))
  }

  /// Packets of the prefix' family with the field inside it.
  public func prefix(_ field: HeaderField, _ prefix: IPPrefix) -> PacketSet {
    and(family(prefix.family), bits(field, prefix))
  }
  /// The same without asking for the family.
  func bits(_ field: HeaderField, _ prefix: IPPrefix) -> PacketSet {
    interval(field, prefix.address.bits...prefix.last.bits)
  }
  public func address(_ field: HeaderField, _ address: IPAddress) -> PacketSet {
    prefix(field, IPPrefix(host: address))
  }
  func maskedAddress(_ field: HeaderField, _ range: MaskedAddress) -> PacketSet? {
    if let prefix = range.prefix { return self.prefix(field, prefix) }
    let width: UInt128 = range.address.family == .ipv4 ? 0xffff_ffff : .max
    return masked(field, range.address.bits, mask: range.mask | ~width)
      .map { and(family(range.address.family), $0) }
  }

  /// Frames from one of the MACs to the same.
  func diagonal(_ macs: Set<MACAddress>) -> PacketSet {
    union(
      macs.sorted().map { mac in
        and(
          value(.ethSource, UInt128(mac.rawValue)), value(.ethDestination, UInt128(mac.rawValue)))
      })
  }

  /// Frames to the address itself, to a group or to all.
  func isFor(_ mac: MACAddress) -> PacketSet {
    or(value(.ethDestination, UInt128(mac.rawValue)), isGroup(.ethDestination))
  }
  public func isGroup(_ field: HeaderField) -> PacketSet {
    interval(field.rawValue, 1 << 47...(1 << 48) - 1)
  }
  func ports(_ field: HeaderField, _ range: PortRange) -> PacketSet {
    interval(field, UInt128(range.first)...UInt128(range.last))
  }
}
