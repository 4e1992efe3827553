// For a packet that intent lets pass at a port: the filter rule or flows of it that the node may lack.
// Asked for one question only; the search tries whether it helps.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  /// What the agent would have to add at a port for a packet that its groups allow.
  func securityRules(at hop: FilteredHop) -> [Deviation] {
    guard let port = model.port(hop.port), let rule = hop.rule,
      let location = port.locations.first, let view = nodes[location.node]
    else { return [] }
    if location.linuxBridge != nil || location.switchPort?.rawValue.hasPrefix("qvo") == true {
      return hypotheses(hybridRule(rule, hop, port, view))
    }
    return hypotheses(flows(for: rule, hop, port, view))
  }

  private func hypotheses(_ deviation: Deviation?) -> [Deviation] {
    guard var deviation else { return [] }
    deviation.strength = .hypothesis
    return [deviation]
  }

  // MARK: iptables

  private func hybridRule(
    _ rule: NeutronSecurityGroupRule, _ hop: FilteredHop, _ port: Port, _ view: NodeView
  ) -> Deviation? {
    guard let root = view.node.namespaces[.root],
      let filter = FilterView(root, hop.flow.family, "filter")
    else { return nil }
    let chain = NeutronPipeline.chain(hop.direction == .ingress ? "i" : "o", of: port.id)
    guard let present = filter.chain(chain) else { return nil }
    let text = ruleText(rule, hop)
    // What a rule that is there lacks (a set's member) is named where it is lacking.
    let isThere = present.rules.contains { held in
      held.text.hasSuffix(text) || rule.remoteGroup.map(held.looksUp) ?? false
    }
    if isThere { return nil }
    return chainDeviation(
      .securityRuleMissing, chain, text, port, root, filter,
      "chain \(chain) on \(view.name) lacks security group rule \(short(rule)) of "
        + "\(model.title(of: port)): \(hop.flow.protocolText) "
        + (hop.direction == .ingress ? "from \(hop.flow.source)" : "to \(hop.flow.destination)"))
  }

  private func short(_ rule: NeutronSecurityGroupRule) -> String { String(rule.id.prefix(8)) }

  /// The rule as the agent writes it; a remote group as the one address that is asked about.
  func ruleText(_ rule: NeutronSecurityGroupRule, _ hop: FilteredHop) -> String {
    var words: [String] = []
    let flag = hop.direction == .ingress ? "-s" : "-d"
    let remote = hop.direction == .ingress ? hop.flow.source : hop.flow.destination
    if let prefix = rule.remotePrefix, prefix.length > 0 {
      words.append("\(flag) \(prefix)")
    } else if rule.remoteGroup != nil || rule.remoteAddressGroup != nil {
      words.append("\(flag) \(IPPrefix(host: remote))")
    }
    if rule.protocolName != nil {
      switch hop.flow.ipProtocol {
      case IPProtocol.tcp: words.append("-p tcp")
      case IPProtocol.udp: words.append("-p udp")
      case IPProtocol.icmp: words.append("-p icmp")
      case IPProtocol.icmp6: words.append("-p ipv6-icmp")
      default: words.append("-p \(hop.flow.ipProtocol)")
      }
      words += portWords(rule, hop.flow)
    }
    return (words + ["-j RETURN"]).joined(separator: " ")
  }

  private func portWords(_ rule: NeutronSecurityGroupRule, _ flow: FlowIntent) -> [String] {
    guard let first = rule.portMinimum, flow.destinationPort != nil else { return [] }
    let name = flow.ipProtocol == IPProtocol.tcp ? "tcp" : "udp"
    let last = rule.portMaximum ?? first
    if first == last { return ["-m \(name) --dport \(first)"] }
    return ["-m \(name) -m multiport --dports \(first):\(last)"]
  }

  // MARK: flows

  private func flows(
    for rule: NeutronSecurityGroupRule, _ hop: FilteredHop, _ port: Port, _ view: NodeView
  ) -> Deviation? {
    guard view.hasFlows(view.integration),
      let placed = view.interface(of: port.id, on: view.integration),
      let number = placed.interface.ofport, number > 0
    else { return nil }
    let isIn = hop.direction == .ingress
    let table = isIn ? 82 : 72
    guard let flows = ruleFlows(rule, hop, port, view) else { return nil }
    let key = view.bridgeKey(view.integration)
    if flows.allSatisfy({ flow in view.flows(key.bridge).contains { $0.isSame(as: flow) } }) {
      return nil
    }
    let code: CauseCode =
      rule.remoteGroup != nil ? .remoteGroupIncomplete : .securityRuleMissing
    let remoteText = isIn ? "from \(hop.flow.source)" : "to \(hop.flow.destination)"
    return Deviation(
      code, node: view.name,
      object: "\(key.bridge) table \(table) \(placed.interface.name)",
      "\(key.bridge) table \(table) on \(view.name) lacks flows of security group rule "
        + "\(short(rule)) for \(model.title(of: port)): \(hop.flow.protocolText) \(remoteText)",
      evidence: [placed.interface.evidence, rule.evidence],
      changes: flows.map { .addFlow(key, $0) },
      fix: Fix(
        [
          Ways.replug(port.id), Ways.restart(Ways.openVSwitchAgent, on: view.name),
          flows.map { Ways.flow(key, add: $0.commandText) },
        ], note: "touches this port only; the agent writes all its flows again"), port: port.id)
  }

  /// The two flows of a rule, for packets that begin a connection and for those that belong to one.
  func ruleFlows(
    _ rule: NeutronSecurityGroupRule, _ hop: FilteredHop, _ port: Port, _ view: NodeView
  ) -> [FlowEntry]? {
    guard let number = view.interface(of: port.id, on: view.integration)?.interface.ofport else {
      return nil
    }
    let isIn = hop.direction == .ingress
    let table = isIn ? 82 : 72
    let register = "reg5=0x\(String(number, radix: 16))"
    let match = [
      Self.protocolWord(rule, hop.flow), register, remoteWord(rule, hop), portWord(rule, hop.flow),
    ].compactMap { $0 }.joined(separator: ",")
    let onward =
      isIn
      ? ["output:\(number)", "ct(commit,zone=NXM_NX_REG6[0..15]),output:\(number),resubmit(,92)"]
      : ["resubmit(,73)", "resubmit(,73)"]
    let flows = [
      "table=\(table),priority=77,ct_state=+est-rel-rpl,\(match) actions=\(onward[0])",
      "table=\(table),priority=77,ct_state=+new-est,\(match) actions=\(onward[1])",
    ].compactMap { LineParsing.flow($0) }
    return flows.count == 2 ? flows : nil
  }

  private static func protocolWord(_ rule: NeutronSecurityGroupRule, _ flow: FlowIntent) -> String {
    let isV4 = flow.family == .ipv4
    guard rule.protocolName != nil else { return isV4 ? "ip" : "ipv6" }
    return switch flow.ipProtocol {
    case IPProtocol.tcp: isV4 ? "tcp" : "tcp6"
    case IPProtocol.udp: isV4 ? "udp" : "udp6"
    case IPProtocol.icmp: "icmp"
    case IPProtocol.icmp6: "icmp6"
    default: "\(isV4 ? "ip" : "ipv6"),nw_proto=\(flow.ipProtocol)"
    }
  }

  private func remoteWord(_ rule: NeutronSecurityGroupRule, _ hop: FilteredHop) -> String? {
    let isIn = hop.direction == .ingress
    let field =
      hop.flow.family == .ipv4
      ? (isIn ? "nw_src" : "nw_dst") : (isIn ? "ipv6_src" : "ipv6_dst")
    if let prefix = rule.remotePrefix { return prefix.length == 0 ? nil : "\(field)=\(prefix)" }
    guard rule.remoteGroup != nil || rule.remoteAddressGroup != nil else { return nil }
    return "\(field)=\(isIn ? hop.flow.source : hop.flow.destination)"
  }

  private func portWord(_ rule: NeutronSecurityGroupRule, _ flow: FlowIntent) -> String? {
    guard flow.ipProtocol == IPProtocol.tcp || flow.ipProtocol == IPProtocol.udp,
      rule.portMinimum != nil
    else { return nil }
    return flow.destinationPort.map { "tp_dst=\($0)" }
  }
}

extension IPTablesRule {
  /// It asks for the members of a remote group.
  fileprivate func looksUp(_ group: SecurityGroupID) -> Bool {
    matches.contains { match in
      guard case .set(let test) = match.test else { return false }
      return AddressFamily.allCases.contains {
        NeutronPipeline.setName(group, $0) == test.name
      }
    }
  }
}
