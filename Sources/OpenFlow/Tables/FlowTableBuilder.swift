// Makes a table's subtables and filters out of the columns of a bridge's flows.
import Facts

struct FlowTableBuilder {
  /// So many filters at most: each costs a lookup a hash, and after three little is left to leave out.
  private static let maximumFilters = 3
  /// Subtables that a filter must leave out on average.
  private static let leastGain = 2.0
  /// Values of a filter that are tried before it is made.
  private static let triedValues = 32

  private let list: FlowList
  private let rows: [Int32]
  private let priorities: [UInt16]
  private(set) var conjunctionNumbers: [Int32] = []
  private(set) var conjunctionSets: [ConjunctionSet] = []
  private(set) var unmodelled: [Int32: [String]] = [:]
  private(set) var subtables: [FlowSubtable] = []
  private(set) var words = SubtableWords()
  private(set) var filters: [SubtableFilter] = []

  /// The flows with the same masks.
  private struct Group {
    var indices: [UInt8]
    var masks: [UInt64]
    var members: [Int32] = []
    /// One row of `indices.count` words a member.
    var values: [UInt64] = []
    var maximumPriority: UInt16 = 0

    /// Where a value of this word under all of `mask` stands in each row; nil where not all is asked for.
    func place(of word: UInt8, _ mask: UInt64) -> Int? {
      guard let place = indices.firstIndex(of: word), masks[place] & mask == mask else {
        return nil
      }
      return place
    }
  }
  private struct MaskKey: Hashable {
    let indices: [UInt8]
    let masks: [UInt64]
  }

  init(_ list: FlowList, _ rows: [Int32], _ priorities: [UInt16]) {
    self.list = list
    self.rows = rows
    self.priorities = priorities
  }

  mutating func build() {
    findConjunctions()
    var groups = groups()
    groups.sort {
      ($0.maximumPriority, $1.members.first ?? 0) > ($1.maximumPriority, $0.members.first ?? 0)
    }
    for group in groups { add(group) }
    if !words.lower.contains(where: { $0 >= 0 }) { words.lower = [] }
    addFilters(groups)
  }

  private mutating func findConjunctions() {
    // One number a list of actions.
    var numbers: [Int: Int32] = [:]
    for (position, row) in rows.enumerated() {
      let list = self.list.actionIndex(at: Int(row))
      let number = numbers[list] ?? self.number(self.list.actionLists[list])
      numbers[list] = number
      guard number >= 0 else { continue }
      if conjunctionNumbers.isEmpty {
        conjunctionNumbers = Array(repeating: -1, count: rows.count)
      }
      conjunctionNumbers[position] = number
    }
  }
  private mutating func number(_ actions: [FlowAction]) -> Int32 {
    guard let set = ConjunctionSet(actions) else { return -1 }
    conjunctionSets.append(set)
    return Int32(conjunctionSets.count - 1)
  }

  // MARK: Subtables

  private mutating func groups() -> [Group] {
    var shapes: [Int: CompiledShape] = [:]
    var groupOfMask: [MaskKey: Int] = [:]
    var groupOfShape: [Int: Int] = [:]
    var groups: [Group] = []
    for (position, row) in rows.enumerated() {
      let number = list.shapeIndex(at: Int(row))
      let shape = shapes[number] ?? CompiledShape(list.shapes[number])
      shapes[number] = shape
      let key = MaskKey(indices: shape.indices, masks: shape.masks)
      let group = groupOfShape[number] ?? groupOfMask[key] ?? groups.count
      if group == groups.count { groups.append(Group(indices: key.indices, masks: key.masks)) }
      (groupOfShape[number], groupOfMask[key]) = (group, group)
      groups[group].members.append(Int32(position))
      shape.append(list.values(at: Int(row)), to: &groups[group].values)
      groups[group].maximumPriority = max(groups[group].maximumPriority, priorities[position])
      noteUnmodelled(position, row, shape)
    }
    return groups
  }

  private mutating func noteUnmodelled(_ position: Int, _ row: Int32, _ shape: CompiledShape) {
    let rare = list.rows[Int(row)].rare
    let others = rare == 0 ? [] : list.rare[Int(rare) - 1].unrecognisedMatches.map(\.key)
    guard !shape.unmodelled.isEmpty || !others.isEmpty else { return }
    unmodelled[Int32(position)] = shape.unmodelled + others
  }

  private mutating func add(_ group: Group) {
    var capacity = 4
    while capacity < group.members.count * 2 { capacity *= 2 }
    let subtable = FlowSubtable(
      firstMask: Int32(words.masks.count), maskCount: Int32(group.masks.count),
      firstRow: Int32(words.rows.count), rowMask: Int32(capacity - 1),
      maximumPriority: Int32(group.maximumPriority))
    words.indices += group.indices
    words.masks += group.masks
    words.rows += repeatElement(0, count: capacity * (group.masks.count + 1))
    if words.lower.isEmpty { words.lower = Array(repeating: -1, count: rows.count) }
    let order = group.members.indices.sorted {
      (priorities[Int(group.members[$1])], $0) < (priorities[Int(group.members[$0])], $1)
    }
    var tails: [Int32: Int32] = [:]
    for index in order { insert(group, index, subtable, &tails) }
    subtables.append(subtable)
  }

  private mutating func insert(
    _ group: Group, _ index: Int, _ subtable: FlowSubtable, _ tails: inout [Int32: Int32]
  ) {
    let count = group.masks.count
    let values = group.values[index * count..<(index + 1) * count]
    var hash: UInt64 = 0
    for value in values { hash = SubtableWords.mix(hash, value) }
    var place = SubtableWords.place(hash, Int(subtable.rowMask))
    while true {
      let row = Int(subtable.firstRow) + place * (count + 1)
      if words.rows[row] == 0 {
        words.rows[row] = UInt64(group.members[index]) + 1
        words.rows.replaceSubrange(row + 1..<row + 1 + count, with: values)
        return
      }
      if words.rows[row + 1..<row + 1 + count].elementsEqual(values) {
        let head = Int32(truncatingIfNeeded: words.rows[row]) - 1
        words.lower[Int(tails[head] ?? head)] = group.members[index]
        tails[head] = group.members[index]
        return
      }
      place = (place + 1) & Int(subtable.rowMask)
    }
  }

  // MARK: Filters

  private struct Bits: Hashable {
    let word: UInt8
    let mask: UInt64
  }

  /// Those that leave out most, one a word.
  private mutating func addFilters(_ groups: [Group]) {
    guard groups.count > 2 else { return }
    var candidates: Set<Bits> = []
    for group in groups {
      for (word, mask) in zip(group.indices, group.masks) {
        candidates.insert(Bits(word: word, mask: mask))
      }
    }
    let gains = candidates.map { (bits: $0, gain: gain($0, groups)) }.sorted {
      ($0.gain, $1.bits.word, $1.bits.mask) > ($1.gain, $0.bits.word, $0.bits.mask)
    }
    for (bits, gain) in gains where gain >= Self.leastGain {
      guard filters.count < Self.maximumFilters,
        !filters.contains(where: { $0.word == Int(bits.word) })
      else { continue }
      filters.append(filter(bits, groups))
    }
  }

  /// How many subtables have no flow with a value that some have, on average.
  private func gain(_ bits: Bits, _ groups: [Group]) -> Double {
    let asking = groups.compactMap { group in
      group.place(of: bits.word, bits.mask).map { (group: group, place: $0) }
    }
    guard Double(asking.count) > Self.leastGain else { return 0 }
    var values: Set<UInt64> = []
    for (group, place) in asking {
      let step = max(1, group.members.count * asking.count / Self.triedValues)
      for member in stride(from: 0, to: group.members.count, by: step) {
        values.insert(group.values[member * group.masks.count + place] & bits.mask)
      }
    }
    guard values.count > 1 else { return 0 }
    var having = 0
    for (group, place) in asking {
      var seen: Set<UInt64> = []
      for member in group.members.indices {
        let value = group.values[member * group.masks.count + place] & bits.mask
        if values.contains(value) { seen.insert(value) }
        if seen.count == values.count { break }
      }
      having += seen.count
    }
    return Double(asking.count) - Double(having) / Double(values.count)
  }

  private mutating func filter(_ bits: Bits, _ groups: [Group]) -> SubtableFilter {
    var members: [(subtable: Int, values: [UInt64])] = []
    for (index, group) in groups.enumerated() {
      guard let place = group.place(of: bits.word, bits.mask) else { continue }
      let values = group.members.indices.map {
        group.values[$0 * group.masks.count + place] & bits.mask
      }
      members.append((index, values))
    }
    return SubtableFilter(
      word: Int(bits.word), mask: bits.mask, subtables: groups.count, members: members,
      words: &words.filters)
  }
}

/// A shape of matches as words of a key.
struct CompiledShape {
  /// Of words with a nonzero mask, rising.
  private(set) var indices: [UInt8] = []
  private(set) var masks: [UInt64] = []
  private(set) var unmodelled: [String] = []
  /// Where a field's value goes; nil for one that is not modelled.
  private var slots: [(slot: KeySlot?, wordCount: Int)] = []

  init(_ shape: MatchShape) {
    var mask = FlowKey()
    for (field, bits) in zip(shape.fields, shape.masks) {
      slots.append((field.slot, field.wordCount))
      if let slot = field.slot { mask[wide: slot] |= bits } else { unmodelled.append(field.name) }
    }
    for index in 0..<FlowKey.wordCount where mask.words[index] != 0 {
      indices.append(UInt8(index))
      masks.append(mask.words[index])
    }
  }

  /// Adds the values of a match as words of a key, one for each of `indices`.
  func append(_ values: ArraySlice<UInt64>, to words: inout [UInt64]) {
    var key = FlowKey()
    var position = values.startIndex
    for (slot, wordCount) in slots {
      var value = UInt128(values[position])
      if wordCount == 2 { value = value << 64 | UInt128(values[position + 1]) }
      position += wordCount
      if let slot { key[wide: slot] |= value }
    }
    for (index, mask) in zip(indices, masks) { words.append(key.words[Int(index)] & mask) }
  }
}
