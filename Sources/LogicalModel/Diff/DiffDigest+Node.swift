// What a node holds as comparable records: wiring, namespaces, rules, flows, daemons' files.
import Facts
import NetworkTypes

extension DiffDigest {
  mutating func add(_ node: NodeFacts) {
    addSwitch(node)
    addProcesses(node)
    let namespaces = DiffScope(category: .namespaces, node: node.name)
    open(namespaces)
    for name in node.namespaces.keys where name != .root {
      add(namespaces, name.rawValue, "there")
    }
    for (_, namespace) in node.namespaces { add(namespace, of: node.name) }
    addFiles(node)
  }

  private func describe(_ options: [String: String]) -> String {
    options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
  }

  /// Ports by name: row ids and OpenFlow numbers change whenever one is plugged anew.
  private mutating func addSwitch(_ node: NodeFacts) {
    let scope = DiffScope(category: .switchPorts, node: node.name)
    if let database = records(of: node.openVSwitch.database, scope)?.first {
      for attachment in NodeIndex(node).attachments {
        let interface = attachment.interface
        let port = attachment.port
        var words = [interface.type.isEmpty ? "system" : interface.type]
        words.append(port?.tag.map { "tag \($0)" } ?? "no tag")
        if let trunks = port?.trunks, !trunks.isEmpty { words.append("trunks \(trunks)") }
        if let mode = port?.vlanMode { words.append(mode) }
        if !interface.options.isEmpty { words.append(describe(interface.options)) }
        if let id = attachment.portID { words.append("port \(id)") }
        if let error = interface.error { words.append("error: \(error)") }
        if interface.ofport.map({ $0 < 0 }) == true { words.append("not opened") }
        add(
          scope, "\(attachment.bridge?.rawValue ?? "no bridge") \(interface.name)",
          words.joined(separator: ", "))
      }
      for bridge in database.bridges {
        add(
          scope, "bridge \(bridge.name)",
          "fail mode \(bridge.failMode ?? "standalone"), \(bridge.controllers.count) controllers")
      }
    }
    for (name, bridge) in node.openVSwitch.bridges { add(bridge, name, node.name) }
  }

  private mutating func add(
    _ bridge: SwitchBridgeFacts, _ name: BridgeName, _ node: NodeName
  ) {
    let flows = DiffScope(category: .flows, node: node, place: name.rawValue)
    for var flow in records(of: bridge.flows, flows) ?? [] {
      // Learned ones come and go.
      guard flow.hardTimeoutSeconds == 0, flow.idleTimeoutSeconds == 0 else { continue }
      flow.cookie = 0
      flow.actions = flow.actions.map(\.withoutCookie)
      let match = flow.match.description
      add(
        flows,
        "table=\(flow.table), priority=\(flow.priority)" + (match.isEmpty ? "" : ",\(match)"),
        actions(of: flow))
    }
    let groups = DiffScope(category: .groups, node: node, place: name.rawValue)
    for group in records(of: bridge.groups, groups) ?? [] {
      add(groups, "group \(group.id)", group.description)
    }
  }

  private func actions(of flow: FlowEntry) -> String {
    let text = flow.description
    guard let start = text.firstRange(of: " actions=") else { return text }
    return String(text[start.upperBound...])
  }

  /// Daemons that carry or steer packets, by what they serve.
  private mutating func addProcesses(_ node: NodeFacts) {
    let scope = DiffScope(category: .processes, node: node.name)
    for process in records(of: node.processes, scope) ?? [] {
      let words = process.arguments.split(separator: " ")
      let program = words.first?.split(separator: "/").last.map(String.init) ?? ""
      if let line = DnsmasqCommandLine(process: process.arguments) {
        let network = DnsmasqPaths.network(of: line)?.rawValue ?? ""
        add(scope, "dnsmasq \(network)", process.arguments)
      } else if ["haproxy", "keepalived", "radvd", "ovs-vswitchd", "ovsdb-server"]
        .contains(program)
      {
        add(scope, process.arguments, "runs")
      }
    }
  }

  private mutating func add(_ namespace: NamespaceFacts, of node: NodeName) {
    func scope(_ category: DiffCategory, _ suffix: String = "") -> DiffScope {
      DiffScope(
        category: category, node: node,
        place: namespace.name.rawValue + (suffix.isEmpty ? "" : " \(suffix)"))
    }
    for link in records(of: namespace.links, scope(.devices)) ?? [] {
      var words = [link.isUp ? "up" : "down", "MTU \(link.mtuBytes)"]
      if let mac = link.address { words.append("MAC \(mac)") }
      if let master = link.master { words.append("in \(master)") }
      add(scope(.devices), link.name.rawValue, words.joined(separator: ", "))
    }
    for address in records(of: namespace.addresses, scope(.addresses)) ?? [] {
      add(scope(.addresses), address.interface.rawValue, address.address)
    }
    for section in [namespace.routes4, namespace.routes6] {
      for route in records(of: section, scope(.routes)) ?? []
      where route.table != .local && route.type != .multicast && route.type != .local {
        let hops = route.nextHops.map { hop in
          [hop.gateway.map { "via \($0)" }, hop.interface.map { "dev \($0)" }]
            .compactMap { $0 }.joined(separator: " ")
        }
        add(
          scope(.routes), "table \(route.table) \(route.destination)",
          hops.joined(separator: ", ") + (route.metric == 0 ? "" : " metric \(route.metric)"))
      }
    }
    for section in [namespace.rules4, namespace.rules6] {
      for rule in records(of: section, scope(.routingRules)) ?? [] {
        add(scope(.routingRules), describe(rule), "there")
      }
    }
    for neighbour in records(of: namespace.neighbours, scope(.neighbours)) ?? []
    where neighbour.states.contains("PERMANENT") {
      add(
        scope(.neighbours), "\(neighbour.address) dev \(neighbour.interface)", neighbour.mac)
    }
    for sysctl in records(of: namespace.sysctls, scope(.sysctls)) ?? []
    where !sysctl.name.hasSuffix("_count") {
      add(scope(.sysctls), sysctl.name, sysctl.value)
    }
    addFilters(namespace, scope)
  }

  private func describe(_ rule: RoutingRule) -> String {
    var words = ["priority \(rule.priority)"]
    if rule.isInverted { words.append("not") }
    if let source = rule.source { words.append("from \(source)") }
    if let destination = rule.destination { words.append("to \(destination)") }
    if let interface = rule.inputInterface { words.append("iif \(interface)") }
    if let interface = rule.outputInterface { words.append("oif \(interface)") }
    if let mark = rule.mark { words.append("mark \(mark)/\(rule.markMask)") }
    words += rule.unrecognised
    switch rule.action {
    case .lookup(let table): words.append("lookup \(table)")
    default: words.append("\(rule.action)")
    }
    return words.joined(separator: " ")
  }

  private mutating func addFilters(
    _ namespace: NamespaceFacts, _ scope: (DiffCategory, String) -> DiffScope
  ) {
    let sections = [
      namespace.iptables4, namespace.iptables4Legacy, namespace.iptables6,
      namespace.iptables6Legacy,
    ]
    for section in sections where section.isKnown {
      for table in section.records {
        let own = scope(.filterRules, "IPv\(table.family.rawValue) \(table.name)")
        open(own)
        for chain in table.chains {
          if let policy = chain.policy { add(own, "policy of \(chain.name)", "\(policy)") }
          for rule in chain.rules { add(own, rule.text, "there") }
        }
      }
    }
    for set in records(of: namespace.ipsets, scope(.sets, "")) ?? [] {
      add(scope(.sets, ""), "set \(set.name)", "type \(set.type)")
      for member in set.members {
        add(
          scope(.sets, ""), "set \(set.name)",
          member.elements.map(describe).joined(separator: ","))
      }
    }
  }

  private func describe(_ element: IPSetElement) -> String {
    switch element {
    case .network(let prefix): prefix.isHost ? prefix.address.description : prefix.description
    case .mac(let mac): mac.description
    default: "\(element)"
    }
  }

  private mutating func addFiles(_ node: NodeFacts) {
    for (network, files) in node.files.dnsmasq {
      let scope = DiffScope(category: .files, node: node.name, place: "dnsmasq \(network)")
      for host in records(of: files.hosts, scope) ?? [] {
        add(
          scope, "host \(host.macs.map(\.description).joined(separator: " "))",
          host.addresses.map(\.description).joined(separator: " "))
      }
      for option in records(of: files.options, scope) ?? [] {
        add(
          scope, "option \(option.tags.joined(separator: ",")) \(option.code)",
          option.values.joined(separator: ","))
      }
    }
    for (router, section) in node.files.keepalived {
      let scope = DiffScope(category: .files, node: node.name, place: "keepalived \(router)")
      guard records(of: section, scope) != nil else { continue }
      for instance in section.instances {
        for address in instance.virtualAddresses + instance.excludedAddresses {
          add(scope, instance.name, "\(address.address)")
        }
      }
    }
    for (path, section) in node.files.configurations {
      let scope = DiffScope(category: .files, node: node.name, place: path)
      for option in records(of: section, scope) ?? [] {
        add(scope, "[\(option.section)] \(option.key)", option.value)
      }
    }
  }
}

extension FlowAction {
  /// An agent's cookie is in the flows that its flows learn, too.
  fileprivate var withoutCookie: FlowAction {
    guard case .learn(var action) = self else { return self }
    action.cookie = 0
    return .learn(action)
  }
}
