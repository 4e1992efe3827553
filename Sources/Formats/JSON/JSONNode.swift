// JSON as a tree that knows where each value stands, so that facts can cite it.

/// A JSON value with its byte range and line.
public struct JSONNode: Sendable {
  public enum Value: Sendable {
    /// Members in the order of the file; a repeated key stays twice.
    case object([Member])
    case array([JSONNode])
    case string(String)
    /// As written: JSON numbers may exceed any machine type.
    case number(String)
    case bool(Bool)
    case null
  }
  public struct Member: Sendable {
    public let key: String
    public let value: JSONNode
  }
  public let value: Value
  public let range: Range<Int>
  public let line: Int

  public var members: [Member]? { if case .object(let members) = value { members } else { nil } }
  public var elements: [JSONNode]? { if case .array(let nodes) = value { nodes } else { nil } }
  public var string: String? { if case .string(let text) = value { text } else { nil } }
  public var bool: Bool? { if case .bool(let flag) = value { flag } else { nil } }
  public var isNull: Bool { if case .null = value { true } else { false } }
  /// A whole number that fits; also one that stands in quotes is not taken.
  public func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
    if case .number(let text) = value { Number(text) } else { nil }
  }
  /// A string or a number's or boolean's own spelling; nil for null and containers.
  public var scalarText: String? {
    switch value {
    case .string(let text), .number(let text): text
    case .bool(let flag): flag ? "true" : "false"
    case .null, .array, .object: nil
    }
  }
  /// The first member of that key.
  public subscript(_ key: String) -> JSONNode? {
    members?.first { $0.key == key }?.value
  }
}

/// Why a text is not JSON, and where.
public struct JSONError: Error, Hashable, Sendable {
  public let offset: Int
  public let line: Int
  /// What was wanted there, without a final stop.
  public let wanted: String
}
