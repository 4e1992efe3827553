// DHCP servers, metadata proxies and agents: what should run, and whether a process does.
import Facts
import NetworkTypes

extension ModelBuilder {
  func dhcpServers() -> [DHCPServer] {
    let portsByNetwork = Dictionary(
      grouping: ports.values.sorted { $0.id < $1.id }, by: \.network)
    let served = nodes.flatMap { node in dhcpServers(of: node, portsByNetwork) }
    return served.sorted { first, second in
      (networks[first.network]?.name ?? "", first.network.rawValue, first.node)
        < (networks[second.network]?.name ?? "", second.network.rawValue, second.node)
    }
  }

  /// Networks of which the node has a namespace, files or a running dnsmasq.
  private func dhcpServers(
    of node: NodeIndex, _ portsByNetwork: [NetworkID?: [Port]]
  ) -> [DHCPServer] {
    var ids = Set(node.facts.files.dnsmasq.keys)
    for (_, role) in node.roles { if case .dhcp(let id) = role { ids.insert(id) } }
    let running = runningDnsmasqs(of: node)
    ids.formUnion(running.keys)
    return ids.sorted().map { server(of: $0, node, running[$0], portsByNetwork[$0] ?? []) }
  }

  private func runningDnsmasqs(
    of node: NodeIndex
  ) -> [NetworkID: (line: DnsmasqCommandLine, process: Process)] {
    var found: [NetworkID: (DnsmasqCommandLine, Process)] = [:]
    for process in node.facts.processes.records {
      guard let line = DnsmasqCommandLine(process: process.arguments),
        let network = DnsmasqPaths.network(of: line), found[network] == nil
      else { continue }
      found[network] = (line, process)
    }
    return found
  }

  private func server(
    of network: NetworkID, _ node: NodeIndex,
    _ running: (line: DnsmasqCommandLine, process: Process)?, _ ports: [Port]
  ) -> DHCPServer {
    let namespace = NamespaceRole.dhcp(network).namespace
    var server = DHCPServer(network: network, node: node.name, namespace: namespace)
    let files = node.facts.files.dnsmasq[network]
    server.processID = running?.process.pid
    server.isAlive =
      running != nil ? true : node.facts.processes.isKnown ? false : nil
    server.ranges = running?.line.ranges.compactMap(\.prefix) ?? []
    server.evidence = [running?.process.evidence, files?.pid.records.first?.evidence]
      .compactMap { $0 }
    let port = ports.first { port in
      port.locations.contains { $0.namespace == namespace }
        && port.locations.contains { $0.node == node.name }
    }
    let location = port?.locations.first { $0.node == node.name }
    server.port = port?.id
    server.interface =
      location?.interface ?? files?.interface.records.first.map { InterfaceName($0.value) }
    server.addresses = (location?.addresses ?? []).map(\.address)
      .filter { $0.v4 != NeutronNames.metadataAddress }
    return server
  }

  func metadataProxies() -> [MetadataProxy] {
    nodes.flatMap { node in
      node.facts.files.metadataProxies.sorted { $0.key < $1.key }.map { id, section in
        proxy(id, section, node)
      }
    }
  }

  private func proxy(
    _ id: String, _ section: Section<HaproxySetting>, _ node: NodeIndex
  ) -> MetadataProxy {
    let isRouters =
      section.header("X-Neutron-Router-ID") == id || routers[RouterID(id)] != nil
    let role: NamespaceRole = isRouters ? .router(RouterID(id)) : .dhcp(NetworkID(id))
    var proxy = MetadataProxy(
      scope: isRouters ? .router(RouterID(id)) : .network(NetworkID(id)), node: node.name,
      namespace: role.namespace)
    proxy.ports = Set(section.boundSockets.map(\.port)).sorted()
    let process = node.facts.processes.records.first { process in
      process.arguments.contains("haproxy") && process.arguments.contains("\(id).conf")
    }
    proxy.processID = process?.pid
    proxy.isAlive = process != nil ? true : node.facts.processes.isKnown ? false : nil
    proxy.evidence = [process?.evidence, section.records.first?.evidence].compactMap { $0 }
    return proxy
  }
}

extension ModelBuilder {
  func agents() -> [Agent] {
    let running = Dictionary(
      nodes.map { ($0.name, AgentProcesses.running(on: $0.facts)) }
    ) { first, _ in first }
    var agents = neutron.agents.records.map { agent($0, running) }
    let listed = agents.reduce(into: [NodeName: Set<String>]()) { found, agent in
      if let node = agent.node { found[node, default: []].insert(agent.binary) }
    }
    for node in nodes {
      for (binary, process) in running[node.name] ?? [:]
      where listed[node.name]?.contains(binary) != true {
        agents.append(
          Agent(
            type: binary, binary: binary, host: node.name.rawValue, node: node.name,
            isRunning: true, origin: .nodes, evidence: [process.evidence]))
      }
    }
    return agents.sorted { ($0.host, $0.type, $0.binary) < ($1.host, $1.type, $1.binary) }
  }

  private func agent(
    _ record: NeutronAgent, _ running: [NodeName: [String: Process]]
  ) -> Agent {
    var agent = Agent(
      type: record.type, binary: record.binary, host: record.host,
      node: hosts.node(record.host), isAlive: record.isAlive, isAdminUp: record.isAdminUp,
      mode: record.agentMode, bridgeMappings: record.bridgeMappings,
      tunnelAddress: record.tunnelAddress, origin: .api, evidence: [record.evidence])
    guard let node = agent.node.flatMap(node), node.facts.processes.isKnown else { return agent }
    let process = running[node.name]?[record.binary]
    agent.isRunning = process != nil
    if let process {
      agent.origin.insert(.nodes)
      agent.evidence.append(process.evidence)
    }
    return agent
  }
}

/// Neutron's agents among a node's processes.
enum AgentProcesses {
  /// By binary: `neutron-l3-agent`. Helpers that only name an agent's files are left out.
  static func running(on node: NodeFacts) -> [String: Process] {
    var found: [String: Process] = [:]
    for process in node.processes.records {
      guard let binary = binary(process.arguments), found[binary] == nil else { continue }
      found[binary] = process
    }
    return found
  }

  private static func binary(_ arguments: String) -> String? {
    // The title that setproctitle sets comes first, or python and its script do.
    for word in arguments.split(separator: " ").prefix(2) {
      guard let name = word.split(separator: "/").last.map(String.init) else { continue }
      // Until 2013 Neutron was Quantum.
      let isAgent = name.hasPrefix("neutron-") || name.hasPrefix("quantum-")
      if isAgent, name.hasSuffix("-agent") { return name }
      if !name.hasPrefix("python") { return nil }
    }
    return nil
  }
}
