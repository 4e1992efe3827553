// Something that a node holds and should not, or should hold and does not: what a check finds. It
// carries the changes that would mend it, so that the search can try whether that helps.
import Facts
import NetworkTypes

/// A command for an operator; never run by us.
public struct FixCommand: Hashable, Sendable {
  /// Who makes the change.
  public enum Level: String, Hashable, Sendable {
    /// Neutron, asked through its API.
    case neutron
    /// An agent that is started again, and brings its node to what Neutron wants.
    case agent
    /// The operator's hands on the node, past all agents.
    case node
  }

  /// Nil for Neutron's API: run anywhere with credentials.
  public let node: NodeName?
  public let text: String
  public let level: Level
  init(_ node: NodeName?, _ text: String, level: Level? = nil) {
    self.node = node
    self.text = text
    self.level = level ?? (node == nil ? .neutron : .node)
  }
}

/// How to mend a deviation.
public struct Fix: Hashable, Sendable {
  /// The least invasive way first; each entry is one way, its commands in order.
  public var ways: [[FixCommand]]
  /// What it touches.
  public var note: String
  public init(_ ways: [[FixCommand]], note: String) {
    self.ways = ways.filter { !$0.isEmpty }
    self.note = note
  }
  /// The first way whose commands are all of one level.
  public func way(_ level: FixCommand.Level) -> [FixCommand]? {
    ways.first { way in way.allSatisfy { $0.level == level } }
  }
}

/// A difference between what should be and what a node holds.
public struct Deviation: Sendable {
  /// How much it is to be trusted against others that would mend the same.
  public enum Strength: Int, Hashable, Sendable, Comparable {
    /// Neutron's intent demands it.
    case intent
    /// All of its kind have it.
    case likeness
    /// Made up for the question, from what intent lets pass: shown only where it mends.
    case hypothesis
    /// It stops the packet, whatever it is there for.
    case obstacle
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  public var code: CauseCode
  public var strength: Strength
  public var node: NodeName?
  public var namespace: NamespaceName?
  /// The thing itself: a port, device, bridge table, chain.
  public var object: String
  /// One sentence without a final stop.
  public var text: String
  public var evidence: [Evidence]
  /// Empty where it cannot be tried: then it is named only where nothing else explains the failure.
  public var changes: [FactChange]
  public var fix: Fix
  /// The port that it is about, where it is about one.
  public var port: PortID?

  public init(
    _ code: CauseCode, _ strength: Strength = .intent, node: NodeName?,
    namespace: NamespaceName? = nil, object: String, _ text: String, evidence: [Evidence] = [],
    changes: [FactChange], fix: Fix, port: PortID? = nil
  ) {
    self.code = code
    self.strength = strength
    self.node = node
    self.namespace = namespace
    self.object = object
    self.text = text
    self.evidence = evidence
    self.changes = changes
    self.fix = fix
    self.port = port
  }
}
