// `bridge -j vlan` → `BridgePortVLAN`, in the forms of all releases of iproute2.
import Facts
import NetworkTypes

/// Reads the VLAN membership of bridge ports.
///
/// Since iproute2 4.19: `[{"ifname": "p", "vlans": [{"vlan": 1, "vlanEnd": 4, "flags": […]}]}]`; some
/// have the VLAN's members beside `ifname`; before: `{"p": [{"vlan": 1, …}], …}`.
public enum BridgeVLANFormat {
  public static func parse(_ text: CaptureText) -> Parsed<BridgePortVLAN> {
    let first = text.bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
    if first == UInt8(ascii: "{") { return parseByPort(text) }
    return parseJSONRecords(text, format: "bridge-vlan") { node, _, log in
      guard let name = node["ifname"]?.string else { return nil }
      if let vlans = node["vlans"] { return records(vlans, of: name, &log) }
      if node["vlan"] == nil { return [] }
      return record(node, of: name, &log).map { [$0] }
    }
  }

  private static func parseByPort(_ text: CaptureText) -> Parsed<BridgePortVLAN> {
    var log = ParseLog(text)
    do throws(JSONError) {
      let root = try JSONParser.document(text.bytes)
      let made = (root.members ?? []).flatMap { records($0.value, of: $0.key, &log) ?? [] }
      log.fact(0..<text.bytes.count)
      return log.parsed(made)
    } catch {
      log.isIncomplete = true
      log.reject(
        "bridge-vlan/bad-json", line: error.line, 0..<text.bytes.count,
        "the JSON breaks off at byte \(error.offset): wanted \(error.wanted)")
      return log.parsed([])
    }
  }

  private static func records(
    _ node: JSONNode, of port: String, _ log: inout ParseLog
  ) -> [BridgePortVLAN]? {
    node.elements?.compactMap { element in
      let made = record(element, of: port, &log)
      if made == nil {
        log.remark(
          "bridge-vlan/bad-vlan", .warning, line: element.line, element.range,
          "not a VLAN of \(port): \(excerpt(log.text, element.range))")
      }
      return made
    }
  }

  private static func record(
    _ node: JSONNode, of port: String, _ log: inout ParseLog
  ) -> BridgePortVLAN? {
    guard let first = node["vlan"]?.number(Int.self).flatMap({ VLANID($0) }),
      let last = node["vlanEnd"].map({ $0.number(Int.self).flatMap { VLANID($0) } }) ?? first
    else { return nil }
    let flags = Set(node["flags"]?.strings ?? [])
    return BridgePortVLAN(
      interface: InterfaceName(port), first: first, last: last, isPVID: flags.contains("PVID"),
      isEgressUntagged: flags.contains("Egress Untagged"),
      evidence: log.evidence(line: node.line, node.range))
  }
}
