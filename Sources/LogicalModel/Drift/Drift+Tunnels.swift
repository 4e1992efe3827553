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

  /// Far ends that a flow sends to, in text where a port is no tunnel.
  func remotes(of flow: FlowEntry) -> [String] {
    flow.outputs.map { number in
      remotes[number].map(\.description) ?? "port \(number)"
    }
  }
}

extension DriftBuilder {
  /// Tunnelled networks have segments of these types.
  static let tunnelTypes: Set<String> = ["vxlan", "gre", "geneve"]

  mutating func compareTunnels() {
    guard neutron.agents.isKnown else {
      return unknown(.tunnelPort, nil, "where agents' tunnels end: Neutron's agents not captured")
    }
    for node in nodes {
      guard let name = node.tunnel, node.agent != nil else { continue }
      guard let flows = known(node.flows(name), .tunnelVLAN, node.name, "\(name)'s flows")
      else { continue }
      let bridge = tunnelBridge(node, name, flows)
      compareMesh(bridge)
      compareTunnelVLANs(bridge)
      compareFlooding(bridge)
      compareUnicast(bridge)
      compareARPResponder(bridge)
    }
  }

  func tunnelBridge(
    _ node: NodeSwitch, _ name: BridgeName, _ flows: FlowList
  ) -> TunnelBridge {
    var remotes: [UInt32: IPAddress] = [:]
    for (number, attachment) in node.attachments(byNumberOn: name)
    where NodeSwitch.isTunnel(attachment.interface.type) {
      remotes[number] = attachment.interface.options["remote_ip"].flatMap { IPAddress($0) }
    }
    let record = neutron.agents.records.first {
      hosts.node($0.host) == node.name && $0.binary.contains("openvswitch")
    }
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

  func tunnelSegments(of network: Network) -> [UInt32] {
    network.segments.filter { Self.tunnelTypes.contains($0.networkType) }
      .compactMap(\.segmentationID)
  }

  /// Hosts with a port on the network, by their tunnel ends; those of routers' replicas too.
  func ends(of network: NetworkID) -> [IPAddress: String] {
    var hostNames: Set<String> = []
    for port in portsByNetwork[network] ?? [] {
      guard let record = ports[port.id], record.status == "ACTIVE", record.isAdminUp else {
        continue
      }
      if let host = record.host, !host.isEmpty { hostNames.insert(host) }
      // Replicas stand where their devices are: the API names one host at most.
      if port.isDistributed || model.router(port.router)?.mode.isHA == true {
        for location in port.locations {
          hostNames.formUnion(model.node(location.node)?.hosts ?? [])
        }
      }
    }
    return tunnelEnds.filter { hostNames.contains($0.value) }
  }

  func hasTunnels(_ bridge: TunnelBridge) -> IPAddress? {
    model.node(bridge.node.name)?.tunnelAddress
  }
}

extension DriftBuilder {
  mutating func compareMesh(_ bridge: TunnelBridge) {
    guard let own = hasTunnels(bridge) else { return }
    let ends = tunnelEnds
    var wanted: [IPAddress: Set<String>] = [:]
    for (network, locals) in bridge.node.localVLANs where !locals.isEmpty {
      guard let network = model.network(network), !tunnelSegments(of: network).isEmpty else {
        continue
      }
      let others = bridge.usesL2Population ? self.ends(of: network.id) : ends
      for (end, _) in others where end != own && end.family == own.family {
        wanted[end, default: []].insert(network.label)
      }
    }
    let present = Set(bridge.remotes.values)
    for (end, networks) in wanted where !present.contains(end) {
      find(
        .tunnelPort, .missing, .high, object(node: bridge.node.name), on: bridge.node.name,
        at: bridge.name.rawValue,
        wanted: DriftSide(
          "a tunnel to \(end) (\(ends[end] ?? "?")) for networks \(list(networks))",
          agentEvidence(end)),
        found: .none)
    }
    for attachment in bridge.node.attachments[bridge.name] ?? []
    where NodeSwitch.isTunnel(attachment.interface.type) {
      compareTunnel(attachment, own, ends, bridge)
    }
  }

  func agentEvidence(_ end: IPAddress) -> [Evidence] {
    neutron.agents.records.filter { $0.tunnelAddress == end }.map(\.evidence)
  }

  mutating func compareTunnel(
    _ attachment: SwitchAttachment, _ own: IPAddress, _ ends: [IPAddress: String],
    _ bridge: TunnelBridge
  ) {
    let interface = attachment.interface
    let place = "\(bridge.name) \(interface.name)"
    let node = bridge.node.name
    if let remote = interface.options["remote_ip"].flatMap({ IPAddress($0) }),
      ends[remote] == nil, !ends.isEmpty
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
    if let number = interface.ofport, number > 0,
      !bridge.flows.contains(where: {
        $0.table == 0 && $0.match.inPort == OpenFlowPort(UInt32(number)) && !$0.isDrop
      })
    {
      find(
        .tunnelPort, .different, .high, object(node: node), on: node, at: place,
        wanted: DriftSide("a row of table 0 that takes its frames", [interface.evidence]),
        found: .none)
    }
  }

  mutating func compareTunnelVLANs(_ bridge: TunnelBridge) {
    let rows = bridge.flows.filter {
      TunnelTable.fromTunnel.contains($0.table) && $0.match.exact(.tunID) != nil && !$0.isDrop
    }
    var byID: [UInt64: [FlowEntry]] = [:]
    for row in rows {
      byID[UInt64(row.match.exact(.tunID) ?? 0), default: []].append(row)
    }
    var expectedIDs: Set<UInt64> = []
    for (id, locals) in bridge.node.localVLANs {
      guard let network = model.network(id) else { continue }
      for segment in tunnelSegments(of: network) {
        expectedIDs.insert(UInt64(segment))
        let vlans = locals.filter { $0.segment?.segmentationID ?? segment == segment }.map(\.vlan)
        guard !vlans.isEmpty else { continue }
        compareTunnelVLAN(network, segment, vlans, byID[UInt64(segment)] ?? [], bridge)
      }
    }
    for (id, rows) in byID where !expectedIDs.contains(id) {
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
    let wanted = DriftSide(
      "tunnel id \(segment) into \(list(vlans.map { describe($0, on: node) }))",
      network.evidence + local)
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
    let rows = bridge.flows.filter {
      $0.table == TunnelTable.flood && $0.match.fields.count == 1 && !$0.isDrop
    }
    for (id, locals) in bridge.node.localVLANs {
      guard let network = model.network(id), !tunnelSegments(of: network).isEmpty else { continue }
      let others =
        bridge.usesL2Population
        ? ends(of: id).keys.filter { $0 != own } : Array(Set(bridge.remotes.values))
      for local in locals {
        compareFlooding(
          network, local, Set(others.map(\.description)),
          rows.filter { $0.matchedVLAN == local.vlan }, bridge)
      }
    }
  }

  mutating func compareFlooding(
    _ network: Network, _ local: LocalVLAN, _ wanted: Set<String>, _ rows: [FlowEntry],
    _ bridge: TunnelBridge
  ) {
    let found = Set(rows.flatMap { bridge.remotes(of: $0) })
    let place = "\(bridge.name) table \(TunnelTable.flood), VLAN \(local.vlan)"
    let intended = DriftSide("to \(list(wanted))", network.evidence + [local.evidence])
    let actual = DriftSide("to \(list(found))", rows.map(\.evidence))
    let node = bridge.node.name
    let lost = wanted.subtracting(found)
    if !lost.isEmpty {
      find(
        .tunnelFlood, .missing, .high, object(network.id), on: node, at: place, wanted: intended,
        found: actual)
    }
    // A port that is no tunnel leads nowhere: that the tunnel is missing is said already.
    // What a node that was not captured replicates of a router is not known.
    let captured = tunnelEnds.filter { hosts.node($0.value) != nil }.keys
    let ends = Set(bridge.remotes.values.map(\.description)).intersection(
      captured.map(\.description)
        + bridge.remotes.values.filter { tunnelEnds[$0] == nil }
        .map(\.description))
    let surplus = found.subtracting(wanted).intersection(ends)
    if !surplus.isEmpty {
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
