// A user's words → a place of a replay.
import Facts
import NetworkTypes
import Replay
import Trace

struct ReplayPlaceResolver {
  private let facts: CloudFacts
  init(_ facts: CloudFacts) { self.facts = facts }

  /// `NODE`, `NODE/NAMESPACE`, `guest:NAME`, or `outside`.
  func place(_ word: String) throws -> ReplayPlace {
    if word == "outside" { return .outside(0) }
    if word.hasPrefix("guest:") {
      guard case .port(let port) = try ProbeResolver(facts).origin(String(word.dropFirst(6))) else {
        throw CommandError("\(word): wanted a server or a port behind `guest:`")
      }
      return .guest(port)
    }
    let parts = word.split(separator: "/", maxSplits: 1).map(String.init)
    guard let name = parts.first, let node = facts.node(NodeName(name)) else {
      throw CommandError(
        "\(word): wanted one of \(facts.nodes.map(\.name.rawValue).joined(separator: ", ")), "
          + "NODE/NAMESPACE, guest:NAME or outside")
    }
    guard parts.count == 2 else { return .node(node.name) }
    let fitting = node.namespaces.keys.filter { $0.rawValue.hasPrefix(parts[1]) }.sorted()
    guard fitting.count == 1 else {
      throw CommandError(
        "\(word): wanted one namespace of \(node.name): "
          + node.namespaces.keys.map(\.rawValue).sorted().joined(separator: ", "))
    }
    return .namespace(NamespaceKey(node.name, fitting[0]))
  }
}
