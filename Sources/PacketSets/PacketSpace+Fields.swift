// Conditions on single fields, and what rewriting a field makes of a set.

extension PacketSpace {
  // MARK: Conditions

  public func value(_ field: Int, _ value: UInt128) -> PacketSet {
    interval(field, value...value)
  }

  public func interval(_ field: Int, _ interval: Interval) -> PacketSet {
    intervals(field, [interval])
  }

  /// Packets whose field lies in one of the intervals, which rise and do not touch.
  public func intervals(_ field: Int, _ intervals: [Interval]) -> PacketSet {
    guard !intervals.isEmpty else { return .empty }
    let base = diagram.base
    let end = maximum(field)
    var next: UInt128 = 0
    for interval in intervals {
      if interval.lowerBound > next { diagram.pushEdge(interval.lowerBound - 1, 0, base: base) }
      diagram.pushEdge(min(interval.upperBound, end), 1, base: base)
      if interval.upperBound >= end {
        return PacketSet(node: diagram.closeNode(UInt8(field), base: base))
      }
      next = interval.upperBound + 1
    }
    diagram.pushEdge(end, 0, base: base)
    return PacketSet(node: diagram.closeNode(UInt8(field), base: base))
  }

  /// Most intervals that one mask may fall into: a group bit of a MAC address makes 128.
  private static let maximumIntervals = 1 << 13

  /// Packets whose field has `value` in the bits of `mask`; nil where that falls into more
  /// intervals than a diagram should hold.
  public func masked(_ field: Int, _ value: UInt128, mask: UInt128) -> PacketSet? {
    let full = maximum(field)
    let mask = mask & full
    if mask == 0 { return .all }
    let low = mask.trailingZeroBitCount
    let free = (0..<widths[field]).filter { $0 > low && mask >> UInt128($0) & 1 == 0 }
    guard free.count < Self.maximumIntervals.trailingZeroBitCount else { return nil }
    let span: UInt128 = (1 << UInt128(low)) - 1
    let found = (0..<1 << free.count).map { choice -> Interval in
      var first = value & mask
      for (position, bit) in free.enumerated() where choice >> position & 1 == 1 {
        first |= 1 << UInt128(bit)
      }
      return first...first + span
    }
    return intervals(field, found)
  }

  // MARK: Forgetting and writing

  /// The set with these fields set free: bit n of `mask` is field n.
  public func forget(_ mask: UInt64, in set: PacketSet) -> PacketSet {
    PacketSet(node: diagram.forget(mask, set.node))
  }

  /// Every packet of the set with the field overwritten by some value of the intervals.
  public func assign(_ field: Int, _ intervals: [Interval], in set: PacketSet) -> PacketSet {
    and(forget(1 << UInt64(field), in: set), self.intervals(field, intervals))
  }

  /// Writes one value.
  public func assign(_ field: Int, _ value: UInt128, in set: PacketSet) -> PacketSet {
    assign(field, [value...value], in: set)
  }

  /// The set cut up by what the field's value means for all other fields: intervals, and the
  /// packets that go with them, the field set free.
  public func splits(_ field: Int, of set: PacketSet) -> [(Interval, PacketSet)] {
    var bounds: Set<UInt128> = []
    var seen: Set<Int32> = []
    collectBounds(UInt8(field), set.node, &seen, &bounds)
    let lasts = (bounds.union([maximum(field)])).sorted()
    var result: [(Interval, PacketSet)] = []
    var first: UInt128 = 0
    for last in lasts {
      let part = forget(1 << UInt64(field), in: and(set, interval(field, first...last)))
      if !part.isEmpty {
        if let previous = result.last, previous.1 == part, previous.0.upperBound + 1 == first {
          result[result.count - 1].0 = previous.0.lowerBound...last
        } else {
          result.append((first...last, part))
        }
      }
      first = last == .max ? last : last + 1
    }
    return result
  }

  private func collectBounds(
    _ field: UInt8, _ node: Int32, _ seen: inout Set<Int32>, _ bounds: inout Set<UInt128>
  ) {
    guard node > 1, diagram.field(node) <= field, seen.insert(node).inserted else { return }
    for edge in diagram.edges(node) {
      if diagram.field(node) == field {
        bounds.insert(diagram.lasts[edge])
      } else {
        collectBounds(field, diagram.children[edge], &seen, &bounds)
      }
    }
  }

  /// The most values that a partial write or a copy looks at one by one.
  private static let maximumValues: UInt128 = 4096

  /// Writes the bits of `mask` only. `isExact` is false where the field has so many values that
  /// its other bits were set free.
  public func assign(_ field: Int, _ value: UInt128, mask: UInt128, in set: PacketSet)
    -> (set: PacketSet, isExact: Bool)
  {
    let full = maximum(field)
    if mask & full == full { return (assign(field, value, in: set), true) }
    var result = PacketSet.empty
    for (values, rest) in splits(field, of: set) {
      guard values.upperBound - values.lowerBound < Self.maximumValues else {
        let bits = masked(field, value, mask: mask) ?? .all
        return (and(forget(1 << UInt64(field), in: set), bits), false)
      }
      for old in values {
        result = or(result, and(rest, self.value(field, old & ~mask | value & mask)))
      }
    }
    return (result, true)
  }

  /// Copies a field over another of at least its width. Exact once the first is overwritten
  /// too, or where it has single values.
  public func copy(_ from: Int, to: Int, in set: PacketSet) -> (set: PacketSet, isExact: Bool) {
    var result = PacketSet.empty
    var isExact = true
    for (values, rest) in splits(from, of: set) {
      isExact = isExact && values.lowerBound == values.upperBound
      let part = and(rest, interval(from, values))
      result = or(result, assign(to, [values], in: part))
    }
    return (result, isExact)
  }
}
