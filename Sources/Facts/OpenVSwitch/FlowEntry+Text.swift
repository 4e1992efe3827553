// Flows and groups as `ovs-ofctl add-flow` and `add-group` would take them; counters are left out,
// so the same flow reads the same in every capture.
import NetworkTypes

extension FlowEntry: CustomStringConvertible {
  /// `cookie=0x1, table=60, priority=100,tcp,reg5=0xb actions=output:3`.
  public var description: String {
    var head: [String] = []
    if cookie != 0 { head.append("cookie=\(hexadecimal(cookie))") }
    head.append("table=\(table)")
    if idleTimeoutSeconds != 0 { head.append("idle_timeout=\(idleTimeoutSeconds)") }
    if hardTimeoutSeconds != 0 { head.append("hard_timeout=\(hardTimeoutSeconds)") }
    if importance != 0 { head.append("importance=\(importance)") }
    head += flags.names
    head += unrecognised
    let match = match.description
    head.append("priority=\(priority)" + (match.isEmpty ? "" : ",\(match)"))
    return "\(head.joined(separator: ", ")) actions=\(actions.flowText)"
  }
}

extension FlowFlags {
  /// ovs-ofctl's words, in its order.
  public var names: [String] {
    let known: [(FlowFlags, String)] = [
      (.sendFlowRemoved, "send_flow_rem"), (.checkOverlap, "check_overlap"),
      (.resetCounts, "reset_counts"), (.noPacketCounts, "no_packet_counts"),
      (.noByteCounts, "no_byte_counts"),
    ]
    return known.filter { contains($0.0) }.map(\.1)
  }
}

extension GroupEntry: CustomStringConvertible {
  /// `group_id=1,type=select,bucket=weight:5,actions=output:1`.
  public var description: String {
    var parts = ["group_id=\(id)", "type=\(kind.rawValue)"]
    if let selectionMethod { parts.append("selection_method=\(selectionMethod)") }
    if selectionMethodParameter != 0 {
      parts.append("selection_method_param=\(selectionMethodParameter)")
    }
    if !selectionFields.isEmpty {
      parts.append("fields(\(selectionFields.map(selectionText).joined(separator: ",")))")
    }
    parts += unrecognised
    parts += buckets.map(\.description)
    return parts.joined(separator: ",")
  }
  private func selectionText(_ match: FieldMatch) -> String {
    if match.isExact { return match.field.actionName }
    let mask = match.field.text(value: match.mask, mask: match.field.valueMask)
    return "\(match.field.actionName)=\(mask)"
  }
}

extension GroupBucket: CustomStringConvertible {
  public var description: String {
    var parts: [String] = []
    if let id { parts.append("bucket_id:\(id)") }
    if let weight { parts.append("weight:\(weight)") }
    if let watchPort { parts.append("watch_port:\(watchPort)") }
    if let watchGroup { parts.append("watch_group:\(watchGroup)") }
    parts.append("actions=\(actions.flowText)")
    return "bucket=\(parts.joined(separator: ","))"
  }
}
