// The answer as a JSON object: the contract that scripts rely on, and the steps beside it.
import DataPlane
import Facts
import NetworkTypes

extension TraceResult {
  /// The batch contract's members; `path` is `[node, namespace, interface, "in"|"out"]`.
  public func json(_ facts: CloudFacts) -> JSONText {
    .object([
      .init("id", .string(probe.id)),
      .init("outcome", .string(outcome.rawValue)),
      .init("delivered", .optional(outcome.isDelivered)),
      .init("received_by", .strings(receivedBy)),
      .init("overheard_by", .strings(overheardBy)),
      .init("seen", seen?.json ?? .null),
      .init("replied", .optional(isReplied)),
      .init("path", .array(path.map(\.json))),
      .init("reply_path", .array(replyPath.map(\.json))),
      .init("reason", reason?.json(facts) ?? .null),
      .init("reply_reason", replyReason?.json(facts) ?? .null),
      .init("assumptions", .strings(assumptions)),
    ])
  }
}

extension SeenHeader {
  var json: JSONText {
    var members: [JSONText.Member] = [
      .init("src", .optional(source?.description)),
      .init("dst", .optional(destination?.description)),
    ]
    if let destinationPort { members.append(.init("dport", .number(Int(destinationPort)))) }
    members.append(.init("ttl", .number(Int(ttl))))
    return .object(members)
  }
}

extension PathHop {
  var json: JSONText {
    .strings([
      device.node.rawValue, device.namespace.rawValue, device.interface.rawValue,
      isOut ? "out" : "in",
    ])
  }
}

extension Reason {
  func json(_ facts: CloudFacts) -> JSONText {
    .object([
      .init("code", .string(code)), .init("text", .string(text)),
      .init("evidence", .array(evidence.map { $0.json(facts) })),
    ])
  }
}

extension Evidence {
  func json(_ facts: CloudFacts) -> JSONText {
    let file = facts.file(self.file)
    return .object([
      .init("node", .optional(file?.node?.rawValue)),
      .init("file", .optional(file?.path)), .init("line", .number(Int(line))),
    ])
  }
}
