// Sets of packets as a decision diagram over whole header fields: a node asks one field and has an
// edge for each interval of its values. Nodes are shared and in one normal form, so equal sets
// are one number. Fed by Reachability with the fields that engines of a node can ask.

/// A set of packets; means something only to the space that made it.
public struct PacketSet: Hashable, Sendable {
  let node: Int32
  public static let empty = PacketSet(node: 0)
  public static let all = PacketSet(node: 1)
  public var isEmpty: Bool { node == 0 }
}

/// The values of one field that lie between two, ends included.
public typealias Interval = ClosedRange<UInt128>

/// Makes and combines sets over fields of given widths. Not shared between threads.
///
/// Field 0 is asked first. Intersection, union and difference cost at most the product of the
/// diagrams' sizes; equality and emptiness are constant.
public final class PacketSpace {
  var diagram: Diagram

  /// At most 64 fields.
  public init(widths: [Int]) { diagram = Diagram(widths: widths) }

  /// Bits of each field, 1...128.
  public var widths: [Int] { diagram.widths }
  /// Nodes made so far, the two terminals included.
  public var nodeCount: Int { diagram.nodeCount }
  /// Edges of these nodes; each holds 20 bytes.
  public var edgeCount: Int { diagram.lasts.count }

  /// Makes room for so many nodes, so that they are not moved as they become more.
  public func reserve(nodes: Int) { diagram.reserve(nodes: nodes) }

  func maximum(_ field: Int) -> UInt128 { diagram.maximum(field) }
}
