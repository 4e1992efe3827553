// What an answer would need that was not captured, with the command that gets it.
import Facts
import NetworkTypes
import Trace

/// A file that would decide.
public struct MissingCapture: Hashable, Sendable {
  public let node: NodeName?
  public let path: String
  public let reason: String
  /// As the capture ran it elsewhere; nil where no other node has the file either.
  public let command: String?
}

extension Diagnosis {
  /// The gaps that the trace ran into, first those that its reason names.
  public func missing(_ facts: CloudFacts) -> [MissingCapture] {
    guard verdict == .unknown else { return [] }
    let text = [before.reason?.text, before.replyReason?.text, note].compactMap { $0 }
      .joined(separator: " ")
    let nodes = Set((before.steps + before.replySteps).compactMap(\.place.node))
    let named = facts.gaps.filter { text.contains($0.path) && !$0.path.isEmpty }
    let near = facts.gaps.filter { $0.node.map(nodes.contains) ?? true }
    let all = named.isEmpty ? near : named
    return all.sorted().prefix(Self.missingLimit).map { gap in
      MissingCapture(
        node: gap.node, path: gap.path, reason: gap.reason,
        command: Self.command(for: gap.path, facts))
    }
  }
  private static let missingLimit = 6

  private static func command(for path: String, _ facts: CloudFacts) -> String? {
    let exact = facts.files.first { $0.path == path && $0.command != nil }
    let name = path.split(separator: "/").last
    let alike = facts.files.first { file in
      file.command != nil && file.path.split(separator: "/").last == name
    }
    return (exact ?? alike)?.command?.commandLine
  }
}
