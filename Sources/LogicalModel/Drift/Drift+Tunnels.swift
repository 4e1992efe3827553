// Tunnels: the mesh, what comes out of it into which VLAN, what is flooded to whom, and the entries of
// l2population. Source: neutron/plugins/ml2/drivers/openvswitch/agent/openflow/*/br_tun.py.
import Facts
import NetworkTypes

/// Tables of the tunnel bridge, the same in every release.
enum TunnelTable {
  static let fromTunnel: Set<UInt8> = [2, 3, 4, 6]
  static let unicast: UInt8 = 20
  static let arpResponder: UInt8 = 21
  static let flood: UInt8 = 22
  /// Of l2population's rows; learned ones have 1.
  static let populatedPriority: UInt16 = 2
}

/// One node's tunnel bridge.
struct TunnelBridge {
  let node: NodeSwitch
  let name: BridgeName
  let flows: FlowList
  /// OpenFlow number → the far end.
  let remotes: [UInt32: IPAddress]
  let usesL2Population: Bool
  let usesARPResponder: Bool

  /// Where a flow sends.
  enum Destination: Hashable, CustomStringConvertible {
    case end(IPAddress)
    /// No tunnel.
    case port(UInt32)

    var end: IPAddress? { if case .end(let end) = self { end } else { nil } }
    var description: String {
      switch self {
      case .end(let end): "\(end)"
      case .port(let number): "port \(number)"
      }
    }
  }
  func destinations(of flow: FlowEntry) -> [Destination] {
    flow.outputs.map { number in remotes[number].map { .end($0) } ?? .port(number) }
  }
}

extension DriftBuilder {
  /// Tunnelled networks have segments of these types.
  static let tunnelTypes: Set<String> = ["vxlan", "gre", "geneve"]

  mutating func compareTunnels(of node: NodeSwitch) {
    guard neutron.agents.isKnown else {
      return unknown(.tunnelPort, nil, "where agents' tunnels end: Neutron's agents not captured")
    }
    guard let name = node.tunnel, node.agent != nil,
      let flows = known(node.flows(name), .tunnelVLAN, node.name, "\(name)'s flows")
    else { return }
    let bridge = tunnelBridge(node, name, flows)
    compareMesh(bridge)
    compareTunnelVLANs(bridge)
    compareFlooding(bridge)
    compareUnicast(bridge)
    compareARPResponder(bridge)
  }

  func tunnelBridge(
    _ node: NodeSwitch, _ name: BridgeName, _ flows: FlowList
  ) -> TunnelBridge {
    var remotes: [UInt32: IPAddress] = [:]
    for (number, attachment) in node.attachments(byNumberOn: name)
    where NodeSwitch.isTunnel(attachment.interface.type) {
      remotes[number] = attachment.interface.options["remote_ip"].flatMap { IPAddress($0) }
    }
    let record = lookups.switchAgents[node.name]
    func flag(_ key: String) -> Bool { record?.configurations[key] == "true" }
    return TunnelBridge(
      node: node, name: name, flows: flows, remotes: remotes,
      usesL2Population: node.agentOptions.compactMap(\.isL2PopulationEnabled).first
        ?? flag("l2_population"),
      usesARPResponder: node.agentOptions.compactMap(\.isARPResponderEnabled).first
        ?? flag("arp_responder_enabled"))
  }

  /// Nodes by where their tunnels end, as the API's agents say.
  static func tunnelEnds(_ neutron: NeutronFacts) -> [IPAddress: String] {
    let agents = neutron.agents.records.filter { $0.tunnelAddress != nil }
    return Dictionary(
      agents.compactMap { agent in agent.tunnelAddress.map { ($0, agent.host) } }
    ) { first, _ in first }
  }

  func tunnelSegments(of network: Network) -> [UInt32] { Self.tunnelSegments(of: network) }
  static func tunnelSegments(of network: Network) -> [UInt32] {
    network.segments.filter { Self.tunnelTypes.contains($0.networkType) }
      .compactMap(\.segmentationID)
  }

  /// Where tunnels to the hosts with a port on the network end.
  func ends(of network: NetworkID) -> Set<IPAddress> { lookups.residents[network]?.ends ?? [] }

  func hasTunnels(_ bridge: TunnelBridge) -> IPAddress? {
    model.node(bridge.node.name)?.tunnelAddress
  }
}

extension DriftBuilder {
  mutating func compareMesh(_ bridge: TunnelBridge) {
    guard let own = hasTunnels(bridge) else { return }
    let present = Set(bridge.remotes.values)
    let all = Set(tunnelEnds.keys)
    // Of those that are missing, for which networks.
    var wanted: [IPAddress: Set<String>] = [:]
    for (network, locals) in bridge.node.localVLANs where !locals.isEmpty {
      guard let network = model.network(network), !tunnelSegments(of: network).isEmpty else {
        continue
      }
      let others = bridge.usesL2Population ? ends(of: network.id) : all
      for end in others where !present.contains(end) && end != own && end.family == own.family {
        wanted[end, default: []].insert(network.label)
      }
    }
    for (end, networks) in wanted {
      find(
        .tunnelPort, .missing, .high, object(node: bridge.node.name), on: bridge.node.name,
        at: bridge.name.rawValue,
        wanted: DriftSide(
          "a tunnel to \(end) (\(tunnelEnds[end] ?? "?")) for networks \(list(networks))",
          agentEvidence(end)),
        found: .none)
    }
    let taken = Set(
      bridge.flows.entries(of: [0]).filter { !$0.isDrop }.compactMap(\.match.inPort))
    for attachment in bridge.node.attachments[bridge.name] ?? []
    where NodeSwitch.isTunnel(attachment.interface.type) {
      compareTunnel(attachment, own, taken, bridge)
    }
  }

  func agentEvidence(_ end: IPAddress) -> [Evidence] {
    neutron.agents.records.filter { $0.tunnelAddress == end }.map(\.evidence)
  }

  mutating func compareTunnel(
    _ attachment: SwitchAttachment, _ own: IPAddress, _ taken: Set<OpenFlowPort>,
    _ bridge: TunnelBridge
  ) {
    let interface = attachment.interface
    var place: String { "\(bridge.name) \(interface.name)" }
    let node = bridge.node.name
    if let remote = interface.options["remote_ip"].flatMap({ IPAddress($0) }),
      tunnelEnds[remote] == nil, !tunnelEnds.isEmpty
    {
      find(
        .tunnelPort, .extra, .medium, object(node: node), on: node, at: place,
        wanted: DriftSide("tunnels to agents only"),
        found: DriftSide("a tunnel to \(remote), no agent's", [interface.evidence]))
    }
    if let local = interface.options["local_ip"].flatMap({ IPAddress($0) }), local != own {
      find(
        .tunnelPort, .different, .high, object(node: node), on: node, at: place,
        wanted: DriftSide("local end \(own)", agentEvidence(own)),
        found: DriftSide("local end \(local)", [interface.evidence]))
    }
    if let number = interface.ofport, number > 0, !taken.contains(OpenFlowPort(UInt32(number))) {
      find(
        .tunnelPort, .different, .high, object(node: node), on: node, at: place,
        wanted: DriftSide("a row of table 0 that takes its frames", [interface.evidence]),
        found: .none)
    }
  }

  mutating func compareTunnelVLANs(_ bridge: TunnelBridge) {
    let rows = bridge.flows.entries(of: TunnelTable.fromTunnel).filter {
      $0.match.exact(.tunID) != nil && !$0.isDrop
    }
    var byID: [UInt64: [FlowEntry]] = [:]
    for row in rows {
      byID[UInt64(row.match.exact(.tunID) ?? 0), default: []].append(row)
    }
    for (id, locals) in bridge.node.localVLANs {
      guard let network = model.network(id) else { continue }
      for segment in tunnelSegments(of: network) {
        let vlans = locals.filter { $0.segment?.segmentationID ?? segment == segment }.map(\.vlan)
        guard !vlans.isEmpty else { continue }
        compareTunnelVLAN(network, segment, vlans, byID[UInt64(segment)] ?? [], bridge)
      }
    }
    for (id, rows) in byID where !lookups.tunnelIDs.contains(id) {
      for row in rows {
        find(
          .tunnelVLAN, .extra, .medium, object(node: bridge.node.name), on: bridge.node.name,
          at: "\(bridge.name) table \(row.table), tunnel id \(id)",
          wanted: DriftSide("no network has tunnel id \(id)"),
          found: DriftSide(
            row.givenVLAN.map { describe($0, on: bridge.node.name) } ?? "\(row)", [row.evidence]))
      }
    }
  }

  mutating func compareTunnelVLAN(
    _ network: Network, _ segment: UInt32, _ vlans: [VLANID], _ rows: [FlowEntry],
    _ bridge: TunnelBridge
  ) {
    let node = bridge.node.name
    let local = (bridge.node.localVLANs[network.id] ?? []).map(\.evidence)
    var wanted: DriftSide {
      DriftSide(
        "tunnel id \(segment) into \(list(vlans.map { describe($0, on: node) }))",
        network.evidence + local)
    }
    if rows.isEmpty {
      find(
        .tunnelVLAN, .missing, .high, object(network.id), on: node, at: bridge.name.rawValue,
        wanted: wanted, found: .none)
    }
    for row in rows where row.givenVLAN.map({ !vlans.contains($0) }) ?? true {
      find(
        .tunnelVLAN, .different, .critical, object(network.id), on: node,
        at: "\(bridge.name) table \(row.table)", wanted: wanted,
        found: DriftSide(
          "into " + (row.givenVLAN.map { describe($0, on: node) } ?? "\(row)"), [row.evidence]))
    }
  }

  mutating func compareFlooding(_ bridge: TunnelBridge) {
    guard let own = hasTunnels(bridge) else { return }
    let rows = Dictionary(
      grouping: bridge.flows.entries(of: [TunnelTable.flood]).filter {
        $0.match.fields.count == 1 && !$0.isDrop
      }, by: \.matchedVLAN)
    let captured = lookups.capturedEnds
    let known = Set(
      bridge.remotes.values.filter { tunnelEnds[$0] == nil || captured.contains($0) })
    for (id, locals) in bridge.node.localVLANs {
      guard let network = model.network(id), !tunnelSegments(of: network).isEmpty else { continue }
      let others =
        bridge.usesL2Population ? ends(of: id).subtracting([own]) : Set(bridge.remotes.values)
      for local in locals {
        compareFlooding(network, local, others, rows[local.vlan] ?? [], known, bridge)
      }
    }
  }

  /// `known` are the bridge's far ends of which it is known who should be there: what a node that was
  /// not captured replicates of a router is not.
  mutating func compareFlooding(
    _ network: Network, _ local: LocalVLAN, _ wanted: Set<IPAddress>, _ rows: [FlowEntry],
    _ known: Set<IPAddress>, _ bridge: TunnelBridge
  ) {
    let destinations = Set(rows.flatMap { bridge.destinations(of: $0) })
    let found = Set(destinations.compactMap(\.end))
    let place = "\(bridge.name) table \(TunnelTable.flood), VLAN \(local.vlan)"
    var intended: DriftSide {
      DriftSide("to \(list(wanted))", network.evidence + [local.evidence])
    }
    var actual: DriftSide { DriftSide("to \(list(destinations))", rows.map(\.evidence)) }
    let node = bridge.node.name
    if !wanted.isSubset(of: found) {
      find(
        .tunnelFlood, .missing, .high, object(network.id), on: node, at: place, wanted: intended,
        found: actual)
    }
    // A port that is no tunnel leads nowhere: that the tunnel is missing is said already.
    if !found.subtracting(wanted).isDisjoint(with: known) {
      find(
        .tunnelFlood, .extra, .medium, object(network.id), on: node, at: place, wanted: intended,
        found: actual)
    }
    if let segment = local.segment?.segmentationID {
      for row in rows where row.givenTunnelID != UInt64(segment) {
        find(
          .tunnelFlood, .different, .critical, object(network.id), on: node, at: place,
          wanted: DriftSide("with tunnel id \(segment)", network.evidence),
          found: DriftSide(
            "with tunnel id \(row.givenTunnelID.map { "\($0)" } ?? "none")", [row.evidence]))
      }
    }
  }
}
