// Where the model knows a thing from: what was asked for (API), what is there (nodes), or both.

/// Sources that name a thing; never empty.
public struct Origin: OptionSet, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// Neutron's API answers.
  public static let api = Origin(rawValue: 1)
  /// Switch databases, namespaces, rules, files and domains of the nodes.
  public static let nodes = Origin(rawValue: 2)
  public static let both: Origin = [.api, .nodes]

  public var description: String {
    switch self {
    case .both: "API and nodes"
    case .api: "API"
    case .nodes: "nodes"
    default: "unknown"
    }
  }
}
