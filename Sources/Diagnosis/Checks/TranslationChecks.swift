// NAT of routers: SNAT of the gateway, DNAT and SNAT of floating IPs, port forwardings. Source:
// neutron/agent/l3/{router_info,dvr_local_router,dvr_edge_router,extensions/port_forwarding}.py.
import DataPlane
import Facts
import LogicalModel
import Netfilter
import NetworkTypes

extension Inspection {
  func translation(_ part: RouterPart) -> [Deviation] {
    guard let rules = FilterView(part.space, .ipv4, "nat") else { return [] }
    var found: [Deviation] = []
    if part.holdsGateway {
      found += gatewayTranslation(part, rules)
      for floating in centralFloatingIPs(part) where floating.fixedAddress != nil {
        found += floatingTranslation(floating, part, rules, inDevice: nil)
      }
      found += forwardings(part, rules)
    } else if let link = floatingLink(of: part) {
      for floating in localFloatingIPs(of: part) {
        found += floatingTranslation(floating, part, rules, inDevice: link.near)
      }
    }
    return found
  }

  // MARK: the gateway's SNAT

  private func gatewayTranslation(_ part: RouterPart, _ rules: FilterView) -> [Deviation] {
    guard let gateway = part.router.gateway, gateway.isSNATEnabled != false,
      let address = gateway.addresses.first(where: { $0.family == .ipv4 }),
      let device = device(.gateway, gateway.port), part.space.devices[device] != nil,
      isSNATWanted(part)
    else { return [] }
    let same = rules.all.filter { rule in
      rule.translatedSource != nil
        && rule.matches.contains(IPTablesMatch(.outInterface(InterfacePattern(device.rawValue))))
    }
    if same.contains(where: { $0.translatedSource == address }) { return [] }
    let chain = NeutronPipeline.routerChain("snat")
    let text = "-o \(device) -j SNAT --to-source \(address) --random-fully"
    // Before the rule for what was translated to a local address comes that for the gateway.
    let position = rules.chain(chain)?.rules.firstIndex { rule in
      PlacedRule(chain: chain, rule: rule).translatedSource != nil
    }
    return [
      ruleDeviation(
        same.isEmpty ? .snatRuleMissing : .snatRuleWrong, chain, text, replacing: same,
        at: position, part, rules,
        object: "\(part.place.namespace) \(chain) -o \(device)",
        same.isEmpty
          ? "does not translate what leaves through \(device) to \(address)"
          : "translates what leaves through \(device) to "
            + "\(same[0].translatedSource.map { "\($0)" } ?? "nothing") in place of \(address)")
    ].compactMap { $0 }
  }

  /// `enable_snat` as Neutron's API has it, never as inferred from the rules themselves.
  private func isSNATWanted(_ part: RouterPart) -> Bool {
    guard let record = facts.neutron.routers.records.first(where: { $0.id == part.router.id })
    else { return false }
    return record.gateway?.isSNATEnabled ?? true
  }

  // MARK: floating IPs

  private func floatingTranslation(
    _ floating: FloatingIP, _ part: RouterPart, _ rules: FilterView, inDevice: InterfaceName?
  ) -> [Deviation] {
    guard let fixed = floating.fixedAddress else { return [] }
    var found: [Deviation] = []
    let inbound = rules.all.filter {
      $0.translatedDestination != nil && $0.destinationHost == floating.address
        && !$0.looksAtPorts && $0.chainIsInput
    }
    if !inbound.contains(where: { $0.translatedDestination == fixed }) {
      let chain = NeutronPipeline.routerChain("PREROUTING")
      let device = inDevice.map { " -i \($0)" } ?? ""
      let text = "-d \(floating.address)/32\(device) -j DNAT --to-destination \(fixed)"
      let other = inbound.first?.translatedDestination
      found += [
        ruleDeviation(
          other == nil ? .dnatRuleMissing : .dnatRuleWrong, chain, text, replacing: inbound,
          at: nil, part, rules,
          object: "\(part.place.namespace) \(chain) -d \(floating.address)",
          other.map {
            "translates floating IP \(floating.address) to \($0) in place of \(fixed)"
          } ?? "does not translate floating IP \(floating.address) to \(fixed)",
          port: floating.port)
      ].compactMap { $0 }
    }
    let outbound = rules.all.filter {
      $0.translatedSource != nil && $0.sourceHost == fixed
    }
    if !outbound.contains(where: { $0.translatedSource == floating.address }) {
      let chain = NeutronPipeline.routerChain("float-snat")
      let text = "-s \(fixed)/32 -j SNAT --to-source \(floating.address) --random-fully"
      let other = outbound.first?.translatedSource
      found += [
        ruleDeviation(
          other == nil ? .snatRuleMissing : .snatRuleWrong, chain, text, replacing: outbound,
          at: nil, part, rules, object: "\(part.place.namespace) \(chain) -s \(fixed)",
          other.map {
            "translates what \(fixed) sends to \($0) in place of its floating IP "
              + "\(floating.address)"
          } ?? "does not translate what \(fixed) sends to its floating IP \(floating.address)",
          port: floating.port)
      ].compactMap { $0 }
    }
    return found
  }

  // MARK: port forwardings

  private func forwardings(_ part: RouterPart, _ rules: FilterView) -> [Deviation] {
    model.portForwardings.filter {
      $0.origin.contains(.api) && $0.router == part.router.id
    }.compactMap { forwarding in
      guard let target = forwarding.internalAddress, let ports = forwarding.externalPorts,
        !rules.all.contains(where: { rule in
          rule.destinationHost == forwarding.address && rule.translatedDestination == target
            && rule.matches.contains(IPTablesMatch(.ports(.destination, ports)))
        })
      else { return nil }
      let own = (forwarding.floatingIP?.rawValue).map {
        NeutronPipeline.routerChain("pf-\($0.prefix(8))")
      }
      let chain =
        own.flatMap { rules.chain($0) != nil ? $0 : nil }
        ?? (rules.chain(NeutronPipeline.routerChain("fip-pf")) != nil
          ? NeutronPipeline.routerChain("fip-pf") : NeutronPipeline.routerChain("PREROUTING"))
      let inner = (forwarding.internalPorts ?? ports).description
      let text =
        "-d \(forwarding.address)/32 -p \(forwarding.protocolName) -m \(forwarding.protocolName) "
        + "--dport \(ports.description.replacing("-", with: ":")) -j DNAT --to-destination "
        + "\(target):\(inner)"
      return ruleDeviation(
        .portForwardingMissing, chain, text, replacing: [], at: nil, part, rules,
        object: "\(part.place.namespace) \(chain) -d \(forwarding.address) --dport \(ports)",
        "does not forward \(forwarding.protocolName) port \(ports) of \(forwarding.address) to "
          + "\(target):\(inner)", port: forwarding.port)
    }
  }

  // MARK: the deviation

  private func ruleDeviation(
    _ code: CauseCode, _ chain: NetfilterChainName, _ text: String, replacing old: [PlacedRule],
    at position: Int?, _ part: RouterPart, _ rules: FilterView, object: String, _ what: String,
    port: PortID? = nil
  ) -> Deviation? {
    let place = FilterChain(.ipv4, "nat", chain)
    guard let rule = LineParsing.filterRule(text, in: place) else { return nil }
    let key = part.space.key
    let command = rules.command(key)
    let verb = position.map { "-I \(chain) \($0 + 1)" } ?? "-A \(chain)"
    let removals = old.map { FixCommand(key.node, "\(command) -t nat \($0.rule.deletion)") }
    return Deviation(
      code, node: key.node, namespace: key.namespace, object: object,
      "\(key.namespace) on \(key.node) \(what)",
      evidence: old.isEmpty
        ? rules.chain(chain).map { [$0.evidence] } ?? [] : old.map(\.rule.evidence),
      changes: old.map { .removeFilterRule(key, FilterChain(.ipv4, "nat", $0.chain), $0.rule) }
        + [.insertFilterRule(key, place, rule, position: position)],
      fix: Fix(
        [
          Ways.rebuild(part.router.id),
          removals + [FixCommand(key.node, "\(command) -t nat \(verb) \(text)")],
          Ways.restart(Ways.l3Agent, on: key.node),
        ],
        note: "disabling a router for a moment stops all of its traffic; the second way touches "
          + "this translation only"), port: port)
  }
}
