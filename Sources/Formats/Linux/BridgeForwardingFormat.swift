// `bridge -j fdb` → `BridgeForwardingEntry`.
import Facts
import NetworkTypes

/// Reads the forwarding tables of all bridges and VXLAN devices of a namespace.
public enum BridgeForwardingFormat {
  public static func parse(_ text: CaptureText) -> Parsed<BridgeForwardingEntry> {
    if !text.isJSON { return BridgeForwardingText.parse(text) }
    return parseJSONRecords(text, format: "bridge-fdb") { node, evidence, log in
      entry(node, evidence, &log).map { [$0] }
    }
  }

  private static func entry(
    _ node: JSONNode, _ evidence: Evidence, _ log: inout ParseLog
  ) -> BridgeForwardingEntry? {
    guard let members = node.members, let mac = node["mac"]?.string.flatMap({ MACAddress($0) }),
      let interface = node["ifname"]?.string, node["deleted"] == nil
    else { return nil }
    var entry = BridgeForwardingEntry(
      mac: mac, interface: InterfaceName(interface), bridge: nil, vlan: nil, state: "", flags: [],
      evidence: evidence)
    for member in members where !entry.take(member) {
      log.remark(unknown: member, of: "bridge-fdb", .warning)
    }
    return entry
  }
}

extension BridgeForwardingEntry {
  /// Puts a member where it belongs; false if it is not known.
  fileprivate mutating func take(_ member: JSONNode.Member) -> Bool {
    let value = member.value
    switch member.key {
    case "mac", "ifname": break
    case "master": return assign(&bridge, value.string.map { InterfaceName($0) })
    case "vlan": return assign(&vlan, value.number(Int.self).flatMap { VLANID($0) })
    case "state": return assign(&state, value.string)
    case "flags":
      guard let strings = value.strings else { return false }
      flags.formUnion(strings)
    case "dst": return assign(&remote, value.string.flatMap { IPAddress($0) })
    case "vni": return assign(&vni, value.number(UInt32.self))
    // A remote's port or nexthop group, a lower device, a source VNI: kept in their own words.
    case "port", "src_vni", "viaIf", "viaIfIndex", "via", "linkNetNsId", "nhid", "link_netnsid":
      guard let text = value.scalarText else { return false }
      flags.insert("\(member.key) \(text)")
    // Ages.
    case "used", "updated", "protocol", "dynamic": break
    default:
      // Old releases print `offload` and `extern_learn` as members of their own.
      guard value.isNull || value.bool == true else { return false }
      flags.insert(member.key)
    }
    return true
  }
}
