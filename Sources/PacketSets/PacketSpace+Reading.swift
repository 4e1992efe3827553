// What is in a set: the values of a field, one packet of it, its shape for people.

/// A box of packets: for each field that is asked at all, the intervals of its values.
public struct PacketBox: Hashable, Sendable {
  public var intervals: [Int: [Interval]]
}

extension PacketSpace {
  /// All values that the field has somewhere in the set.
  public func values(of field: Int, in set: PacketSet) -> [Interval] {
    if set.isEmpty { return [] }
    let others = UInt64.max & ~(1 << UInt64(field))
    let projected = forget(
      others & (widths.count == 64 ? .max : 1 << UInt64(widths.count) - 1), in: set)
    if projected == .all { return [0...maximum(field)] }
    return openEdges(projected.node).map(\.0)
  }

  /// The field's value where all packets of the set have the same.
  public func constant(of field: Int, in set: PacketSet) -> UInt128? {
    let found = values(of: field, in: set)
    guard found.count == 1, found[0].lowerBound == found[0].upperBound else { return nil }
    return found[0].lowerBound
  }

  /// Fields at the diagram's top that have one value only; cheap, and not all there are.
  public func leadingConstants(of set: PacketSet, _ note: (Int, UInt128) -> Void) {
    var node = set.node
    while node > 1 {
      let open = diagram.edges(node).filter { diagram.children[$0] != 0 }
      guard open.count == 1, let edge = open.first else { return }
      let first = edge == diagram.edges(node).lowerBound ? 0 : diagram.lasts[edge - 1] + 1
      guard first == diagram.lasts[edge] else { return }
      note(Int(diagram.field(node)), first)
      node = diagram.children[edge]
    }
  }

  private func openEdges(_ node: Int32) -> [(Interval, Int32)] {
    var first: UInt128 = 0
    var open: [(Interval, Int32)] = []
    for edge in diagram.edges(node) {
      if diagram.children[edge] != 0 {
        open.append((first...diagram.lasts[edge], diagram.children[edge]))
      }
      first = diagram.lasts[edge] == .max ? .max : diagram.lasts[edge] + 1
    }
    return open
  }

  public func contains(_ packet: [UInt128], in set: PacketSet) -> Bool {
    var node = set.node
    while node > 1 {
      let value = packet[Int(diagram.field(node))]
      guard let edge = diagram.edges(node).first(where: { value <= diagram.lasts[$0] }) else {
        return false
      }
      node = diagram.children[edge]
    }
    return node == 1
  }

  /// One packet of the set, a value a field; nil for the empty set. Takes a field's preferred
  /// values, first ones first, where the set has them.
  public func witness(of set: PacketSet, preferring wanted: [Int: [UInt128]] = [:]) -> [UInt128]? {
    if set.isEmpty { return nil }
    var packet = widths.indices.map { wanted[$0]?.first ?? 0 }
    var node = set.node
    while node > 1 {
      let field = Int(diagram.field(node))
      let open = openEdges(node)
      let liked = (wanted[field] ?? []).lazy.compactMap { value in
        open.first { $0.0.contains(value) }.map { (value, $0.1) }
      }.first
      guard let (value, next) = liked ?? open.first.map({ ($0.0.lowerBound, $0.1) }) else {
        return nil
      }
      packet[field] = value
      node = next
    }
    return packet
  }

  /// Disjoint boxes that make up the set, `limit` of them at most.
  public func boxes(of set: PacketSet, limit: Int) -> [PacketBox] {
    var found: [PacketBox] = []
    collectBoxes(set.node, PacketBox(intervals: [:]), &found, limit: limit)
    return found
  }

  private func collectBoxes(
    _ node: Int32, _ box: PacketBox, _ found: inout [PacketBox], limit: Int
  ) {
    if node == 0 || found.count >= limit { return }
    if node == 1 {
      found.append(box)
      return
    }
    var order: [Int32] = []
    var grouped: [Int32: [Interval]] = [:]
    for (interval, child) in openEdges(node) {
      if grouped[child] == nil { order.append(child) }
      grouped[child, default: []].append(interval)
    }
    for child in order {
      var inner = box
      inner.intervals[Int(diagram.field(node))] = grouped[child]
      collectBoxes(child, inner, &found, limit: limit)
    }
  }
}
