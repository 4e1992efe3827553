// The keys of a match by their bytes as two words, for the reader of plain flow lines.
import Facts
import NetworkTypes

/// What a plain line's reader does with a key.
struct PlainKey {
  enum Kind: UInt8 {
    /// Needs the general reader: unknown, a heading's key, or one that is normalised in a way of its own.
    case general
    case field, transport, vlan, tos
    /// `tcp`, `arp`, …: prerequisites.
    case word
  }
  var kind = Kind.general
  var format = OpenFlowField.ValueFormat.decimal
  var field = OpenFlowField.conjID
  /// The field's.
  var valueMask: UInt128 = 0
  /// Of a word; 0 where it says none.
  var etherType: UInt16 = 0
  /// Of a word; negative where it says none.
  var ipProtocol: Int16 = -1
}

/// Names of up to 16 bytes, found by one multiplication.
struct PlainKeyTable {
  private struct Slot {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var key = PlainKey()
  }
  private var slots: [Slot]
  private let shift: UInt64

  static let shared = PlainKeyTable()

  private init() {
    let count = 2048
    slots = Array(repeating: Slot(), count: count)
    shift = UInt64(64 - count.trailingZeroBitCount)
    for (name, meaning) in flowKeyNames where name.utf8.count <= 16 {
      var (low, high): (UInt64, UInt64) = (0, 0)
      for (index, byte) in name.utf8.enumerated() {
        if index < 8 { low |= UInt64(byte) << UInt64(index * 8) }
        if index >= 8 { high |= UInt64(byte) << UInt64(index * 8 - 64) }
      }
      var index = Self.index(low, high, shift)
      while slots[index].low != 0 { index = (index + 1) & (count - 1) }
      slots[index] = Slot(low: low, high: high, key: Self.key(meaning))
    }
  }

  private static func key(_ meaning: FlowKey) -> PlainKey {
    var key = PlainKey()
    switch meaning {
    case .field(let field):
      key.field = field
      key.format = field.format
      key.valueMask = field.valueMask
      key.kind = kind(field)
    case .word(let word):
      key.kind = .word
      key.etherType = word.etherType ?? 0
      key.ipProtocol = word.ipProtocol.map { Int16($0) } ?? -1
    default: break
    }
    return key
  }

  private static func kind(_ field: OpenFlowField) -> PlainKey.Kind {
    switch field {
    case .dlVLAN: .vlan
    case .nwTOS: .tos
    case .inPort32, .vlanVID, .dlVLANPriority, .vlanPriority, .ipDSCP, .packetType: .general
    case .tcpSrc, .udpSrc, .sctpSrc, .tcpDst, .udpDst, .sctpDst, .icmpType, .icmpCode, .icmp6Type,
      .icmp6Code:
      .transport
    default: (field.overlaidRegisters?.count ?? 1) > 1 ? .general : .field
    }
  }

  @inline(__always)
  private static func index(_ low: UInt64, _ high: UInt64, _ shift: UInt64) -> Int {
    Int(
      truncatingIfNeeded: ((low ^ high &* 0x9e37_79b9_7f4a_7c15) &* 0xd6e8_feb8_6659_fd93) >> shift)
  }

  /// The key whose bytes are `low` and, behind them, `high`, each with the first byte lowest.
  @inline(__always)
  func key(_ low: UInt64, _ high: UInt64) -> PlainKey {
    var index = Self.index(low, high, shift)
    while slots[index].low != 0 {
      if slots[index].low == low, slots[index].high == high { return slots[index].key }
      index = (index + 1) & (slots.count - 1)
    }
    return PlainKey()
  }
}
