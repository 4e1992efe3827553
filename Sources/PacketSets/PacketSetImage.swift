// Sets of one space on their way into another, which may be another thread's.

/// Some sets of a space, apart from it.
public struct PacketSetImage: Sendable {
  private struct Node {
    let field: UInt8
    let edges: Range<Int>
  }
  private let widths: [Int]
  /// Children before parents; a child is a place in this list behind the two terminals.
  private var nodes: [Node] = []
  private var lasts: [UInt128] = []
  private var children: [Int32] = []
  private var sets: [Int32] = []

  public init(of sets: [PacketSet], in space: PacketSpace) {
    widths = space.widths
    var known: [Int32: Int32] = [0: 0, 1: 1]
    self.sets = sets.map { add($0.node, space.diagram, &known) }
  }

  private mutating func add(
    _ node: Int32, _ diagram: borrowing Diagram, _ known: inout [Int32: Int32]
  ) -> Int32 {
    if let number = known[node] { return number }
    let edges = diagram.edges(node)
    let children = edges.map { add(diagram.children[$0], diagram, &known) }
    let first = lasts.count
    lasts += diagram.lasts[edges]
    self.children += children
    nodes.append(Node(field: diagram.field(node), edges: first..<lasts.count))
    let number = Int32(nodes.count + 1)
    known[node] = number
    return number
  }

  /// The sets, in the order in which they were given, as sets of a space of the same fields.
  public func sets(in space: PacketSpace) -> [PacketSet] {
    precondition(space.widths == widths)
    var made: [Int32] = [0, 1]
    for node in nodes {
      let base = space.diagram.base
      for edge in node.edges {
        space.diagram.pushEdge(lasts[edge], made[Int(children[edge])], base: base)
      }
      made.append(space.diagram.closeNode(node.field, base: base))
    }
    return sets.map { PacketSet(node: made[Int($0)]) }
  }
}
