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
  /// `.max` where something in the text was not understood: its remarks belong to every line.
  private var numbers = SpellingIndex(capacity: 1024)

  /// The number of the actions that a range spells; nil where not all of them were understood.
  mutating func number(
    _ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>, _ text: CaptureText,
    _ names: SwitchNames, _ flows: inout FlowList
  ) -> UInt32? {
    guard !range.isEmpty else { return nil }
    let hash = SpellingIndex.hash(bytes, range)
    if let number = numbers.number(range, hash: hash, bytes) {
      return number == .max ? nil : number
    }
    var reader = FlowReader(text.bytes, range, names: names)
    let actions = reader.actions()
    let number = reader.problems.isEmpty ? flows.number(actions) : .max
    numbers.add(range, hash: hash, number)
    return number == .max ? nil : number
  }
}
