// What a flow matches, in one normal form whatever way it was written; made by the parser of
// flows and of trace arguments, used by the evaluator.

/// Bits of a field that must have a value. Bits outside `mask` are zero in `value`.
public struct FieldMatch: Hashable, Sendable {
  public var field: OpenFlowField
  public var value: UInt128
  public var mask: UInt128
  public init(_ field: OpenFlowField, value: UInt128, mask: UInt128) {
    self.field = field
    self.value = value & mask
    self.mask = mask
  }
  /// All of the field's bits.
  public init(_ field: OpenFlowField, _ value: UInt128) {
    self.init(field, value: value, mask: field.valueMask)
  }
  public var isExact: Bool { mask == field.valueMask }
  public func matches(_ bits: UInt128) -> Bool { bits & mask == value }
}

/// A key of a match that the catalogue does not know, or whose value does not fit 128 bits.
public struct UnrecognisedMatch: Hashable, Sendable {
  public var key: String
  /// As written behind `=`; empty without one.
  public var value: String
  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}

/// A conjunction of field matches; empty matches every packet.
///
/// Normal form: prerequisites are fields of their own (`tcp` is `dl_type` and `nw_proto`), ports
/// go by protocol (`udp,tp_src` is `udp_src`; `icmp6,icmp_type` is `icmpv6_type`), every VLAN
/// spelling is bits of `vlanTCI`, DSCP is bits of `nwTOS`, wide registers are 32-bit ones,
/// `in_port` is the 16-bit `inPort`. A field stands at most once, in the catalogue's order.
public struct FlowMatch: Hashable, Sendable {
  public private(set) var fields: [FieldMatch] = []
  /// Where not empty, whether a packet matches cannot be said.
  public var unrecognised: [UnrecognisedMatch] = []
  public init() {}
  /// Later ones go over earlier ones of the same bits.
  public init(_ fields: [FieldMatch]) {
    for match in fields { set(match.field, value: match.value, mask: match.mask) }
  }

  /// `count` matches that stand in the catalogue's order already.
  init(inOrder count: Int, _ match: (Int) -> FieldMatch) {
    fields = (0..<count).map(match)
  }

  public subscript(_ field: OpenFlowField) -> FieldMatch? { fields.first { $0.field == field } }

  /// The value where all bits of the field are given.
  public func exact(_ field: OpenFlowField) -> UInt128? {
    guard let match = self[field], match.isExact else { return nil }
    return match.value
  }
  /// The port that the flow asks for.
  public var inPort: OpenFlowPort? { exact(.inPort).map { OpenFlowPort(UInt32($0)) } }

  /// Adds bits to a field's match, over what was said of the same bits before; no normal form
  /// is made here. A mask of zero adds nothing.
  public mutating func set(_ field: OpenFlowField, value: UInt128, mask: UInt128) {
    guard mask != 0 else { return }
    let index = fields.firstIndex { $0.field >= field } ?? fields.count
    if index < fields.count, fields[index].field == field {
      fields[index].value = fields[index].value & ~mask | value & mask
      fields[index].mask |= mask
    } else {
      fields.insert(FieldMatch(field, value: value, mask: mask), at: index)
    }
  }
  /// The same of all bits.
  public mutating func set(_ field: OpenFlowField, _ value: UInt128) {
    set(field, value: value, mask: field.valueMask)
  }
  public mutating func remove(_ field: OpenFlowField) { fields.removeAll { $0.field == field } }
}

/// Bits of `ct_state`.
public enum CTStateBits {
  public static let new: UInt128 = 0x01
  public static let established: UInt128 = 0x02
  public static let related: UInt128 = 0x04
  public static let reply: UInt128 = 0x08
  public static let invalid: UInt128 = 0x10
  public static let tracked: UInt128 = 0x20
  public static let sourceNAT: UInt128 = 0x40
  public static let destinationNAT: UInt128 = 0x80
  /// By rising bit.
  public static let names = ["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"]
}
