// Which subtables of a table a packet can meet, by some bits of its key that many of them ask for in full:
// in Neutron's tables the port's register.

/// For each value of some bits of one word: the subtables that have flows with it.
///
/// A lookup leaves out what no filter lets through: in those subtables no flow can match.
struct SubtableFilter: Sendable {
  let word: Int
  let mask: UInt64
  /// Of `SubtableWords.filters`: the set of a value that no flow asks for, then rows of a value, whether
  /// the row is taken, and the value's set.
  let first: Int
  /// Words of a set of subtables, the first subtable lowest.
  let setWords: Int
  /// One less than the number of rows, which is a power of two.
  let rowMask: Int

  private var firstRow: Int { first + setWords }
  private var rowLength: Int { 2 + setWords }

  /// `members` are the subtables that ask for all of the bits, with what their flows ask for.
  init(
    word: Int, mask: UInt64, subtables: Int, members: [(subtable: Int, values: [UInt64])],
    words: inout [UInt64]
  ) {
    var others = Array(repeating: UInt64(0), count: (subtables + 63) / 64)
    let asking = Set(members.map(\.subtable))
    for subtable in 0..<subtables where !asking.contains(subtable) {
      others[subtable / 64] |= 1 << UInt64(subtable % 64)
    }
    var sets: [UInt64: [UInt64]] = [:]
    for (subtable, values) in members {
      for value in values {
        sets[value, default: others][subtable / 64] |= 1 << UInt64(subtable % 64)
      }
    }
    var capacity = 4
    while capacity < sets.count * 2 { capacity *= 2 }
    self.word = word
    self.mask = mask
    setWords = others.count
    first = words.count
    rowMask = capacity - 1
    words += others
    words += repeatElement(0, count: capacity * (2 + others.count))
    for (value, set) in sets { insert(value, set, &words) }
  }

  private func insert(_ value: UInt64, _ set: [UInt64], _ words: inout [UInt64]) {
    var place = SubtableWords.place(SubtableWords.mix(0, value), rowMask)
    while words[firstRow + place * rowLength + 1] != 0 { place = (place + 1) & rowMask }
    let row = firstRow + place * rowLength
    words[row] = value
    words[row + 1] = 1
    words.replaceSubrange(row + 2..<row + 2 + setWords, with: set)
  }

  /// Where the set of the subtables that a key can meet begins in `words`.
  @inline(__always)
  func set(_ key: inout FlowKey, _ words: [UInt64]) -> Int {
    let value = key.words[word] & mask
    var place = SubtableWords.place(SubtableWords.mix(0, value), rowMask)
    while true {
      let row = firstRow + place * rowLength
      if words[row + 1] == 0 { return first }
      if words[row] == value { return row + 2 }
      place = (place + 1) & rowMask
    }
  }
}
