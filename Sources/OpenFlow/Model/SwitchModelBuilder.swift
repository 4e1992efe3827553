// Joins what OVSDB, `dpif/show`, port lists and flow dumps say into bridges and ports.
import Facts
import NetworkTypes

struct SwitchModelBuilder {
  private let facts: OpenVSwitchFacts
  private let node: NodeName
  private let database: SwitchDatabase?
  private let interfaces: [RowID: SwitchInterfaceRecord]
  private let portRecords: [RowID: SwitchPortRecord]
  private let datapathPorts: [BridgeName: [DatapathPort]]
  private let controllers: [RowID: ControllerRow]

  var bridges: [BridgeName: SwitchBridge] = [:]
  var problems: [SwitchProblem] = []
  var vlanLimit = 1

  init(_ facts: OpenVSwitchFacts, node: NodeName) {
    self.facts = facts
    self.node = node
    let database = facts.database.records.first
    self.database = database
    interfaces = Dictionary(
      (database?.interfaces ?? []).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    portRecords = Dictionary(
      (database?.ports ?? []).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    datapathPorts = Dictionary(grouping: facts.datapathPorts.records, by: \.bridge)
    controllers = ControllerRow.all(in: database?.rows ?? [])
  }

  mutating func build() {
    readVLANLimit()
    noteGap(facts.database, bridge: nil)
    let records = Dictionary(
      (database?.bridges ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(records.keys).union(facts.bridges.keys).union(datapathPorts.keys)
    for name in names.sorted() { bridges[name] = bridge(name, record: records[name]) }
    joinPatches()
    findDuplicateTunnels()
  }

  private mutating func readVLANLimit() {
    guard let text = database?.settings?.otherConfig["vlan-limit"], let limit = Int(text)
    else { return }
    vlanLimit = limit == 0 ? 2 : min(limit, 2)
  }

  private mutating func noteGap<Records>(_ section: FactSection<Records>, bridge: BridgeName?) {
    guard let gap = section.gap else { return }
    problems.append(SwitchProblem(bridge: bridge, cause: .missing(gap), evidence: nil))
  }

  // MARK: A bridge

  private mutating func bridge(_ name: BridgeName, record: BridgeRecord?) -> SwitchBridge {
    let captured = facts.bridges[name] ?? SwitchBridgeFacts(name: name)
    noteGap(captured.flows, bridge: name)
    noteGap(captured.ports, bridge: name)
    let ports = self.ports(of: name, record: record, captured: captured)
    var bridge = SwitchBridge(
      name: name, isUserspace: isUserspace(name, record: record),
      isSecure: record?.failMode == "secure", ports: ports, portNumbers: ports.keys.sorted(),
      bundles: [], mirrors: [], floodVLANs: Set(record?.floodVLANs ?? []),
      forwardsBPDUs: record?.otherConfig["forward-bpdu"] == "true",
      spanningTree: record.map { $0.stpEnabled || $0.rstpEnabled } ?? false,
      snoopsMulticast: record?.multicastSnooping ?? false, missGoesToController: false,
      flows: FlowTables(captured.flows.records),
      groups: Dictionary(
        captured.groups.records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }),
      flowGap: captured.flows.gap, groupGap: captured.groups.gap,
      learnedMACs: captured.learnedMACs.records, evidence: record?.evidence)
    addBundles(to: &bridge, record: record)
    addMirrors(to: &bridge, record: record)
    readControllers(of: record, into: &bridge)
    return bridge
  }

  private func isUserspace(_ name: BridgeName, record: BridgeRecord?) -> Bool {
    if let record { return record.datapathType == "netdev" }
    return datapathPorts[name]?.first?.datapath.hasPrefix("netdev@") ?? false
  }

  private mutating func readControllers(
    of record: BridgeRecord?, into bridge: inout SwitchBridge
  ) {
    let rows = (record?.controllers ?? []).compactMap { controllers[$0] }
    // OpenFlow before 1.3 sends what matches nothing to the controller.
    bridge.missGoesToController = rows.contains { $0.isConnected } && isOldOpenFlow(record)
    guard record?.otherConfig["disable-in-band"] != "true" else { return }
    for row in rows where row.isInBand {
      problems.append(
        SwitchProblem(
          bridge: bridge.name, cause: .inBandControl(controller: row.target),
          evidence: row.evidence))
    }
  }

  private func isOldOpenFlow(_ record: BridgeRecord?) -> Bool {
    let old: Set = ["OpenFlow10", "OpenFlow11", "OpenFlow12"]
    guard let protocols = record?.protocols, !protocols.isEmpty else { return false }
    return protocols.allSatisfy(old.contains)
  }

  // MARK: Ports

  private mutating func ports(
    of name: BridgeName, record: BridgeRecord?, captured: SwitchBridgeFacts
  ) -> [OpenFlowPort: SwitchPort] {
    var ports: [OpenFlowPort: SwitchPort] = [:]
    func update(_ number: OpenFlowPort, _ interface: InterfaceName) -> OpenFlowPort {
      if ports[number] == nil {
        ports[number] = SwitchPort(
          key: SwitchPortKey(name, number), name: interface,
          kind: number == .local ? .internal : .device, config: [], state: [])
      }
      return number
    }
    for description in captured.ports.records + captured.portsInShow.records {
      let number = update(OpenFlowPort(description.number), description.name)
      if let mac = description.mac { ports[number]?.mac = mac }
      ports[number]?.config.formUnion(description.config)
      ports[number]?.state.formUnion(description.state)
    }
    for datapathPort in datapathPorts[name] ?? [] {
      guard let number = datapathPort.openFlowNumber.map({ OpenFlowPort($0) }) else { continue }
      _ = update(number, datapathPort.name)
      ports[number]?.kind = Self.kind(datapathPort.type, options: datapathPort.options)
    }
    for id in record?.ports ?? [] {
      guard let port = portRecords[id] else { continue }
      for interface in port.interfaces.compactMap({ interfaces[$0] }) {
        noteError(interface, bridge: name)
        guard let number = Self.number(interface) else { continue }
        _ = update(number, interface.name)
        ports[number]?.kind = Self.kind(interface.type, options: interface.options)
        if ports[number]?.mac == nil { ports[number]?.mac = interface.mac }
        ports[number]?.interfaceEvidence = interface.evidence
        ports[number]?.portEvidence = port.evidence
        if captured.ports.gap != nil, captured.portsInShow.gap != nil {
          if interface.adminState == "down" { ports[number]?.config.insert("PORT_DOWN") }
          if interface.linkState == "down" { ports[number]?.state.insert("LINK_DOWN") }
        }
      }
    }
    return ports
  }

  private mutating func noteError(_ interface: SwitchInterfaceRecord, bridge: BridgeName) {
    guard let error = interface.error, !error.isEmpty else { return }
    problems.append(
      SwitchProblem(
        bridge: bridge, cause: .interfaceError(interface.name, error),
        evidence: interface.evidence))
  }

  private static func number(_ interface: SwitchInterfaceRecord) -> OpenFlowPort? {
    guard let number = interface.ofport, number > 0, number <= 0xffff else { return nil }
    return OpenFlowPort(UInt32(number))
  }

  private static func kind(_ type: String, options: [String: String]) -> SwitchPort.Kind {
    switch type {
    case "patch": return .patch(peer: nil)
    case "internal", "tap": return .internal
    default:
      return TunnelConfiguration(type: type, options: options).map { .tunnel($0) } ?? .device
    }
  }

  // MARK: Bundles

  private func addBundles(to bridge: inout SwitchBridge, record: BridgeRecord?) {
    var bundles: [PortBundle] = []
    for id in record?.ports ?? [] {
      guard let port = portRecords[id] else { continue }
      let members = port.interfaces.compactMap { interfaces[$0].flatMap(Self.number) }
      bundles.append(PortBundle(port, members: members))
    }
    if record == nil {
      // Without OVSDB nobody knows of tags: each port alone, as a trunk.
      bundles = bridge.ports.values.map { PortBundle(trunk: $0) }
    }
    bundles.sort { ($0.members.first ?? .any, $0.name) < ($1.members.first ?? .any, $1.name) }
    for (index, bundle) in bundles.enumerated() {
      for member in bundle.members {
        bridge.ports[member]?.bundle = index
        if let port = bridge.ports[member], !Self.isFloodable(port) {
          bundles[index].isFloodable = false
        }
      }
    }
    bridge.bundles = bundles
  }

  private static func isFloodable(_ port: SwitchPort) -> Bool {
    !port.config.contains("NO_FLOOD")
      && port.state.isDisjoint(with: ["STP_LISTEN", "STP_LEARN", "STP_BLOCK"])
  }

  private func addMirrors(to bridge: inout SwitchBridge, record: BridgeRecord?) {
    guard let record, !record.mirrors.isEmpty else { return }
    let order = bridge.bundles.enumerated().map { ($1.name, $0) }
    let byName = Dictionary(order, uniquingKeysWith: { first, _ in first })
    var bundleOfRow: [RowID: Int] = [:]
    for id in record.ports {
      if let port = portRecords[id], let index = byName[port.name] { bundleOfRow[id] = index }
    }
    for id in record.mirrors {
      guard let row = database?.mirrors.first(where: { $0.id == id }) else { continue }
      if let mirror = Mirror(row, bundles: bundleOfRow) { bridge.mirrors.append(mirror) }
    }
  }

  // MARK: Between bridges

  /// A patch works only where both ends name each other and share a datapath type.
  private mutating func joinPatches() {
    var ends: [InterfaceName: (key: SwitchPortKey, peer: InterfaceName)] = [:]
    for (name, bridge) in bridges {
      for port in bridge.ports.values where port.isPatch {
        guard let peer = peerName(of: port) else { continue }
        ends[port.name] = (SwitchPortKey(name, port.number), peer)
      }
    }
    for name in bridges.keys.sorted() {
      for (number, port) in bridges[name]?.ports ?? [:] where port.isPatch {
        if let end = ends[port.name], let other = ends[end.peer], other.peer == port.name,
          bridges[other.key.bridge]?.isUserspace == bridges[name]?.isUserspace
        {
          bridges[name]?.ports[number]?.kind = .patch(peer: other.key)
        } else {
          problems.append(
            SwitchProblem(
              bridge: name, cause: .patchWithoutPeer(port.name),
              evidence: port.interfaceEvidence))
        }
      }
    }
  }

  private func peerName(of port: SwitchPort) -> InterfaceName? {
    if let record = database?.interfaces.first(where: { $0.name == port.name }) {
      return record.options["peer"].map { InterfaceName($0) }
    }
    let dump = facts.datapathPorts.records.first { $0.name == port.name }
    return dump?.options["peer"].map { InterfaceName($0) }
  }

  private mutating func findDuplicateTunnels() {
    var seen: [TunnelIdentity: InterfaceName] = [:]
    for bridge in bridges.keys.sorted() {
      for number in bridges[bridge]?.portNumbers ?? [] {
        guard let port = bridges[bridge]?.ports[number], case .tunnel(let tunnel) = port.kind
        else { continue }
        if let other = seen[tunnel.identity] {
          problems.append(
            SwitchProblem(
              bridge: bridge, cause: .duplicateTunnel(port.name, like: other),
              evidence: port.interfaceEvidence))
        } else {
          seen[tunnel.identity] = port.name
        }
      }
    }
  }
}

extension PortBundle {
  init(trunk port: SwitchPort) {
    self.init(
      name: port.name, members: [port.number], mode: .trunk, tag: nil, trunks: nil,
      customerVLANs: nil, serviceTPID: EtherType.serviceVLAN, priorityTags: .never,
      isProtected: false, isFloodable: true, bondMode: nil, evidence: nil)
  }
}
