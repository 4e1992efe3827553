// What findings, changes and search entries are about: things that have a page of their own.

/// A thing of the cloud by its kind and id.
public struct ReportObject: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case network, router, port, server, node, tenant
    case floatingIP = "floating-ip"
  }
  public var kind: Kind
  /// Neutron's or Nova's id; of a node its name, of a floating IP its address or id.
  public var id: String
  public init(_ kind: Kind, _ id: String) {
    self.kind = kind
    self.id = id
  }
}

/// A place in the capture that something rests on.
public struct ReportPlace: Hashable, Sendable {
  /// Nil for the Neutron API's answers.
  public var node: String?
  /// Relative to the node's folder.
  public var file: String
  /// From 1.
  public var line: Int
  /// Offsets into the file, where a part of the line is meant.
  public var bytes: Range<Int>?
  public init(node: String?, file: String, line: Int, bytes: Range<Int>? = nil) {
    self.node = node
    self.file = file
    self.line = line
    self.bytes = bytes
  }
  public var text: String { (node.map { "\($0) " } ?? "") + "\(file):\(line)" }
}
