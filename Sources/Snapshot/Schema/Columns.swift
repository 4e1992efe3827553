// The kinds of columns that tables are made of.
import Facts
import GRDB
import NetworkTypes

extension Column {
  static func text(
    _ name: String, _ documentation: String, check: String? = nil, emptyText: String = "''",
    _ value: @escaping @Sendable (Row) -> String
  ) -> Column {
    Column(
      name: name, declaration: "TEXT NOT NULL" + checked(check), documentation: documentation,
      emptyValue: emptyText, value: { value($0).databaseValue })
  }

  static func optionalText(
    _ name: String, _ documentation: String, check: String? = nil,
    _ value: @escaping @Sendable (Row) -> String?
  ) -> Column {
    Column(
      name: name, declaration: "TEXT" + checked(check), documentation: documentation,
      value: { value($0)?.databaseValue ?? .null })
  }

  static func integer(
    _ name: String, _ documentation: String, check: String? = nil, emptyNumber: String = "0",
    _ value: @escaping @Sendable (Row) -> some BinaryInteger & Sendable
  ) -> Column {
    Column(
      name: name, declaration: "INTEGER NOT NULL" + checked(check),
      documentation: documentation, emptyValue: emptyNumber,
      value: { Int64(truncatingIfNeeded: value($0)).databaseValue })
  }

  static func optionalInteger<Value: BinaryInteger & Sendable>(
    _ name: String, _ documentation: String, check: String? = nil,
    _ value: @escaping @Sendable (Row) -> Value?
  ) -> Column {
    Column(
      name: name, declaration: "INTEGER" + checked(check), documentation: documentation,
      value: { value($0).map { Int64(truncatingIfNeeded: $0).databaseValue } ?? .null })
  }

  /// 0 or 1.
  static func flag(
    _ name: String, _ documentation: String, _ value: @escaping @Sendable (Row) -> Bool
  ) -> Column {
    Column(
      name: name, declaration: "INTEGER NOT NULL CHECK (\(name) IN (0, 1))",
      documentation: documentation, emptyValue: "0", value: { value($0).databaseValue })
  }

  /// 0, 1 or NULL for unknown.
  static func optionalFlag(
    _ name: String, _ documentation: String, _ value: @escaping @Sendable (Row) -> Bool?
  ) -> Column {
    Column(
      name: name, declaration: "INTEGER CHECK (\(name) IN (0, 1))",
      documentation: documentation, value: { value($0)?.databaseValue ?? .null })
  }

  /// A JSON array of texts.
  static func list(
    _ name: String, _ documentation: String,
    _ value: @escaping @Sendable (Row) -> some Sequence<String> & Sendable
  ) -> Column {
    Column(
      name: name, declaration: "TEXT NOT NULL CHECK (json_type(\(name)) = 'array')",
      documentation: documentation, emptyValue: "'[]'",
      value: { JSONText.array(value($0)).databaseValue })
  }

  /// A JSON object of texts.
  static func object(
    _ name: String, _ documentation: String,
    _ value: @escaping @Sendable (Row) -> [String: String]
  ) -> Column {
    Column(
      name: name, declaration: "TEXT NOT NULL CHECK (json_type(\(name)) = 'object')",
      documentation: documentation, emptyValue: "'{}'",
      value: { JSONText.object(value($0)).databaseValue })
  }

  /// The number that child tables refer to.
  static func key(_ documentation: String, _ value: @escaping @Sendable (Row) -> Int) -> Column {
    Column(
      name: "id", declaration: "INTEGER PRIMARY KEY", documentation: documentation, role: .key,
      value: { value($0).databaseValue })
  }

  /// A reference to a parent row's `id`.
  static func parent(
    _ table: String, _ value: @escaping @Sendable (Row) -> Int
  ) -> Column {
    Column(
      name: table, declaration: "INTEGER NOT NULL REFERENCES \(table)(id)",
      documentation: "The row of \(table) that this one is a part of.", role: .parent(table),
      value: { value($0).databaseValue })
  }

  static func node(_ value: @escaping @Sendable (Row) -> NodeName) -> Column {
    Column(
      name: "node", declaration: "TEXT NOT NULL REFERENCES node(name)",
      documentation: "The node.", value: { value($0).rawValue.databaseValue })
  }

  static func namespace(_ value: @escaping @Sendable (Row) -> String) -> Column {
    .text(
      "namespace", "The network namespace on the node; `root` is the one it boots in.",
      emptyText: "'root'", value)
  }

  private static func checked(_ check: String?) -> String { check.map { " CHECK (\($0))" } ?? "" }
}

extension Array {
  /// Where the fact stands: `file`, `line`.
  static func evidence<Row>(
    _ value: @escaping @Sendable (Row) -> Evidence
  ) -> [Column<Row>] where Element == Column<Row> {
    [
      Column(
        name: "file", declaration: "INTEGER NOT NULL REFERENCES capture_file(id)",
        documentation: "The capture file that says so.", emptyValue: "1", role: .file,
        value: { Int64(value($0).file.rawValue).databaseValue }),
      Column(
        name: "line", declaration: "INTEGER NOT NULL CHECK (line > 0)",
        documentation: "The line in it, from 1.", emptyValue: "1",
        value: { Int64(value($0).line).databaseValue }),
    ]
  }
}

/// JSON out of texts, keys sorted.
enum JSONText {
  static func array(_ values: some Sequence<String>) -> String {
    var result: [UInt8] = [UInt8(ascii: "[")]
    for value in values {
      if result.count > 1 { result.append(UInt8(ascii: ",")) }
      append(value, to: &result)
    }
    result.append(UInt8(ascii: "]"))
    return String(decoding: result, as: UTF8.self)
  }
  static func object(_ values: [String: String]) -> String {
    var result: [UInt8] = [UInt8(ascii: "{")]
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      if result.count > 1 { result.append(UInt8(ascii: ",")) }
      append(key, to: &result)
      result.append(UInt8(ascii: ":"))
      append(value, to: &result)
    }
    result.append(UInt8(ascii: "}"))
    return String(decoding: result, as: UTF8.self)
  }

  /// In quotes.
  private static func append(_ text: String, to result: inout [UInt8]) {
    var text = text
    result.append(UInt8(ascii: "\""))
    text.withUTF8 { bytes in
      guard bytes.contains(where: isEscaped) else { return result.append(contentsOf: bytes) }
      for byte in bytes { append(byte, to: &result) }
    }
    result.append(UInt8(ascii: "\""))
  }

  private static func isEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func append(_ byte: UInt8, to result: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
    case UInt8(ascii: "\n"): result += Array("\\n".utf8)
    case 0..<0x20:
      let digits = String(byte, radix: 16)
      result += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
    default: result.append(byte)
    }
  }
}

/// A fact with the namespace that it is true in.
struct InNamespace<Record: Sendable>: Sendable {
  let node: NodeName
  let namespace: NamespaceName
  let record: Record
}

/// A fact with the bridge that it is true of.
struct OnBridge<Record: Sendable>: Sendable {
  let node: NodeName
  let bridge: BridgeName
  let record: Record
}

/// A fact with the node that it is true on.
struct OnNode<Record: Sendable>: Sendable {
  let node: NodeName
  let record: Record
}

/// A row that has an id, from 1, in the order of its table.
struct Numbered<Record: Sendable>: Sendable {
  let id: Int
  let record: Record
}

/// A part of a numbered row, with its place among its siblings.
struct Part<Record: Sendable>: Sendable {
  let parent: Int
  let position: Int
  let record: Record
}

extension Array where Element: Sendable {
  func numbered() -> [Numbered<Element>] {
    enumerated().map { Numbered(id: $0.offset + 1, record: $0.element) }
  }
  /// The parts of every element, each with its element's number.
  func parts<Record>(_ parts: (Element) -> some Sequence<Record>) -> [Part<Record>] {
    enumerated().flatMap { index, element in
      parts(element).enumerated().map { position, part in
        Part(parent: index + 1, position: position, record: part)
      }
    }
  }
}

extension ProjectionSource {
  func namespaces() -> [(NodeName, NamespaceFacts)] {
    facts.nodes.flatMap { node in
      node.namespaces.values.sorted { $0.name < $1.name }.map { (node.name, $0) }
    }
  }
  func inNamespaces<Record>(
    _ records: (NamespaceFacts) -> [Record]
  ) -> [InNamespace<Record>] {
    namespaces().flatMap { node, facts in
      records(facts).map { InNamespace(node: node, namespace: facts.name, record: $0) }
    }
  }
  func onNodes<Record>(_ records: (NodeFacts) -> [Record]) -> [OnNode<Record>] {
    facts.nodes.flatMap { node in records(node).map { OnNode(node: node.name, record: $0) } }
  }
  func onBridges<Record>(
    _ records: (SwitchBridgeFacts) -> some Sequence<Record>
  ) -> [OnBridge<Record>] {
    facts.nodes.flatMap { node in
      node.openVSwitch.bridges.values.sorted { $0.name < $1.name }.flatMap { bridge in
        records(bridge).map { OnBridge(node: node.name, bridge: bridge.name, record: $0) }
      }
    }
  }
}

extension Array {
  /// `node`, `namespace`.
  static func location<Record>() -> [Column<InNamespace<Record>>]
  where Element == Column<InNamespace<Record>> {
    [
      .node(\.node),
      .namespace { $0.namespace.rawValue },
    ]
  }
}
