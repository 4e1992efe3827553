// What a flow table matches on: a packet's headers and OVS's metadata in fixed 64-bit words.

/// Everything that a match can ask about, laid out so that a masked comparison is a loop over words.
///
/// Fields that `struct flow` of OVS shares share a slot here too: an ARP packet's operation lives
/// in the IP protocol's place, ICMP's type in the source port's, an ND option's MAC in ARP's.
struct FlowKey: Sendable {
  static let wordCount = 46
  var words = InlineArray<46, UInt64>(repeating: 0)

  init() {}

  @inline(__always)
  subscript(slot: KeySlot) -> UInt64 {
    get { words[Int(slot.word)] >> UInt64(slot.shift) & slot.ones }
    set {
      let mask = slot.ones << UInt64(slot.shift)
      words[Int(slot.word)] =
        words[Int(slot.word)] & ~mask | newValue << UInt64(slot.shift) & mask
    }
  }

  /// A slot of up to 128 bits; wide ones lie in two words, the high one first.
  subscript(wide slot: KeySlot) -> UInt128 {
    get {
      slot.isWide
        ? UInt128(words[Int(slot.word)]) << 64 | UInt128(words[Int(slot.word) + 1])
        : UInt128(self[slot])
    }
    set {
      if slot.isWide {
        words[Int(slot.word)] = UInt64(truncatingIfNeeded: newValue >> 64)
        words[Int(slot.word) + 1] = UInt64(truncatingIfNeeded: newValue)
      } else {
        self[slot] = UInt64(truncatingIfNeeded: newValue)
      }
    }
  }

  mutating func clear(words range: Range<Int>) {
    for index in range { words[index] = 0 }
  }
}

extension FlowKey: Hashable {
  static func == (a: FlowKey, b: FlowKey) -> Bool {
    // Through spans: subscripts of an inline array copy all of it.
    let one = a.words.span
    let other = b.words.span
    for index in 0..<wordCount where one[index] != other[index] { return false }
    return true
  }
  func hash(into hasher: inout Hasher) {
    for index in 0..<Self.wordCount { hasher.combine(words[index]) }
  }
}

/// The place of a field in a key.
struct KeySlot: Hashable, Sendable {
  let word: UInt8
  let shift: UInt8
  /// 1...64, or 128 for two words.
  let width: UInt8

  init(_ word: UInt8, _ shift: UInt8, _ width: UInt8) {
    self.word = word
    self.shift = shift
    self.width = width
  }
  var isWide: Bool { width == 128 }
  @inline(__always)
  var ones: UInt64 { width >= 64 ? .max : 1 << UInt64(width) - 1 }
}

extension KeySlot {
  static let metadata = KeySlot(0, 0, 64)
  static let tunnelID = KeySlot(1, 0, 64)
  static let tunnelSource = KeySlot(2, 32, 32)
  static let tunnelDestination = KeySlot(2, 0, 32)
  static let tunnelSource6 = KeySlot(3, 0, 128)
  static let tunnelDestination6 = KeySlot(5, 0, 128)
  static let tunnelFlags = KeySlot(7, 48, 16)
  static let tunnelTOS = KeySlot(7, 40, 8)
  static let tunnelTTL = KeySlot(7, 32, 8)
  static let tunnelGBPID = KeySlot(7, 16, 16)
  static let tunnelGBPFlags = KeySlot(7, 8, 8)
  /// All of a tunnel's words.
  static let tunnelWords = 1..<8

  static let registerWords = 8..<16
  /// `reg0`...`reg15`; even ones are the high halves, so that xregs and xxregs are whole words.
  static func register(_ index: Int) -> KeySlot {
    KeySlot(UInt8(8 + index / 2), index % 2 == 0 ? 32 : 0, 32)
  }

  /// In OVS's 16-bit numbering.
  static let inPort = KeySlot(16, 32, 32)
  static let actionSetOutput = KeySlot(16, 0, 32)
  static let packetMark = KeySlot(17, 32, 32)
  static let queuePriority = KeySlot(17, 0, 32)
  static let conjunctionID = KeySlot(18, 32, 32)
  static let packetType = KeySlot(18, 0, 32)
  static let datapathHash = KeySlot(19, 32, 32)

  static let ctMark = KeySlot(19, 0, 32)
  static let ctState = KeySlot(20, 32, 32)
  static let ctZone = KeySlot(20, 16, 16)
  static let ctProtocol = KeySlot(20, 8, 8)
  static let ctLabel = KeySlot(21, 0, 128)
  static let ctSource = KeySlot(23, 32, 32)
  static let ctDestination = KeySlot(23, 0, 32)
  static let ctSource6 = KeySlot(24, 0, 128)
  static let ctDestination6 = KeySlot(26, 0, 128)
  static let ctSourcePort = KeySlot(28, 48, 16)
  static let ctDestinationPort = KeySlot(28, 32, 16)

  static let ethDestination = KeySlot(29, 16, 48)
  static let etherType = KeySlot(29, 0, 16)
  static let ethSource = KeySlot(30, 16, 48)
  static let outerTPID = KeySlot(31, 48, 16)
  /// Priority, present bit, id.
  static let outerTCI = KeySlot(31, 32, 16)
  static let innerTPID = KeySlot(31, 16, 16)
  static let innerTCI = KeySlot(31, 0, 16)
  static let vlanWord = 31
  static let mplsLabelStackEntry = KeySlot(32, 32, 32)

  static let source = KeySlot(33, 32, 32)
  static let destination = KeySlot(33, 0, 32)
  static let source6 = KeySlot(34, 0, 128)
  static let destination6 = KeySlot(36, 0, 128)
  static let flowLabel = KeySlot(38, 32, 20)
  static let fragment = KeySlot(38, 24, 8)
  static let tos = KeySlot(38, 16, 8)
  static let ttl = KeySlot(38, 8, 8)
  static let ipProtocol = KeySlot(38, 0, 8)
  static let sourcePort = KeySlot(39, 48, 16)
  static let destinationPort = KeySlot(39, 32, 16)
  static let tcpFlags = KeySlot(39, 16, 16)
  static let ndTarget = KeySlot(40, 0, 128)
  static let arpSHA = KeySlot(42, 16, 48)
  static let arpTHA = KeySlot(43, 16, 48)
  static let ndOptionsType = KeySlot(43, 0, 8)
  static let ndReserved = KeySlot(44, 32, 32)
}

/// Bits of `KeySlot.fragment`.
enum FragmentBits {
  static let any: UInt64 = 1
  static let later: UInt64 = 2
}

/// The bit of a TCI that says that the tag is there.
let vlanPresent: UInt64 = 0x1000

/// Bits of `ct_state`.
public struct ConntrackState: OptionSet, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public static let new = ConntrackState(rawValue: 0x01)
  public static let established = ConntrackState(rawValue: 0x02)
  public static let related = ConntrackState(rawValue: 0x04)
  public static let reply = ConntrackState(rawValue: 0x08)
  public static let invalid = ConntrackState(rawValue: 0x10)
  public static let tracked = ConntrackState(rawValue: 0x20)
  public static let sourceNAT = ConntrackState(rawValue: 0x40)
  public static let destinationNAT = ConntrackState(rawValue: 0x80)

  static let names = ["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"]

  /// Takes one of `new`, `est`, `rel`, `rpl`, `inv`, `trk`, `snat`, `dnat`; nil for all else.
  public init?(name: some StringProtocol) {
    guard let bit = Self.names.firstIndex(where: { $0 == name }) else { return nil }
    rawValue = 1 << UInt32(bit)
  }
  /// `new|trk`, in the order in which OVS prints them.
  public var description: String {
    Self.names.indices.filter { rawValue >> UInt32($0) & 1 == 1 }.map { Self.names[$0] }
      .joined(separator: "|")
  }
}
