// `ip -4 -j rule` and the same of IPv6 → `RoutingRule`.
import Facts
import NetworkTypes

/// Reads the policy routing rules of a namespace, one family a file.
public enum RuleFormat {
  public static func parse(_ text: CaptureText, family: AddressFamily) -> Parsed<RoutingRule> {
    if !text.isJSON { return RuleText.parse(text, family: family) }
    return parseJSONRecords(text, format: "rule") { node, evidence, log in
      rule(node, family, evidence, &log).map { [$0] }
    }
  }

  private static func rule(
    _ node: JSONNode, _ family: AddressFamily, _ evidence: Evidence, _ log: inout ParseLog
  ) -> RoutingRule? {
    guard let members = node.members else { return nil }
    var draft = RuleDraft(family: family)
    for member in members {
      guard let value = member.value.wordOrNothing, draft.set(member.key, value) else {
        log.remark(unknown: member, of: "rule", .warning)
        draft.unrecognised.append(member.printed(in: log.text))
        continue
      }
    }
    return draft.rule(evidence)
  }
}
