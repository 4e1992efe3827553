// Intersection, union, difference.

extension PacketSpace {
  public func and(_ a: PacketSet, _ b: PacketSet) -> PacketSet {
    PacketSet(node: diagram.apply(.and, a.node, b.node))
  }
  public func or(_ a: PacketSet, _ b: PacketSet) -> PacketSet {
    PacketSet(node: diagram.apply(.or, a.node, b.node))
  }
  /// What is in `a` and not in `b`.
  public func minus(_ a: PacketSet, _ b: PacketSet) -> PacketSet {
    PacketSet(node: diagram.apply(.minus, a.node, b.node))
  }
  public func complement(_ a: PacketSet) -> PacketSet { minus(.all, a) }
  public func isSubset(_ a: PacketSet, of b: PacketSet) -> Bool { minus(a, b).isEmpty }
  /// By halves, so that many small sets are not each joined to a large one.
  public func union(_ sets: some Sequence<PacketSet>) -> PacketSet {
    var level = Array(sets)
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: 2).map { first in
        first + 1 < level.count ? or(level[first], level[first + 1]) : level[first]
      }
    }
    return level.first ?? .empty
  }
}
