// A difference between what Neutron was asked for and what a node holds, with both sides' evidence.
// Made by DriftBuilder; feeds `show`, `diff` and diagnosis.
import Facts
import NetworkTypes

/// How the two sides differ.
public enum DriftKind: String, Hashable, Sendable, CaseIterable {
  /// Asked for, and not there.
  case missing
  /// There, and nobody asked for it.
  case extra
  /// There, with another value.
  case different
  /// There, on another node than it was asked for.
  case wrongNode = "wrong-node"
  /// There more than once.
  case twice
}

public enum DriftSeverity: String, Hashable, Sendable, CaseIterable, Comparable {
  /// Tenants reach what they must not.
  case critical
  /// Something that was asked for does not work.
  case high
  /// Something works worse than it was asked for, or will not survive the next change.
  case medium
  /// Left over, of no known effect.
  case low
  private var rank: Int {
    switch self {
    case .critical: 0
    case .high: 1
    case .medium: 2
    case .low: 3
    }
  }
  /// The gravest first.
  public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
}

/// What a finding is about.
public struct DriftObject: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case port, network, subnet, router, server, trunk, agent, node, device, namespace
    case floatingIP = "floating-ip"
    case portForwarding = "port-forwarding"
    case securityGroup = "security-group"
  }
  public var kind: Kind
  /// Neutron's id; for devices, namespaces and nodes their name.
  public var id: String
  /// As people call it. Tenants choose names: escape it at the edge.
  public var name: String
  public init(_ kind: Kind, id: String, name: String) {
    self.kind = kind
    self.id = id
    self.name = name
  }
}

/// What one side says.
public struct DriftSide: Hashable, Sendable {
  /// `none` where the side has nothing of it.
  public var value: String
  public var evidence: [Evidence]
  public init(_ value: String, _ evidence: [Evidence] = []) {
    self.value = value
    self.evidence = evidence
  }
  static let none = DriftSide("none")
}

public struct DriftFinding: Hashable, Sendable {
  public var code: DriftCode
  public var kind: DriftKind
  public var severity: DriftSeverity
  public var object: DriftObject
  /// Nil where no single node is meant.
  public var node: NodeName?
  /// Where on the node: a device, a bridge's table, a namespace, a chain; tells findings of one code
  /// and object apart.
  public var place: String
  public var intended: DriftSide
  public var actual: DriftSide

  /// For people, without the evidence: `missing on compute1: …`.
  public var text: String {
    let node = self.node.map { " on \($0)" } ?? ""
    return "\(object.kind.rawValue) \(object.name): \(code.title) \(kind.words)\(node)"
      + (place.isEmpty ? "" : " (\(place))")
      + ": wanted \(intended.value), found \(actual.value)"
  }

  /// The gravest first, then by node, object and place.
  var order: (DriftSeverity, [String]) {
    (
      severity,
      [
        node?.rawValue ?? "", object.kind.rawValue, object.name, object.id, code.rawValue,
        kind.rawValue, place, intended.value, actual.value,
      ]
    )
  }
}

extension DriftKind {
  public var words: String {
    switch self {
    case .missing: "missing"
    case .extra: "nobody asked for"
    case .different: "different"
    case .wrongNode: "on another node"
    case .twice: "more than once"
    }
  }
}

/// A comparison that could not be made.
public struct DriftUnknown: Hashable, Sendable {
  public var code: DriftCode
  public var node: NodeName?
  /// What is missing, or why it could not be told.
  public var reason: String
}

public struct DriftReport: Sendable {
  /// In order of severity, node and object.
  public var findings: [DriftFinding]
  /// Sorted by code and node.
  public var unknowns: [DriftUnknown]
  /// Why nothing at all was compared; nil where something was.
  public var obstacle: String?
}

public enum Drift {
  /// All differences between intent and nodes.
  public static func findings(_ model: CloudModel, _ facts: CloudFacts) -> [DriftFinding] {
    report(model, facts).findings
  }
  /// The same, with what could not be compared.
  public static func report(_ model: CloudModel, _ facts: CloudFacts) -> DriftReport {
    var builder = DriftBuilder(model, facts)
    builder.compare()
    return builder.report
  }
}
