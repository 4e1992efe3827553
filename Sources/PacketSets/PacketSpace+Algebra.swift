// Intersection, union, difference: two diagrams walked side by side.

extension PacketSpace {
  private enum Operation: UInt64 { case and, or, minus }

  public func and(_ a: PacketSet, _ b: PacketSet) -> PacketSet {
    PacketSet(node: apply(.and, a.node, b.node))
  }
  public func or(_ a: PacketSet, _ b: PacketSet) -> PacketSet {
    PacketSet(node: apply(.or, a.node, b.node))
  }
  /// What is in `a` and not in `b`.
  public func minus(_ a: PacketSet, _ b: PacketSet) -> PacketSet {
    PacketSet(node: apply(.minus, a.node, b.node))
  }
  public func complement(_ a: PacketSet) -> PacketSet { minus(.all, a) }
  public func isSubset(_ a: PacketSet, of b: PacketSet) -> Bool { minus(a, b).isEmpty }
  public func union(_ sets: some Sequence<PacketSet>) -> PacketSet {
    sets.reduce(.empty) { or($0, $1) }
  }

  private func settled(_ operation: Operation, _ a: Int32, _ b: Int32) -> Int32? {
    switch operation {
    case .and:
      if a == 0 || b == 0 { return 0 }
      if a == 1 || a == b { return b }
      return b == 1 ? a : nil
    case .or:
      if a == 1 || b == 1 { return 1 }
      if a == 0 || a == b { return b }
      return b == 0 ? a : nil
    case .minus:
      if a == 0 || b == 1 || a == b { return 0 }
      return b == 0 ? a : nil
    }
  }

  private func apply(_ operation: Operation, _ x: Int32, _ y: Int32) -> Int32 {
    var (a, b) = (x, y)
    if operation != .minus, a > b { swap(&a, &b) }
    if let known = settled(operation, a, b) { return known }
    let key = UInt64(UInt32(bitPattern: a)) << 32 | UInt64(UInt32(bitPattern: b))
    if let known = cache.find(operation.rawValue, key) { return known }
    let result = combine(operation, a, b)
    cache.store(operation.rawValue, key, result)
    return result
  }

  private func combine(_ operation: Operation, _ a: Int32, _ b: Int32) -> Int32 {
    let field = min(fields[Int(a)], fields[Int(b)])
    let base = scratchChildren.count
    let edgesA = fields[Int(a)] == field ? edges(a) : 0..<0
    let edgesB = fields[Int(b)] == field ? edges(b) : 0..<0
    var (i, j) = (edgesA.lowerBound, edgesB.lowerBound)
    // A diagram that does not ask this field is one edge over all its values.
    let end = maximum(Int(field))
    while true {
      let lastA = edgesA.isEmpty ? end : lasts[i]
      let lastB = edgesB.isEmpty ? end : lasts[j]
      let child = apply(
        operation, edgesA.isEmpty ? a : children[i], edgesB.isEmpty ? b : children[j])
      let last = min(lastA, lastB)
      pushEdge(last, child, base: base)
      if last == end { break }
      if lastA == last { i += 1 }
      if lastB == last { j += 1 }
    }
    return closeNode(field, base: base)
  }
}
