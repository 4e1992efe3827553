// Flows that every port of a kind has and one lacks. What Neutron writes for each port differs only in
// the port's own number, MAC, addresses and VLAN: with these replaced by words, the flows of likes
// must be alike. So nothing of a release's pipeline has to be known here.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

/// A port's own values, and the words that stand for them.
private struct PortWords {
  let port: Port
  private var words: [String: String] = [:]
  private var values: [String: String] = [:]

  init(_ port: Port, number: Int, vlan: VLANID) {
    self.port = port
    let hex = "0x" + String(number, radix: 16)
    let hexVLAN = "0x" + String(vlan.rawValue, radix: 16)
    for prefix in ["in_port=", "output:"] { add("\(prefix)\(number)", "\(prefix){port}") }
    for (before, after) in [
      ("reg5=", ""), ("set_field:", "->reg5"), ("load:", "->NXM_NX_REG5[]"),
    ] {
      add("\(before)\(hex)\(after)", "\(before){port}\(after)")
    }
    add("dl_vlan=\(vlan)", "dl_vlan={vlan}")
    for (before, after) in [
      ("reg6=", ""), ("set_field:", "->reg6"), ("load:", "->NXM_NX_REG6[]"),
    ] {
      add("\(before)\(hexVLAN)\(after)", "\(before){vlan}\(after)")
    }
    if let mac = port.mac {
      for prefix in ["dl_src=", "dl_dst=", "arp_sha=", "nd_sll="] {
        add("\(prefix)\(mac)", "\(prefix){mac}")
      }
      addAddress(.v6(IPv6Address(linkLocal: mac)), "{link-local}")
    }
    if let address = port.addresses.first(where: { $0.family == .ipv4 }) {
      addAddress(address, "{address}")
    }
  }

  private mutating func add(_ value: String, _ word: String) {
    words[value] = word
    values[word] = value
  }
  private mutating func addAddress(_ address: IPAddress, _ word: String) {
    for prefix in ["nw_src=", "nw_dst=", "arp_spa=", "arp_tpa=", "ipv6_src=", "nd_target="] {
      add("\(prefix)\(address)", "\(prefix)\(word)")
    }
  }

  /// Nil where the flow names nothing of the port.
  func template(_ tokens: [Substring]) -> String? {
    var isMine = false
    let parts = tokens.map { token -> String in
      guard let word = words[String(token)] else { return String(token) }
      isMine = isMine || word.contains("{port}") || word.contains("{mac}")
      return word
    }
    return isMine ? parts.joined(separator: " ") : nil
  }

  /// The template with this port's values; nil where it does not have one.
  func text(_ template: String) -> String? {
    var result: [String] = []
    for token in template.split(separator: " ") {
      if token.contains("{") {
        guard let value = values[String(token)] else { return nil }
        result.append(value)
      } else {
        result.append(String(token))
      }
    }
    return result.joined(separator: " ")
  }
}

extension Inspection {
  private enum Kind: Hashable { case filtered, unfiltered }

  /// Flows that the port lacks on its node and at least two of its kind there have, and all of them.
  func portFlows(of port: Port) -> [Deviation] {
    guard let location = port.locations.first, let view = nodes[location.node],
      view.hasFlows(view.integration), let words = words(of: port, view)
    else { return [] }
    let kind = kind(of: port)
    let likes = model.ports.filter { other in
      other.id != port.id && other.owner == port.owner && self.kind(of: other) == kind
        && other.locations.contains { $0.node == view.name }
    }.compactMap { self.words(of: $0, view) }
    guard likes.count >= 2 else { return [] }
    let lines = view.flows(view.integration).filter {
      $0.hardTimeoutSeconds == 0 && $0.table != 72 && $0.table != 82 && $0.table != 92
    }.map { flow in Self.tokens(flow) }
    func templates(_ words: PortWords) -> Set<String> { Set(lines.compactMap(words.template)) }
    let own = templates(words)
    var common = templates(likes[0])
    for other in likes.dropFirst() { common.formIntersection(templates(other)) }
    let missing = common.subtracting(own).sorted()
    guard !missing.isEmpty else { return [] }
    let flows = missing.compactMap { template in
      words.text(template).flatMap { LineParsing.flow(Self.joined($0)) }
    }
    return [deviation(port, flows, view)]
  }

  private func kind(of port: Port) -> Kind {
    let isFiltered =
      port.owner == .server && !SecurityIntent(facts: facts, model: model).isUnfiltered(port)
    return isFiltered ? .filtered : .unfiltered
  }

  private func words(of port: Port, _ view: NodeView) -> PortWords? {
    guard let placed = view.interface(of: port.id, on: view.integration),
      let number = placed.interface.ofport, number > 0, let network = port.network,
      let vlan = view.localVLANs[network]
    else { return nil }
    return PortWords(port, number: number, vlan: vlan)
  }

  /// `table=60`, `priority=100`, …; the actions behind one word that names them.
  private static func tokens(_ flow: FlowEntry) -> [Substring] {
    var plain = flow
    plain.cookie = 0
    plain.flags = []
    let text = "\(plain)".replacing(" actions=", with: ", ACTIONS, ")
    return text.split { $0 == "," || $0 == " " }
  }

  private static func joined(_ text: String) -> String {
    let parts = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    guard let middle = parts.firstIndex(of: "ACTIONS") else { return text }
    return parts[..<middle].joined(separator: ",") + " actions="
      + parts[(middle + 1)...].joined(separator: ",")
  }

  private func deviation(_ port: Port, _ flows: [FlowEntry], _ view: NodeView) -> Deviation {
    let key = view.bridgeKey(view.integration)
    let tables = Set(flows.map(\.table)).sorted().map(String.init).joined(separator: ", ")
    let name = view.interface(of: port.id, on: view.integration)?.interface.name.rawValue ?? ""
    return Deviation(
      .portFlowsMissing, .likeness, node: view.name, object: "\(key.bridge) \(name)",
      "\(key.bridge) on \(view.name) lacks \(flows.count) flow\(flows.count == 1 ? "" : "s") of "
        + "\(name) (table\(Set(flows.map(\.table)).count == 1 ? "" : "s") \(tables)) that all its "
        + "likes there have" + agentNote(view.name),
      evidence: model.port(port.id)?.locations.first?.evidence ?? [],
      changes: flows.map { .addFlow(key, $0) },
      fix: Fix(
        [
          Ways.replug(port.id), Ways.restart(Ways.openVSwitchAgent, on: view.name),
          flows.map { Ways.flow(key, add: $0.commandText) },
        ], note: "touches this port only; the agent writes all its flows again"), port: port.id)
  }
}
