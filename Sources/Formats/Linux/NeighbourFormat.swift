// `ip -j neigh`, also of proxy entries (`ip -j neigh show proxy`) → `Neighbour`.
import Facts
import NetworkTypes

/// Reads the neighbour caches of a namespace, both families in one file.
public enum NeighbourFormat {
  public static func parse(_ text: CaptureText) -> Parsed<Neighbour> {
    if !text.isJSON { return NeighbourText.parse(text) }
    return parseJSONRecords(text, format: "neighbour") { node, evidence, log in
      neighbour(node, evidence, &log).map { [$0] }
    }
  }

  private static func neighbour(
    _ node: JSONNode, _ evidence: Evidence, _ log: inout ParseLog
  ) -> Neighbour? {
    guard let members = node.members, let address = node["dst"]?.string.flatMap({ IPAddress($0) }),
      let interface = node["dev"]?.string, node["deleted"] == nil
    else { return nil }
    var entry = Neighbour(
      address: address, interface: InterfaceName(interface), mac: nil, states: [],
      evidence: evidence)
    for member in members where !entry.take(member) {
      log.remark(unknown: member, of: "neighbour", .note)
    }
    return entry
  }
}

extension Neighbour {
  /// Puts a member where it belongs; false if it is not known.
  fileprivate mutating func take(_ member: JSONNode.Member) -> Bool {
    switch member.key {
    // Tunnels over IP have an IP address here, which is no MAC.
    case "lladdr": return assign(&mac, member.value.string.flatMap { MACAddress($0) })
    case "state": return assign(&states, member.value.strings.map { Set($0) })
    case "proxy": isProxy = member.value.bool ?? true
    case "router": isRouter = member.value.bool ?? true
    case "dst", "dev": break
    default: return Self.inconsequential.contains(member.key)
    }
    return true
  }

  /// Ages, counters and hints to hardware.
  private static let inconsequential: Set<String> = [
    "confirmed", "extern_learn", "extern_valid", "managed", "offload", "probes", "protocol",
    "refcnt", "updated", "used",
  ]
}
