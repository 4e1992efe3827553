// `bridge -d -j link` → `BridgePort`.
import Facts
import NetworkTypes

/// Reads the ports of all bridges of a namespace.
///
/// A NIC that is a switch of its own (`hwmode`) is listed too and belongs to no bridge: no record.
public enum BridgePortFormat {
  public static func parse(_ text: CaptureText) -> Parsed<BridgePort> {
    parseJSONRecords(text, format: "bridge-port") { node, evidence, log in
      ports(node, evidence, &log)
    }
  }

  private static func ports(
    _ node: JSONNode, _ evidence: Evidence, _ log: inout ParseLog
  ) -> [BridgePort]? {
    guard let members = node.members, let interface = node["ifname"]?.string,
      node["deleted"] == nil
    else { return nil }
    guard let bridge = node["master"]?.string else { return [] }
    var port = BridgePort(
      interface: InterfaceName(interface), bridge: InterfaceName(bridge), state: "", options: [:],
      evidence: evidence)
    for member in members where !port.take(member) {
      log.remark(unknown: member, of: "bridge-port", .warning)
    }
    return [port]
  }
}

extension BridgePort {
  /// Puts a member where it belongs; false if it is not known.
  fileprivate mutating func take(_ member: JSONNode.Member) -> Bool {
    if Self.elsewhere.contains(member.key) { return true }
    if member.key == "state" { return assign(&state, member.value.scalarText) }
    guard let isOn = member.value.switched else { return false }
    options[member.key] = isOn
    return true
  }

  /// What `ip -d link` says too (and better: the `link` of this listing may name a device of
  /// another namespace), and the spanning tree's numbers.
  private static let elsewhere: Set<String> = [
    "backup_nhid", "backup_port", "cost", "flags", "hwmode", "ifindex", "ifname", "link", "master",
    "mcast_max_groups", "mcast_n_groups", "mcast_router", "mtu", "operstate", "priority",
  ]
}

extension JSONNode {
  /// A boolean, or the words of old releases.
  fileprivate var switched: Bool? {
    switch string {
    case "on": true
    case "off": false
    default: bool
    }
  }
}
