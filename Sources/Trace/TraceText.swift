// A trace for the terminal: verdict first, then the way there and back, hop by hop.
import Facts
import NetworkTypes

/// Renders trace results as plain text.
public struct TraceText: Sendable {
  let facts: CloudFacts
  /// What people call a receiver, by the id that the result has.
  let names: [String: String]
  /// False leaves the deciding lines of the captures out.
  public var showsEvidence = true
  public init(_ facts: CloudFacts, names: [String: String] = [:]) {
    self.facts = facts
    self.names = names
  }

  public func lines(_ result: TraceResult) -> [String] {
    var lines = verdict(result)
    lines += ["", "Way there"]
    lines += direction(result.steps)
    if !result.replySteps.isEmpty {
      lines += ["", "Way back" + (result.isReplied == true ? "" : " (the answer does not arrive)")]
      lines += direction(result.replySteps)
    }
    if !result.assumptions.isEmpty {
      lines += ["", "Assumed"] + result.assumptions.map { "  - \($0)" }
    }
    return lines
  }

  /// The answer in a line or three.
  public func verdict(_ result: TraceResult) -> [String] {
    var lines = ["\(result.outcome.rawValue.uppercased())" + takers(result)]
    if let seen = result.seen, let source = seen.source, let destination = seen.destination {
      let port = seen.destinationPort.map { ":\($0)" } ?? ""
      lines.append("  arrives as \(source) → \(destination)\(port), TTL \(seen.ttl)")
    }
    if let reason = result.reason {
      lines.append("  because: \(reason.text)" + citations(reason.evidence))
    }
    switch result.isReplied {
    case true?: lines.append("  the answer comes back")
    case false? where result.outcome.isDelivered == true:
      lines.append(
        "  the answer does not come back"
          + (result.replyReason.map { ": \($0.text)" + citations($0.evidence) } ?? ""))
    default: break
    }
    if !result.overheardBy.isEmpty {
      lines.append("  overheard by " + named(result.overheardBy))
    }
    return lines
  }

  private func takers(_ result: TraceResult) -> String {
    result.receivedBy.isEmpty ? "" : " to " + named(result.receivedBy)
  }

  private func named(_ ids: [String]) -> String {
    ids.map { names[$0] ?? $0 }.joined(separator: ", ")
  }

  private func direction(_ steps: [Step]) -> [String] {
    let story = Narrative(steps)
    var lines: [String] = []
    var node: NodeName?
    var isFirst = true
    for (number, hop) in story.hops.enumerated() {
      if isFirst || hop.place.node != node {
        lines.append("  " + (hop.place.node.map { "[\($0)]" } ?? "[outside]"))
        (node, isFirst) = (hop.place.node, false)
      }
      lines += self.lines(hop, number + 1)
    }
    return lines + story.asides.map { "    (\($0))" }
  }

  private func lines(_ hop: NarrativeHop, _ number: Int) -> [String] {
    let label = String(number)
    let indent = String(repeating: " ", count: max(0, 4 - label.count))
    var title = hop.title
    if case .device(let key) = hop.place, key.namespace != .root {
      title += "  in \(key.namespace)"
    }
    if hop.legs.count > 1 { title = hop.legs.map(\.bridge.rawValue).joined(separator: " → ") }
    var lines = ["  \(indent)\(label)  \(title)"]
    if hop.kind == .origin || hop.kind == .device {
      lines[0] += "   \(hop.packet.summary)"
    }
    if !hop.changes.isEmpty, hop.kind != .origin {
      lines.append("            rewrite: " + hop.changes.joined(separator: ", "))
    }
    if showsEvidence, !hop.legs.isEmpty {
      lines += hop.legs.flatMap(\.lines).map { "            \($0.text)\(citations($0.evidence))" }
    } else if showsEvidence {
      lines += hop.decisions.map { "            \($0.text)\(citations($0.evidence))" }
    }
    return lines
  }

  private func citations(_ evidence: [Evidence]) -> String {
    let places = evidence.prefix(2).compactMap { item -> String? in
      guard let file = facts.file(item.file) else { return nil }
      return (file.node.map { "\($0) " } ?? "") + "\(file.path):\(item.line)"
    }
    return places.isEmpty ? "" : "  [" + places.joined(separator: "; ") + "]"
  }
}
