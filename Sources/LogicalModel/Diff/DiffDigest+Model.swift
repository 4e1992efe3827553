// The logical part of a snapshot as comparable records: one a property, keyed by the object.
import Facts
import NetworkTypes

extension DiffDigest {
  init(_ facts: CloudFacts) {
    let model = CloudModel(facts)
    addNodes(model)
    if model.hasAPI {
      addNetworks(model)
      addPorts(model)
      addRouters(model)
      addFloatingIPs(model)
      addSecurityGroups(model)
      addTrunks(model)
    }
    addServers(model)
    addAgents(model)
    open(DiffScope(category: .findings))
    for finding in Drift.findings(model, facts) {
      add(
        DiffScope(category: .findings, node: finding.node), finding.text,
        finding.severity.rawValue)
    }
    for node in facts.nodes { add(node) }
  }

  private mutating func add(
    _ category: DiffCategory, _ title: String, _ properties: [(String, String?)]
  ) {
    let scope = DiffScope(category: category)
    for (name, value) in properties {
      guard let value, !value.isEmpty else { continue }
      add(scope, "\(title): \(name)", value)
    }
  }
  private func list(_ items: some Sequence<some CustomStringConvertible>) -> String {
    items.map(\.description).sorted().joined(separator: ", ")
  }
  private func words(_ flag: Bool?) -> String? { flag.map { $0 ? "yes" : "no" } }

  private mutating func addNodes(_ model: CloudModel) {
    open(DiffScope(category: .nodes))
    for node in model.nodes {
      add(
        .nodes, node.name.rawValue,
        [
          ("there", "yes"), ("tunnel address", node.tunnelAddress?.description),
          ("bridge mappings", list(node.bridgeMappings.map { "\($0.key)=\($0.value)" })),
          ("firewall driver", node.firewallDriver), ("L3 mode", node.l3Mode),
          ("datapath", node.datapathType),
        ])
    }
  }

  /// A name alone tells no two of one name apart.
  private func title(_ label: String, _ id: String) -> String {
    let short = String(id.prefix(8))
    return label == short ? label : "\(label) (\(short))"
  }

  private mutating func addNetworks(_ model: CloudModel) {
    open(DiffScope(category: .networks))
    open(DiffScope(category: .subnets))
    for network in model.networks where network.origin.contains(.api) {
      let segments = network.segments.map { segment in
        [segment.networkType, segment.physicalNetwork, segment.segmentationID.map { "\($0)" }]
          .compactMap { $0 }.joined(separator: " ")
      }
      add(
        .networks, title(network.label, network.id.rawValue),
        [
          ("there", "yes"), ("segments", list(segments)),
          ("MTU", network.mtuBytes.map { "\($0)" }), ("status", network.status),
          ("admin up", words(network.isAdminUp)), ("shared", words(network.isShared)),
          ("external", words(network.isExternal)),
        ])
    }
    for subnet in model.subnets where subnet.origin.contains(.api) {
      add(
        .subnets, title(subnet.label, subnet.id?.rawValue ?? ""),
        [
          ("range", subnet.cidr.description), ("gateway", subnet.gateway?.description),
          ("DHCP", words(subnet.isDHCPEnabled)), ("name servers", list(subnet.dnsServers)),
          ("routes", list(subnet.hostRoutes.map { "\($0.destination) via \($0.nextHop)" })),
        ])
    }
  }

  private mutating func addPorts(_ model: CloudModel) {
    open(DiffScope(category: .ports))
    for port in model.ports where port.origin.contains(.api) {
      let groups = port.securityGroups.map { model.securityGroup($0)?.label ?? $0.rawValue }
      let title = title(model.title(of: port), port.id.rawValue)
      add(
        .ports, title,
        [
          ("there", "yes"), ("network", model.network(port.network)?.label),
          ("MAC", port.mac?.description), ("addresses", list(port.addresses)),
          ("status", port.status), ("admin up", words(port.isAdminUp)),
          ("bound to", port.boundHost), ("owner", port.owner.description),
          ("security groups", list(groups)),
          ("port security", words(port.isPortSecurityEnabled)),
          ("address pairs", list(port.allowedAddressPairs.map { "\($0.prefix)" })),
        ])
      for location in port.locations {
        add(
          .ports, "\(title) on \(location.node)",
          [
            (
              "plugged",
              [
                location.interface.rawValue, location.linuxBridge?.rawValue,
                location.bridge?.rawValue,
              ].compactMap { $0 }.joined(separator: " → ")
            ),
            ("local VLAN", location.tag?.description),
          ])
      }
    }
  }

  private mutating func addServers(_ model: CloudModel) {
    open(DiffScope(category: .servers))
    for server in model.servers {
      add(
        .servers, title(server.label, server.id.rawValue),
        [
          ("node", server.node?.rawValue), ("running", words(server.isRunning)),
          ("flavor", server.flavor),
        ])
    }
  }

  private mutating func addRouters(_ model: CloudModel) {
    open(DiffScope(category: .routers))
    for router in model.routers where router.origin.contains(.api) {
      let gateway = router.gateway.map {
        "\(model.network($0.network)?.label ?? "?") \(list($0.addresses))"
      }
      add(
        .routers, title(router.label, router.id.rawValue),
        [
          ("mode", router.mode.description), ("status", router.status),
          ("admin up", words(router.isAdminUp)),
          ("interfaces", list(router.interfaces.flatMap(\.addresses))), ("gateway", gateway),
          ("SNAT", words(router.gateway?.isSNATEnabled)),
          ("routes", list(router.routes.map { "\($0.destination) via \($0.nextHop)" })),
          ("places", list(router.places.map { "\($0.node) \($0.part.rawValue)" })),
          ("active", list(router.activeNodes)), ("scheduled on", list(router.scheduledHosts)),
        ])
    }
  }

  private mutating func addFloatingIPs(_ model: CloudModel) {
    open(DiffScope(category: .floatingIPs))
    open(DiffScope(category: .portForwardings))
    for floating in model.floatingIPs where floating.origin.contains(.api) {
      add(
        .floatingIPs, "\(floating.address)",
        [
          ("there", "yes"), ("leads to", floating.fixedAddress?.description),
          ("port", model.port(floating.port).map { model.title(of: $0) }),
          ("router", model.router(floating.router)?.label), ("status", floating.status),
          ("served by", list(floating.servingNodes)),
        ])
    }
    for forwarding in model.portForwardings where forwarding.origin.contains(.api) {
      let ports = forwarding.externalPorts.map { ":\($0)" } ?? ""
      let inner = forwarding.internalPorts.map { ":\($0)" } ?? ""
      add(
        .portForwardings, "\(forwarding.protocolName) \(forwarding.address)\(ports)",
        [("leads to", forwarding.internalAddress.map { "\($0)\(inner)" })])
    }
  }

  private mutating func addSecurityGroups(_ model: CloudModel) {
    open(DiffScope(category: .securityGroups))
    for group in model.securityGroups {
      let title = title(group.label, group.id.rawValue)
      add(.securityGroups, title, [("there", "yes"), ("stateful", words(group.isStateful))])
      for rule in group.rules {
        let remote =
          rule.remoteGroup.map { "group \(model.securityGroup($0)?.label ?? $0.rawValue)" }
          ?? rule.remoteAddressGroup.map { "address group \($0)" }
          ?? rule.remotePrefix?.description ?? "any"
        let ports = [rule.portMinimum, rule.portMaximum].compactMap { $0 }.map(String.init)
        let text = [
          rule.direction.rawValue, "IPv\(rule.family.rawValue)", rule.protocolName ?? "any",
          ports.joined(separator: "-"), remote,
        ].filter { !$0.isEmpty }.joined(separator: " ")
        add(.securityGroups, title, [("rule", text)])
      }
    }
  }

  private mutating func addTrunks(_ model: CloudModel) {
    open(DiffScope(category: .trunks))
    for trunk in model.trunks where trunk.origin.contains(.api) {
      let subPorts = trunk.subPorts.map { "\($0.segmentationID ?? 0)=\($0.port)" }
      add(
        .trunks, title(trunk.label, trunk.id.rawValue),
        [("status", trunk.status), ("subports", list(subPorts))])
    }
  }

  private mutating func addAgents(_ model: CloudModel) {
    open(DiffScope(category: .agents))
    for agent in model.agents {
      add(
        .agents, "\(agent.type) on \(agent.host)",
        [
          ("there", "yes"), ("alive", words(agent.isAlive)), ("runs", words(agent.isRunning)),
          ("admin up", words(agent.isAdminUp)), ("mode", agent.mode),
        ])
    }
  }
}
