// DHCP servers and metadata proxies: do they run where they should, with the addresses, rules and
// entries that they need?
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  // MARK: DHCP

  func dhcpServers(of view: NodeView) -> [Deviation] {
    var found: [Deviation] = []
    for server in model.dhcpServers where server.node == view.name {
      guard isServed(server.network), let space = cloud.namespace(server.key) else { continue }
      found += process(of: server, space) + address(of: server, space)
      found += hosts(of: server, view)
    }
    return found + unserved(on: view)
  }

  private func isServed(_ network: NetworkID) -> Bool {
    model.subnets(of: network).contains { $0.isDHCPEnabled == true }
  }

  private func process(of server: DHCPServer, _ space: NamespaceModel) -> [Deviation] {
    let isListening = space.facts.sockets.records.contains {
      $0.transport == "udp" && $0.port == 67
    }
    guard server.isAlive == false || space.facts.sockets.isKnown && !isListening else { return [] }
    let files = facts.node(server.node)?.files.dnsmasq[server.network]
    return [
      Deviation(
        .dhcpServerDown, node: server.node, namespace: server.namespace,
        object: server.namespace.rawValue,
        "no dnsmasq runs in \(server.namespace) on \(server.node) for network "
          + title(server.network) + agentNote(server.node, Ways.dhcpAgent),
        evidence: (files?.pid.records.first).map { [$0.evidence] } ?? server.evidence,
        changes: [("udp", 67), ("udp", 53), ("tcp", 53)].map { transport, port in
          .listen(space.key, NewSocket(transport: transport, port: port, process: "dnsmasq"))
        }, fix: dhcpFix(server))
    ]
  }

  private func dhcpFix(_ server: DHCPServer) -> Fix {
    let agent = facts.neutron.dhcpAgents[server.network]?.records.first { record in
      model.node(server.node)?.hosts.contains(record.host) ?? false
    }
    let again = agent.map { agent in
      [
        FixCommand(
          nil,
          "openstack network agent remove network --dhcp \(Shell.word(agent.id)) "
            + Shell.word(server.network)),
        FixCommand(
          nil,
          "openstack network agent add network --dhcp \(Shell.word(agent.id)) "
            + Shell.word(server.network)),
      ]
    }
    return Fix(
      [again ?? [], Ways.restart(Ways.dhcpAgent, on: server.node)],
      note: "the agent starts its dnsmasqs again; leases stay as they are")
  }

  private func address(of server: DHCPServer, _ space: NamespaceModel) -> [Deviation] {
    guard let port = model.port(server.port), let device = server.interface,
      space.devices[device] != nil, space.facts.addresses.isKnown
    else { return [] }
    let held = space.addresses[device] ?? []
    return port.fixedIPs.filter { fixed in
      !held.contains { $0.address.address == fixed.address }
    }.map { fixed in
      let subnet = model.subnets(of: server.network).first { $0.cidr.contains(fixed.address) }
      let entry = InterfaceAddress(
        address: fixed.address,
        prefixLength: subnet?.cidr.length ?? fixed.address.family.width)
      return Deviation(
        .addressMissing, node: server.node, namespace: server.namespace,
        object: "\(device) \(fixed.address)",
        "\(device) in \(server.namespace) on \(server.node) lacks \(fixed.address)",
        evidence: space.devices[device].map { [$0.link.evidence] } ?? [],
        changes: [.addAddress(DeviceKey(space.key, device), entry)],
        fix: Fix(
          [
            [
              FixCommand(
                server.node,
                "\(Shell.inside(space.key))ip addr add \(entry) dev \(Shell.word(device))")
            ], Ways.restart(Ways.dhcpAgent, on: server.node),
          ], note: "touches DHCP of this network"), port: port.id)
    }
  }

  /// The host file has a line for each port with an address on a subnet with DHCP.
  private func hosts(of server: DHCPServer, _ view: NodeView) -> [Deviation] {
    guard let files = view.node.facts.files.dnsmasq[server.network], files.hosts.isKnown else {
      return []
    }
    let subnets = Dictionary(
      model.subnets(of: server.network).compactMap { subnet in subnet.id.map { ($0, subnet) } },
      uniquingKeysWith: { first, _ in first })
    var found: [Deviation] = []
    for port in model.ports(of: server.network) where port.owner == .server {
      guard let mac = port.mac else { continue }
      for fixed in port.fixedIPs where fixed.address.family == .ipv4 {
        guard let subnet = fixed.subnet.flatMap({ subnets[$0] }), subnet.isDHCPEnabled == true
        else { continue }
        let line = files.hosts.records.first { $0.macs.contains(mac) }
        if let line, line.addresses.contains(fixed.address), !line.isIgnored { continue }
        if let line, port.fixedIPs.contains(where: { line.addresses.contains($0.address) }) {
          continue
        }
        found.append(host(port, mac, fixed.address, line, server))
      }
    }
    return found
  }

  private func host(
    _ port: Port, _ mac: MACAddress, _ address: IPAddress, _ line: DnsmasqHost?,
    _ server: DHCPServer
  ) -> Deviation {
    let what =
      line.map { line in
        "gives \(mac) " + (line.addresses.first.map { "\($0)" } ?? "no address")
          + " in place of \(address)"
      } ?? "has no entry for \(mac) (\(address))"
    return Deviation(
      .dhcpHostMissing, node: server.node, namespace: server.namespace, object: "\(mac)",
      "the DHCP server of \(title(server.network)) on \(server.node) \(what)",
      evidence: line.map { [$0.evidence] } ?? server.evidence,
      changes: [.addDHCPHost(server.node, server.network, mac, address)],
      fix: Fix(
        [
          [
            FixCommand(
              nil,
              "openstack port set --name \(Shell.word(port.name.isEmpty ? port.label : port.name)) \(Shell.word(port.id))"
            )
          ],
          again(port, mac, address, server), Ways.restart(Ways.dhcpAgent, on: server.node),
        ], note: "any update of the port makes the agent write the file again"), port: port.id)
  }

  /// The entry by hand: dnsmasq reads the file again when it is told to.
  private func again(
    _ port: Port, _ mac: MACAddress, _ address: IPAddress, _ server: DHCPServer
  ) -> [FixCommand] {
    let files = facts.node(server.node)?.files.dnsmasq[server.network]
    guard let hosts = (files?.hosts.records.first).flatMap({ path(of: $0.evidence) }),
      let process = (files?.pid.records.first).flatMap({ path(of: $0.evidence) })
    else { return [] }
    let file = Shell.word(hosts)
    return [
      FixCommand(server.node, "sed -i '/^\(mac),/d' \(file)"),
      FixCommand(server.node, "echo '\(mac),\(address)' >> \(file)"),
      FixCommand(server.node, "kill -HUP \"$(cat \(Shell.word(process)))\""),
    ]
  }

  /// Where on its node a captured file lies.
  func path(of evidence: Evidence) -> String? {
    guard let path = facts.file(evidence.file)?.path, path.hasPrefix("files/") else { return nil }
    return String(path.dropFirst("files".count))
  }

  /// A network whose agent does not have its namespace.
  private func unserved(on view: NodeView) -> [Deviation] {
    let names = Set(model.node(view.name)?.hosts ?? []).union([view.name.rawValue])
    return facts.neutron.dhcpAgents.sorted { $0.key < $1.key }.compactMap { id, agents in
      guard let agent = agents.records.first(where: { names.contains($0.host) }), isServed(id),
        !model.dhcpServers.contains(where: {
          $0.node == view.name && $0.network == id && cloud.namespace($0.key) != nil
        })
      else { return nil }
      return Deviation(
        .namespaceMissing, node: view.name, object: "qdhcp-\(id)",
        "network \(title(id)) is served by \(view.name), which has no namespace for it"
          + agentNote(view.name, Ways.dhcpAgent), evidence: [agent.evidence], changes: [],
        fix: Fix(
          [Ways.restart(Ways.dhcpAgent, on: view.name)], note: "touches DHCP of this node"))
    }
  }

  // MARK: metadata

  func metadataProxies(of view: NodeView) -> [Deviation] {
    model.metadataProxies.filter { $0.node == view.name }.compactMap { proxy in
      guard let space = cloud.namespace(proxy.key), isWanted(proxy),
        space.facts.sockets.isKnown
      else { return nil }
      let config = metadataSettings(proxy)
      let sockets = config?.boundSockets ?? []
      let closed = sockets.filter { bound in
        !space.facts.sockets.records.contains {
          $0.transport == "tcp" && $0.port == bound.port
        }
      }
      guard !closed.isEmpty else { return nil }
      let ports = Set(closed.map(\.port)).sorted()
      let words = ports.map(String.init).joined(separator: ", ")
      let router: RouterID? = if case .router(let id) = proxy.scope { id } else { nil }
      let agent = router == nil ? Ways.dhcpAgent : Ways.l3Agent
      let file = config?.records.first.flatMap { path(of: $0.evidence) }
      let start = file.map {
        FixCommand(proxy.node, "\(Shell.inside(space.key))haproxy -f \(Shell.word($0))")
      }
      return Deviation(
        .metadataProxyDown, node: proxy.node, namespace: proxy.namespace,
        object: "haproxy \(proxy.namespace)",
        "no haproxy listens on \(words) in \(proxy.namespace) on \(proxy.node)"
          + agentNote(proxy.node, agent), evidence: proxy.evidence,
        changes: closed.map { bound in
          .listen(
            space.key,
            NewSocket(
              transport: "tcp", address: bound.address, port: bound.port, process: "haproxy"))
        },
        fix: Fix(
          [
            Ways.restart(agent, on: proxy.node), router.map { Ways.rebuild($0) } ?? [],
            start.map { [$0] } ?? [],
          ],
          note: "the agent starts the proxy again; traffic that passes the router is not touched"))
    }
  }

  func proxyID(_ proxy: MetadataProxy) -> String {
    switch proxy.scope {
    case .router(let id): id.rawValue
    case .network(let id): id.rawValue
    }
  }

  /// A router's or network's proxy that should run on this node.
  private func isWanted(_ proxy: MetadataProxy) -> Bool {
    guard case .router(let id) = proxy.scope, let router = model.router(id) else { return true }
    let place = router.places.first { $0.node == proxy.node && $0.part == .router }
    return place?.isActive != false
  }

  /// Mark, redirection and admission of requests for metadata in a router's namespace.
  func metadataRules(_ part: RouterPart) -> [Deviation] {
    guard part.place.part == .router,
      facts.node(part.place.node)?.files.metadataProxies[part.router.id.rawValue] != nil
    else { return [] }
    let port = NeutronPipeline.metadataPort
    let match = "-d 169.254.169.254/32 -i qr-+ -p tcp -m tcp --dport 80"
    let rules: [(NetfilterTableName, String, String, (PlacedRule) -> Bool)] = [
      (
        "nat", "PREROUTING", "\(match) -j REDIRECT --to-ports \(port)",
        { rule in
          if case .redirect? = rule.rule.target { rule.isForMetadata } else { false }
        }
      ),
      (
        "mangle", "PREROUTING", "\(match) -j MARK --set-xmark 0x1/0xffff",
        { rule in if case .mark? = rule.rule.target { rule.isForMetadata } else { false } }
      ),
      (
        "filter", "INPUT", "-m mark --mark 0x1/0xffff -j ACCEPT",
        { rule in
          rule.rule.target == .accept
            && rule.matches == [IPTablesMatch(.mark(NeutronPipeline.metadataMark))]
        }
      ),
    ]
    return rules.compactMap { table, suffix, text, isSame in
      guard let view = FilterView(part.space, .ipv4, table), !view.all.contains(where: isSame),
        view.chain(NeutronPipeline.routerChain(suffix)) != nil
      else { return nil }
      return metadataRule(table, NeutronPipeline.routerChain(suffix), text, view, part)
    }
  }

  private func metadataRule(
    _ table: NetfilterTableName, _ chain: NetfilterChainName, _ text: String, _ view: FilterView,
    _ part: RouterPart
  ) -> Deviation? {
    let place = FilterChain(.ipv4, table, chain)
    guard let rule = LineParsing.filterRule(text, in: place) else { return nil }
    let key = part.space.key
    return Deviation(
      .metadataRuleMissing, node: key.node, namespace: key.namespace,
      object: "\(key.namespace) \(table) \(chain)",
      "\(key.namespace) on \(key.node) lacks the rule `\(text)` in \(table) \(chain)",
      evidence: view.chain(chain).map { [$0.evidence] } ?? [],
      changes: [.insertFilterRule(key, place, rule, position: 0)],
      fix: Fix(
        [
          [FixCommand(key.node, "\(view.command(key)) -t \(table) -I \(chain) 1 \(text)")],
          Ways.restart(Ways.l3Agent, on: key.node),
        ], note: "touches requests for metadata through this router on \(key.node)"))
  }
}

extension PlacedRule {
  fileprivate var isForMetadata: Bool {
    destinationHost == .v4(IPv4Address(rawValue: 0xa9fe_a9fe))
  }
}
