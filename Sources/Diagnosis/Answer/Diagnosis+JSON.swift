// The answer as JSON for programs: codes are stable.
import Facts
import NetworkTypes
import Trace

extension Diagnosis {
  /// `{"id", "verdict", "cause": code or null, "causes": […], "denial", "assumed": […],
  /// "before", "after"}`.
  public func json(_ facts: CloudFacts) -> JSONText {
    .object([
      .init("id", .string(probe.id)),
      .init("verdict", .string(verdict.rawValue)),
      .init("cause", .optional(causes.first?.deviation.code.rawValue)),
      .init("summary", .string(summary)),
      .init("causes", .array(causes.map { $0.json(facts) })),
      .init("also_found", .array(suspects.prefix(Self.suspectLimit).map { $0.json(facts) })),
      .init("denial", denial?.json(facts) ?? .null),
      .init("assumed", .array(premises.map { $0.json(facts) })),
      .init("before", Self.outcome(before, facts)),
      .init("after", after.map { Self.outcome($0, facts) } ?? .null),
      .init("missing", .array(missing(facts).map(\.json))),
    ])
  }
  private static let suspectLimit = 8

  private static func outcome(_ result: TraceResult, _ facts: CloudFacts) -> JSONText {
    .object([
      .init("outcome", .string(result.outcome.rawValue)),
      .init("replied", .optional(result.isReplied)),
      .init("received_by", .strings(result.receivedBy)),
      .init("reason", result.endReason.map { .string($0.code) } ?? .null),
      .init("text", result.endReason.map { .string($0.text) } ?? .null),
      .init("evidence", .array((result.endReason?.evidence ?? []).map { $0.place(facts) })),
    ])
  }
}

extension TraceResult {
  /// Why it, or the answer to it, ended.
  var endReason: Reason? { reason ?? (isReplied == true ? nil : replyReason) }
}

extension Cause {
  fileprivate func json(_ facts: CloudFacts) -> JSONText {
    guard case .object(var members) = deviation.json(facts) else { return .null }
    members.append(.init("mends_alone", .optional(mendsAlone)))
    members.append(.init("behind", .optional(behind)))
    return .object(members)
  }
}

extension Deviation {
  func json(_ facts: CloudFacts) -> JSONText {
    .object([
      .init("code", .string(code.rawValue)),
      .init("node", .optional(node?.rawValue)),
      .init("namespace", .optional(namespace?.rawValue)),
      .init("object", .string(object)),
      .init("port", .optional(port?.rawValue)),
      .init("text", .string(text)),
      .init("evidence", .array(evidence.map { $0.place(facts) })),
      .init("fix", fix.json),
    ])
  }
}

extension Fix {
  fileprivate var json: JSONText {
    .object([
      .init("ways", .array(ways.map { .array($0.map(\.json)) })), .init("note", .string(note)),
    ])
  }
}

extension FixCommand {
  fileprivate var json: JSONText {
    .object([
      .init("node", .optional(node?.rawValue)), .init("level", .string(level.rawValue)),
      .init("command", .string(text)),
    ])
  }
}

extension Premise {
  fileprivate func json(_ facts: CloudFacts) -> JSONText {
    .object([
      .init("code", .string(code.rawValue)), .init("text", .string(text)),
      .init("doubtful", .bool(isDoubtful)), .init("cause", .optional(cause?.rawValue)),
      .init("evidence", .array(evidence.map { $0.place(facts) })),
      .init("check", .optional(check)),
    ])
  }
}

extension IntentDenial {
  fileprivate func json(_ facts: CloudFacts) -> JSONText {
    .object([
      .init("code", .string(code)), .init("text", .string(text)),
      .init("evidence", .array(evidence.map { $0.place(facts) })),
      .init("change", .optional(change)),
    ])
  }
}

extension MissingCapture {
  fileprivate var json: JSONText {
    .object([
      .init("node", .optional(node?.rawValue)), .init("file", .string(path)),
      .init("reason", .string(reason)), .init("command", .optional(command)),
    ])
  }
}

extension Evidence {
  /// `{"node", "file", "line"}`.
  func place(_ facts: CloudFacts) -> JSONText {
    let file = facts.file(self.file)
    return .object([
      .init("node", .optional(file?.node?.rawValue)), .init("file", .optional(file?.path)),
      .init("line", .number(Int(line))),
    ])
  }
}
