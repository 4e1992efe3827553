// Many nodes at once, with a bound; each fails for itself. Fed by Inventory and the command line;
// feeds a folder that CaptureFolder reads.
import Glibc

public struct CloudCollection: Sendable {
  public var targets: [NodeTarget]
  public var limits = NodeLimits()
  public var ssh = SSHSettings()
  /// How many nodes at one time.
  public var parallel = 16

  /// Throws where two targets would be one node's folder.
  public init(targets: [NodeTarget]) throws(CollectionError) {
    guard !targets.isEmpty else {
      throw CollectionError("no node: wanted HOST…, --local or --inventory FILE")
    }
    var seen: [String: NodeTarget] = [:]
    for target in targets {
      guard SafeName.component(Array(target.name.utf8)) != nil, target.name != "neutron",
        !target.name.hasPrefix("-")
      else { throw CollectionError("\(target.source): no name for a node") }
      if let other = seen[target.name] {
        throw CollectionError(
          "node \(target.name) is named twice, by \(other.source) and by \(target.source): "
            + "wanted each node once")
      }
      seen[target.name] = target
    }
    self.targets = targets
  }

  /// Reads all nodes into `folder`, a folder of each node's name in it; sorted by name.
  ///
  /// Throws where the folder cannot be written, or where two names are one node's.
  public func run(
    into folder: String, progress: @escaping @Sendable (NodeProgress) -> Void
  ) async throws -> [NodeOutcome] {
    // A node that is gone must not end the collector.
    signal(SIGPIPE, SIG_IGN)
    let outcomes = try await withThrowingTaskGroup(of: NodeOutcome.self) { group in
      var waiting = targets[...]
      var outcomes: [NodeOutcome] = []
      func startNext() {
        guard let target = waiting.popFirst() else { return }
        let node = NodeCollection(
          target: target, limits: limits, ssh: ssh, root: folder, progress: progress)
        group.addTask { try await node.run() }
      }
      for _ in 0..<max(1, parallel) { startNext() }
      while let outcome = try await group.next() {
        outcomes.append(outcome)
        startNext()
      }
      return outcomes
    }
    try Self.checkIdentities(outcomes)
    return outcomes.sorted { $0.target.name < $1.target.name }
  }

  /// One machine under two names would count twice in every answer.
  private static func checkIdentities(_ outcomes: [NodeOutcome]) throws(CollectionError) {
    var seen: [String: NodeTarget] = [:]
    for outcome in outcomes.sorted(by: { $0.target.name < $1.target.name }) {
      guard let identity = outcome.identity else { continue }
      if let other = seen[identity] {
        throw CollectionError(
          "\(other.source) and \(outcome.target.source) are one node"
            + (outcome.hostName.map { " (\(SafeName.line(Array($0.utf8))))" } ?? "")
            + ": wanted each node once")
      }
      seen[identity] = outcome.target
    }
  }
}
