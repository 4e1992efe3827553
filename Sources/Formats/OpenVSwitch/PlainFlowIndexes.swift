// What many flows of a dump have in common, found again without allocating anything: shapes of matches
// by their fields and masks, lists of actions by their text. Feeds PlainFlowReader.
import Facts

/// Shapes by what they are made of, without a set or a String in between.
struct ShapeIndex {
  /// Of all shapes, one behind the other.
  var fields: [(field: UInt8, mask: UInt128)] = []
  private var rangeByNumber: [Range<Int>] = []
  /// Number plus 1; 0 is free.
  private var slots: [(hash: UInt64, number: UInt32)] = Array(repeating: (0, 0), count: 256)
  private var count = 0

  @inline(__always)
  static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word &+ 0x517c_c1b7_2722_0a95)
      .multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low
  }

  func place(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (slots.count - 1) }

  /// The next shape with that hash; `place` moves on behind it.
  func candidate(at place: inout Int, _ hash: UInt64) -> UInt32? {
    while slots[place].number != 0 {
      let slot = slots[place]
      place = (place + 1) & (slots.count - 1)
      if slot.hash == hash { return slot.number - 1 }
    }
    return nil
  }

  func parts(of number: UInt32) -> Range<Int> { rangeByNumber[Int(number)] }

  mutating func add(_ shape: MatchShape, _ number: UInt32, _ hash: UInt64) {
    if count * 2 >= slots.count { grow() }
    let start = fields.count
    fields += zip(shape.fields, shape.masks).map { ($0.rawValue, $1) }
    while rangeByNumber.count <= Int(number) { rangeByNumber.append(0..<0) }
    rangeByNumber[Int(number)] = start..<fields.count
    insert((hash, number + 1))
    count += 1
  }
  private mutating func grow() {
    let old = slots
    slots = Array(repeating: (0, 0), count: old.count * 2)
    for slot in old where slot.number != 0 { insert(slot) }
  }
  private mutating func insert(_ slot: (hash: UInt64, number: UInt32)) {
    var place = place(of: slot.hash)
    while slots[place].number != 0 { place = (place + 1) & (slots.count - 1) }
    slots[place] = slot
  }
}

/// Lists of actions by their text: each text is read once.
struct ActionIndex {
  private struct Slot {
    var hash: UInt64 = 0
    var start: Int32 = 0
    /// 0 is free.
    var length: Int32 = 0
    /// `.max` where something in the text was not understood: its remarks belong to every line.
    var number: UInt32 = 0
  }
  private var slots: [Slot] = Array(repeating: Slot(), count: 1024)
  private var count = 0

  /// The number of the actions that a range spells; nil where not all of them were understood.
  mutating func number(
    _ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>, _ text: CaptureText,
    _ names: SwitchNames, _ flows: inout FlowList
  ) -> UInt32? {
    guard !range.isEmpty else { return nil }
    let hash = Self.hash(bytes, range)
    var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[place].length != 0 {
      let slot = slots[place]
      if slot.hash == hash, Int(slot.length) == range.count,
        Self.areEqual(bytes, Int(slot.start), range)
      {
        return slot.number == .max ? nil : slot.number
      }
      place = (place + 1) & (slots.count - 1)
    }
    var reader = FlowReader(text.bytes, range, names: names)
    let actions = reader.actions()
    let number = reader.problems.isEmpty ? flows.number(actions) : .max
    add(
      Slot(
        hash: hash, start: Int32(truncatingIfNeeded: range.lowerBound),
        length: Int32(truncatingIfNeeded: range.count), number: number))
    return number == .max ? nil : number
  }

  private mutating func add(_ slot: Slot) {
    if count * 2 >= slots.count {
      let old = slots
      slots = Array(repeating: Slot(), count: old.count * 2)
      for slot in old where slot.length != 0 { insert(slot) }
    }
    insert(slot)
    count += 1
  }
  private mutating func insert(_ slot: Slot) {
    var place = Int(truncatingIfNeeded: slot.hash) & (slots.count - 1)
    while slots[place].length != 0 { place = (place + 1) & (slots.count - 1) }
    slots[place] = slot
  }

  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> UInt64 {
    var hash = UInt64(range.count)
    let raw = UnsafeRawBufferPointer(bytes)
    var index = range.lowerBound
    while index + 8 <= range.upperBound {
      hash = ShapeIndex.mix(hash, raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var rest: UInt64 = 0
    while index < range.upperBound {
      rest = rest << 8 | UInt64(bytes[index])
      index += 1
    }
    return ShapeIndex.mix(hash, rest)
  }

  private static func areEqual(
    _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ range: Range<Int>
  ) -> Bool {
    let raw = UnsafeRawBufferPointer(bytes)
    var offset = 0
    while offset + 8 <= range.count {
      let one = raw.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self)
      let other = raw.loadUnaligned(
        fromByteOffset: range.lowerBound + offset, as: UInt64.self)
      if one != other { return false }
      offset += 8
    }
    while offset < range.count {
      if bytes[start + offset] != bytes[range.lowerBound + offset] { return false }
      offset += 1
    }
    return true
  }
}
