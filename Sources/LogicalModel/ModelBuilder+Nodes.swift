// Nodes at a glance: what they are for, and by which devices they hang on the cloud's own networks.
import Facts
import NetworkTypes

extension ModelBuilder {
  func nodeSummaries(_ agents: [Agent]) -> [Node] {
    let agentsByNode = Dictionary(grouping: agents, by: \.node)
    let serverCounts = servers.values.reduce(into: [NodeName?: Int]()) { counts, server in
      counts[server.node, default: 0] += 1
    }
    let gapCounts = facts.gaps.reduce(into: [NodeName?: Int]()) { counts, gap in
      counts[gap.node, default: 0] += 1
    }
    return nodes.map { node in
      var summary = Node(name: node.name)
      summary.hosts = hosts.names[node.name] ?? []
      summary.capturedAt = node.facts.capturedAt
      let own = agentsByNode[node.name] ?? []
      let configurations = node.facts.files.configurations.sorted { $0.key < $1.key }.map(\.value)
      summary.tunnelAddress =
        configurations.compactMap(\.tunnelAddress).first ?? own.compactMap(\.tunnelAddress).first
        ?? tunnelAddress(of: node)
      summary.bridgeMappings =
        configurations.map(\.bridgeMappings).first { !$0.isEmpty }
        ?? own.map(\.bridgeMappings).first { !$0.isEmpty } ?? [:]
      summary.firewallDriver = configurations.compactMap(\.firewallDriver).first
      summary.l3Mode = own.compactMap(\.mode).first ?? configurations.compactMap(\.agentMode).first
      summary.datapathType = configurations.compactMap(\.datapathType).first
      summary.namespaces = node.facts.namespaces.keys.filter { $0 != .root }.count
      summary.servers = serverCounts[node.name] ?? 0
      summary.gaps = gapCounts[node.name] ?? 0
      summary.roles = roles(of: node, summary)
      summary.interfaces = interfaces(of: node, summary)
      return summary
    }
  }

  /// The local end that all tunnel ports share; nil where they do not.
  private func tunnelAddress(of node: NodeIndex) -> IPAddress? {
    let ends = Set(
      node.attachments.filter { NodeSwitch.isTunnel($0.interface.type) }
        .compactMap { $0.interface.options["local_ip"].flatMap { IPAddress($0) } })
    return ends.count == 1 ? ends.first : nil
  }

  private func roles(of node: NodeIndex, _ summary: Node) -> [NodeRole] {
    var roles: Set<NodeRole> = []
    for process in node.facts.processes.records {
      let words = process.arguments.split(separator: " ").prefix(3)
      let isServer = words.contains { word in
        let name = word.split(separator: "/").last.map(String.init) ?? ""
        return ["neutron-server", "quantum-server", "neutron-api"].contains(name)
      }
      if isServer { roles.insert(.controller) }
    }
    for (_, role) in node.roles {
      switch role {
      case .snat, .dhcp: roles.insert(.network)
      case .router(let id):
        if routers[id]?.mode.isDistributed == false { roles.insert(.network) }
      case .floating: continue
      }
    }
    if summary.servers > 0 || !node.domains.isEmpty { roles.insert(.compute) }
    return roles.sorted()
  }

  private func interfaces(of node: NodeIndex, _ summary: Node) -> [NodeInterface] {
    guard let root = node.facts.namespaces[.root] else { return [] }
    var found: [NodeInterface] = []
    func add(
      _ use: NodeInterface.Use, _ name: InterfaceName, _ physicalNetwork: String? = nil
    ) {
      guard !found.contains(where: { $0.use == use && $0.device == name }) else { return }
      let link = root.links.records.first { $0.name == name }
      let attachment = node.attachments.first { $0.interface.name == name }
      found.append(
        NodeInterface(
          use: use, device: name,
          addresses: root.addresses.records.filter { $0.interface == name }.map(\.address)
            .filter { !$0.address.isLinkLocal },
          bridge: attachment?.bridge, physicalNetwork: physicalNetwork,
          mtuBytes: link?.mtuBytes ?? attachment?.interface.mtuBytes,
          evidence: [link?.evidence, attachment?.interface.evidence].compactMap { $0 }))
    }
    if let holder = root.addresses.records.first(where: {
      $0.address.address == summary.tunnelAddress
    }) {
      add(.data, holder.interface)
      for name in uplinks(of: BridgeName(holder.interface.rawValue), node) { add(.data, name) }
    }
    for (network, bridge) in summary.bridgeMappings.sorted(by: { $0.key < $1.key }) {
      for name in uplinks(of: bridge, node) { add(.external, name, network) }
    }
    for route in root.routes4.records + root.routes6.records
    where route.table == .main && route.destination.length == 0 {
      for hop in route.nextHops { if let name = hop.interface { add(.management, name) } }
    }
    return found.sorted { ($0.use, $0.device) < ($1.use, $1.device) }
  }

  /// Ports of a switch bridge that lead out of the node.
  private func uplinks(of bridge: BridgeName, _ node: NodeIndex) -> [InterfaceName] {
    node.attachments.filter { attachment in
      attachment.bridge == bridge && attachment.portID == nil
        && !["patch", "internal"].contains(attachment.interface.type)
        && attachment.interface.name.rawValue != bridge.rawValue
        && !attachment.interface.name.rawValue.hasPrefix("phy-")
    }.map(\.interface.name)
  }
}
