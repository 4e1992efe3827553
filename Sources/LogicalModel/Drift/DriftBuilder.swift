// Walks through all comparisons, one file a subject, and collects what differs and what is unknown.
import Facts
import NetworkTypes
import Workers

struct DriftBuilder: Sendable {
  let facts: CloudFacts
  let model: CloudModel
  let hosts: HostDirectory
  /// By name.
  let nodes: [NodeSwitch]
  private let nodeNumbers: [NodeName: Int]
  /// By what chains of a port's packet filter are called after.
  let portsByChainID: [Substring: [Port]]
  let ports: [PortID: NeutronPort]
  /// Those that Neutron has.
  let portsByNetwork: [NetworkID: [Port]]
  /// As the API has them; asked for every rule that names a group.
  let portsByGroup: [SecurityGroupID: [NeutronPort]]
  /// Hosts by where their tunnels end.
  let tunnelEnds: [IPAddress: String]
  /// Where the tunnels of a host end, sorted.
  let hostsOfEnds: [String: [IPAddress]]
  let lookups: DriftLookups
  /// The API was asked by an administrator: what it does not list does not exist.
  let isWhole: Bool
  private(set) var report = DriftReport(findings: [], unknowns: [])

  var neutron: NeutronFacts { facts.neutron }

  init(_ model: CloudModel, _ facts: CloudFacts) {
    self.facts = facts
    self.model = model
    hosts = HostDirectory(facts)
    let localVLANs = NodeSwitch.localVLANs(of: model)
    let agents = Dictionary(
      model.agents.lazy.filter { $0.binary.contains("openvswitch") }.map { ($0.node, $0) }
    ) { first, _ in first }
    nodes = Workers.map(facts.nodes) {
      NodeSwitch(
        NodeIndex($0), model, localVLANs: localVLANs[$0.name] ?? [:], agent: agents[$0.name])
    }
    nodeNumbers = Dictionary(
      nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    portsByChainID = Dictionary(grouping: model.ports) {
      $0.id.rawValue.prefix(Self.chainIDLength)
    }
    let records = facts.neutron.ports.records
    ports = Dictionary(records.map { ($0.id, $0) }) { first, _ in first }
    let known = model.ports.filter { $0.network != nil && $0.origin.contains(.api) }
    portsByNetwork = Dictionary(grouping: known) { $0.network ?? "" }
    portsByGroup = records.reduce(into: [:]) { groups, record in
      for group in Set(record.securityGroups) { groups[group, default: []].append(record) }
    }
    tunnelEnds = Self.tunnelEnds(facts.neutron)
    hostsOfEnds = Dictionary(grouping: tunnelEnds.keys.sorted()) { [tunnelEnds] end in
      tunnelEnds[end] ?? ""
    }
    lookups = DriftLookups(
      model, facts, ports: ports, portsByNetwork: portsByNetwork, portsByGroup: portsByGroup,
      hostsOfEnds: hostsOfEnds, hosts: hosts)
    // Only administrators see segments and bindings.
    isWhole =
      facts.neutron.ports.isKnown && facts.neutron.networks.isKnown
      && (facts.neutron.networks.records.contains { !$0.segments.isEmpty }
        || records.contains { $0.host != nil })
  }

  mutating func compare() {
    guard isWhole else {
      let reason =
        neutron.isCaptured
        ? "the API's answers are not an administrator's"
        : "Neutron's API was not captured: nobody says what was asked for"
      unknown(.portWiring, nil, reason)
      report.obstacle = reason
      return finish()
    }
    let parts = Subject.allCases.map { Part.subject($0) } + nodes.indices.map { Part.node($0) }
    let reports = Workers.map(parts) { [self] part in
      var builder = self
      switch part {
      case .subject(let subject): builder.compare(subject)
      case .node(let number): builder.compare(nodes[number])
      }
      return builder.report
    }
    for part in reports {
      report.findings += part.findings
      report.unknowns += part.unknowns
    }
    finish()
  }

  /// Something that is compared by itself.
  private enum Part {
    case subject(Subject)
    /// By its position.
    case node(Int)
  }

  /// What is on several nodes at once. The slow ones first: what is begun last is waited for.
  private enum Subject: CaseIterable {
    case distributedRouting, routers, floatingIPs, ports, mtus, routerNAT, highAvailability, dhcp
    case metadata, trunks, agents
  }

  private mutating func compare(_ subject: Subject) {
    switch subject {
    case .distributedRouting: compareDistributedRouting()
    case .routers: compareRouters()
    case .floatingIPs: compareFloatingIPs()
    case .ports: comparePorts()
    case .mtus: compareMTUs()
    case .routerNAT: compareRouterNAT()
    case .highAvailability: compareHA()
    case .dhcp: compareDHCP()
    case .metadata: compareMetadata()
    case .trunks: compareTrunks()
    case .agents: compareAgents()
    }
  }

  /// What stands on one node.
  private mutating func compare(_ node: NodeSwitch) {
    compareSwitchPorts(of: node)
    compareGhostDevices(of: node)
    compareSegments(of: node)
    compareTunnels(of: node)
    compareProviderBridges(of: node)
    compareUnderlay(node)
    compareFloatingNamespaces(of: node)
    compareIPTablesFilters(of: node)
    compareOpenFlowFilters(of: node)
    compareLeftovers(of: node)
  }

  private mutating func finish() {
    report.findings = Set(report.findings).map { ($0.order, $0) }.sorted { first, second in
      let (a, b) = (first.0, second.0)
      return a.0 == b.0 ? a.1.lexicographicallyPrecedes(b.1) : a.0 < b.0
    }.map(\.1)
    report.unknowns = Set(report.unknowns).sorted {
      ($0.code.rawValue, $0.node?.rawValue ?? "", $0.reason)
        < ($1.code.rawValue, $1.node?.rawValue ?? "", $1.reason)
    }
  }

  func node(_ name: NodeName?) -> NodeSwitch? {
    name.flatMap { nodeNumbers[$0] }.map { nodes[$0] }
  }

  mutating func find(
    _ code: DriftCode, _ kind: DriftKind, _ severity: DriftSeverity, _ object: DriftObject,
    on node: NodeName?, at place: String = "", wanted: DriftSide, found: DriftSide
  ) {
    report.findings.append(
      DriftFinding(
        code: code, kind: kind, severity: severity, object: object, node: node, place: place,
        intended: wanted, actual: found))
  }

  mutating func unknown(_ code: DriftCode, _ node: NodeName?, _ reason: String) {
    report.unknowns.append(DriftUnknown(code: code, node: node, reason: reason))
  }

  /// A section's records; nil, and noted as unknown, where they were not captured.
  mutating func known<Records>(
    _ section: FactSection<Records>?, _ code: DriftCode, _ node: NodeName, _ what: String
  ) -> Records? {
    if let section, section.isKnown { return section.records }
    unknown(code, node, "\(what): \(section?.gap?.reason ?? "not captured")")
    return nil
  }
}

// Objects of findings.
extension DriftBuilder {
  func object(_ port: Port) -> DriftObject {
    DriftObject(.port, id: port.id.rawValue, name: model.title(of: port))
  }
  func object(_ network: NetworkID) -> DriftObject {
    DriftObject(
      .network, id: network.rawValue,
      name: model.network(network)?.label ?? labelled("", network.rawValue))
  }
  func object(_ router: Router) -> DriftObject {
    DriftObject(.router, id: router.id.rawValue, name: router.label)
  }
  func object(_ floating: FloatingIP) -> DriftObject {
    DriftObject(
      .floatingIP, id: floating.id?.rawValue ?? floating.address.description,
      name: floating.address.description)
  }
  func object(device: InterfaceName) -> DriftObject {
    DriftObject(.device, id: device.rawValue, name: device.rawValue)
  }
  func object(namespace: NamespaceName) -> DriftObject {
    DriftObject(.namespace, id: namespace.rawValue, name: namespace.rawValue)
  }
  func object(node: NodeName) -> DriftObject {
    DriftObject(.node, id: node.rawValue, name: node.rawValue)
  }
  /// `VLAN 2 (network web)`.
  func describe(_ vlan: VLANID, on node: NodeName) -> String {
    if vlan == NeutronNames.deadVLAN { return "VLAN 4095 (dead)" }
    let networks = self.node(node)?.networks(of: vlan) ?? []
    let names = networks.compactMap { model.network($0)?.label }
    return "VLAN \(vlan)"
      + (names.isEmpty ? "" : " (network \(names.joined(separator: ", ")))")
  }
  func list(_ items: some Sequence<some CustomStringConvertible>) -> String {
    let texts = items.map(\.description).sorted()
    return texts.isEmpty ? "none" : texts.joined(separator: ", ")
  }
}
