// One flow table, indexed for lookups: a subtable for each set of masks, a hash table in each.
import Facts

/// Tuple space search, as OVS's classifier does it, so that a lookup costs one hash for each
/// distinct mask and stops at the first subtable that cannot win any more.
struct FlowTable: Sendable {
  let entries: [FlowEntry]
  let matches: [CompiledMatch]
  /// Nil for flows that are not part of a conjunction.
  let conjunctions: [ConjunctionSet?]
  /// By falling highest priority.
  let subtables: [FlowSubtable]

  init(_ entries: [FlowEntry]) {
    self.entries = entries
    matches = entries.map { CompiledMatch($0.match) }
    conjunctions = entries.map { ConjunctionSet($0.actions) }
    var byMask: [MaskKey: [Int]] = [:]
    for (index, match) in matches.enumerated() {
      byMask[MaskKey(indices: match.indices, masks: match.masks), default: []].append(index)
    }
    var subtables: [FlowSubtable] = []
    for (key, members) in byMask {
      subtables.append(
        FlowSubtable(
          indices: key.indices, masks: key.masks, members: members, entries: entries,
          matches: matches))
    }
    self.subtables = subtables.sorted {
      ($0.maximumPriority, $1.firstMember) > ($1.maximumPriority, $0.firstMember)
    }
  }

  private struct MaskKey: Hashable {
    let indices: [UInt8]
    let masks: [UInt64]
  }
}

/// The flows of a table that look at the same bits.
struct FlowSubtable: Sendable {
  let indices: [UInt8]
  let masks: [UInt64]
  let maximumPriority: UInt16
  let firstMember: Int
  /// Open addressing; -1 is free. Each value's flow of the highest priority.
  private var slots: [Int32]
  private let slotMask: Int
  /// Values of the slot's flow, one row of `indices.count` words a slot.
  private var slotValues: [UInt64]
  /// The next lower flow of the same value, by position in the table.
  private var lower: [Int32: Int32] = [:]

  init(
    indices: [UInt8], masks: [UInt64], members: [Int], entries: [FlowEntry],
    matches: [CompiledMatch]
  ) {
    self.indices = indices
    self.masks = masks
    maximumPriority = members.map { entries[$0].priority }.max() ?? 0
    firstMember = members.first ?? 0
    var capacity = 4
    while capacity < members.count * 2 { capacity *= 2 }
    slotMask = capacity - 1
    slots = Array(repeating: -1, count: capacity)
    slotValues = Array(repeating: 0, count: capacity * indices.count)
    let ordered = members.sorted {
      (entries[$1].priority, $0) < (entries[$0].priority, $1)
    }
    var tails: [Int32: Int32] = [:]
    for member in ordered {
      insert(Int32(member), values: matches[member].values, tails: &tails)
    }
  }

  private mutating func insert(
    _ member: Int32, values: [UInt64], tails: inout [Int32: Int32]
  ) {
    var hash: UInt64 = 0
    for value in values { hash = Self.mix(hash, value) }
    var slot = Self.slot(hash, slotMask)
    while slots[slot] >= 0 {
      if row(slot).elementsEqual(values) {
        let head = slots[slot]
        lower[tails[head] ?? head] = member
        tails[head] = member
        return
      }
      slot = (slot + 1) & slotMask
    }
    slots[slot] = member
    slotValues.replaceSubrange(slot * indices.count..<(slot + 1) * indices.count, with: values)
  }

  private func row(_ slot: Int) -> ArraySlice<UInt64> {
    slotValues[slot * indices.count..<(slot + 1) * indices.count]
  }

  /// The flow of the highest priority whose value the key has; -1 for none.
  func find(_ key: borrowing FlowKey) -> Int32 {
    var hash: UInt64 = 0
    for position in indices.indices {
      hash = Self.mix(hash, key.words[Int(indices[position])] & masks[position])
    }
    var slot = Self.slot(hash, slotMask)
    while slots[slot] >= 0 {
      if hasValues(slot, key) { return slots[slot] }
      slot = (slot + 1) & slotMask
    }
    return -1
  }

  /// The next lower flow with the same value; -1 for none.
  func next(after member: Int32) -> Int32 { lower.isEmpty ? -1 : lower[member] ?? -1 }

  private func hasValues(_ slot: Int, _ key: borrowing FlowKey) -> Bool {
    let base = slot * indices.count
    for position in indices.indices
    where key.words[Int(indices[position])] & masks[position] != slotValues[base + position] {
      return false
    }
    return true
  }

  @inline(__always)
  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word &+ 0x517c_c1b7_2722_0a95)
      .multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low
  }
  @inline(__always)
  private static func slot(_ hash: UInt64, _ mask: Int) -> Int {
    Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
  }
}
