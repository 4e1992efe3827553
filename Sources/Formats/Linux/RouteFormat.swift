// `ip -4 -j route show table all` and the same of IPv6 → `Route`.
import Facts
import NetworkTypes

/// Reads the routes of all tables of a namespace.
public enum RouteFormat {
  /// A nil `family` is for `ip route show table all` without `-4` or `-6`, which prints both.
  public static func parse(_ text: CaptureText, family: AddressFamily?) -> Parsed<Route> {
    if !text.isJSON { return RouteText.parse(text, family: family) }
    return parseJSONRecords(text, format: "route") { node, evidence, log in
      route(node, family, evidence, &log).map { [$0] }
    }
  }

  private static func route(
    _ node: JSONNode, _ family: AddressFamily?, _ evidence: Evidence, _ log: inout ParseLog
  ) -> Route? {
    guard let members = node.members else { return nil }
    var draft = RouteDraft(family: family)
    for member in members where !take(member, into: &draft, &log) {
      log.remark(unknown: member, of: "route", .warning)
      draft.unrecognised.append(member.printed(in: log.text))
    }
    return draft.route(evidence, &log)
  }

  private static func take(
    _ member: JSONNode.Member, into draft: inout RouteDraft, _ log: inout ParseLog
  ) -> Bool {
    switch member.key {
    case "flags":
      guard let flags = member.value.strings else { return false }
      draft.hop.flags.formUnion(flags)
      return true
    case "nexthops": return takeNextHops(member.value, into: &draft, &log)
    case "via": return take(via: member.value, into: &draft.hop)
    case "metrics": return take(metrics: member.value, into: &draft)
    case "flow", "nh_info", "cache": return true
    default:
      guard let value = member.value.wordOrNothing else { return false }
      return draft.set(member.key, value)
    }
  }

  private static func takeNextHops(
    _ node: JSONNode, into draft: inout RouteDraft, _ log: inout ParseLog
  ) -> Bool {
    guard let elements = node.elements else { return false }
    for element in elements {
      guard let hop = nextHop(element, of: &draft, &log) else { return false }
      draft.nextHops.append(hop)
    }
    return true
  }

  private static func nextHop(
    _ node: JSONNode, of draft: inout RouteDraft, _ log: inout ParseLog
  ) -> NextHop? {
    guard let members = node.members else { return nil }
    var hop = NextHop(gateway: nil, interface: nil)
    for member in members {
      switch member.key {
      case "dev": hop.interface = member.value.string.map { InterfaceName($0) }
      case "weight": hop.weight = member.value.number() ?? 1
      case "flags": hop.flags = Set(member.value.strings ?? [])
      case "gateway":
        guard let gateway = member.value.string.flatMap({ IPAddress($0) }) else { return nil }
        hop.gateway = gateway
      case "via": guard take(via: member.value, into: &hop) else { return nil }
      // Realms.
      case "flow": break
      default:
        log.remark(unknown: member, of: "route", .warning)
        draft.unrecognised.append("nexthop \(member.key)")
      }
    }
    return hop
  }

  /// A gateway of the other family: `{"family": "inet6", "host": "fe80::1"}`.
  private static func take(via node: JSONNode, into hop: inout NextHop) -> Bool {
    guard let host = node["host"]?.string.flatMap({ IPAddress($0) }) else { return false }
    hop.gateway = host
    return true
  }

  private static func take(metrics node: JSONNode, into draft: inout RouteDraft) -> Bool {
    guard let elements = node.elements else { return false }
    for element in elements {
      if let mtu = element["mtu"], !draft.set("mtu", mtu.scalarText ?? "") { return false }
    }
    return true
  }
}
