// A switch trace as text that users of `ofproto/trace` recognise: bridges, tables with their
// matching flow, what each action led to, then where the packet leaves and what is not known.
import Facts
import NetworkTypes
import OpenFlow
import Trace

struct SwitchTraceText {
  private let translation: Translation
  private let facts: CloudFacts
  init(_ translation: Translation, _ facts: CloudFacts) {
    self.translation = translation
    self.facts = facts
  }

  func lines(_ input: SwitchInput) -> [String] {
    var lines = ["Flow: in_port=\(input.port),\(input.packet.summaryOfFlow)", ""]
    for step in translation.steps { append(step, indent: 0, to: &lines) }
    lines.append("")
    if translation.outputs.isEmpty { lines.append("Dropped.") }
    for output in translation.outputs {
      lines.append("Output: \(output.bridge) \(output.name) (port \(output.port))\(kind(output))")
      lines.append("  \(output.packet.summaryOfFlow)")
    }
    lines += translation.unknowns.map { "Unknown: \($0.text)" }
    return lines
  }

  private func kind(_ output: SwitchOutput) -> String {
    switch output.kind {
    case .device, .internal: ""
    case .tunnel(let type, let metadata, _):
      ", \(type) tun_id=0x\(String(metadata.id, radix: 16))"
        + (metadata.destination.map { " to \($0)" } ?? "")
    case .controller(let reason): ", to the controller: \(reason)"
    }
  }

  private func append(_ step: PipelineStep, indent: Int, to lines: inout [String]) {
    let space = String(repeating: " ", count: indent)
    var inner = indent + 4
    switch step.kind {
    case .bridge(let name, _):
      lines += [
        space + "bridge(\"\(name)\")",
        space + String(repeating: "-", count: name.rawValue.count + 10),
      ]
      inner = indent
    case .lookup(let lookup): lines.append(space + text(lookup))
    case .action(let action): lines.append(space + "\(action)")
    case .actionSet: lines.append(space + "action set:")
    case .bucket(let id): lines.append(space + "bucket \(id):")
    case .recirculation(let again):
      lines += [
        "",
        space + "recirculated: ct_state=\(again.state),ct_zone=\(again.zone),"
          + "ct_mark=0x\(String(again.mark, radix: 16)), table \(again.table)",
      ]
      inner = indent
    case .event(let event): lines.append(space + " -> \(event.text)")
    case .error(let error): lines.append(space + ">> \(error.text) <<")
    }
    for child in step.steps { append(child, indent: inner, to: &lines) }
  }

  private func text(_ lookup: TableLookup) -> String {
    let number = lookup.table < 10 ? " \(lookup.table)" : "\(lookup.table)"
    guard let flow = lookup.flow else { return "\(number). No match." }
    let match = "\(flow.match)"
    let place = facts.file(flow.evidence.file).map { "  [\($0.path):\(flow.evidence.line)]" } ?? ""
    return "\(number). " + (match.isEmpty ? "" : match + ", ") + "priority \(flow.priority)"
      + (flow.cookie == 0 ? "" : ", cookie 0x\(String(flow.cookie, radix: 16))") + place
  }
}

extension Packet {
  /// In the words of a flow: `ip,dl_vlan=3,dl_src=…,nw_src=…`.
  fileprivate var summaryOfFlow: String {
    var words = ["dl_src=\(ethSrc)", "dl_dst=\(ethDst)"]
    if let tag = vlans.outer { words.append("dl_vlan=\(tag.id),dl_vlan_pcp=\(tag.priority)") }
    words.append("dl_type=0x\(String(etherType, radix: 16))")
    if let source { words.append("nw_src=\(source)") }
    if let destination { words.append("nw_dst=\(destination)") }
    if isARP { words.append("arp_op=\(arpOperation)") }
    if isIP { words.append("nw_proto=\(ipProtocol)") }
    if isIP { words.append("nw_tos=\(tos & 0xfc),nw_ttl=\(ttl)") }
    if hasPorts || isICMP { words.append("tp_src=\(sourcePort),tp_dst=\(destinationPort)") }
    return words.joined(separator: ",")
  }
}
