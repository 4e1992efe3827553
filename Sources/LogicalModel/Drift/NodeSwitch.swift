// One node's switch by the roles that Neutron gives its bridges: integration, tunnel, physical. What
// the agent's configuration does not say is told by what stands there. Feeds DriftBuilder.
import Facts
import NetworkTypes

struct NodeSwitch {
  let index: NodeIndex
  var name: NodeName { index.name }
  var facts: NodeFacts { index.facts }
  let database: SwitchDatabase?
  /// Nil where no switch was captured.
  let integration: BridgeName?
  let tunnel: BridgeName?
  /// Physical network → bridge.
  let physical: [String: BridgeName]
  /// Of the switch agent's configuration, where it was captured.
  let agentOptions: [Section<IniOption>]
  let agent: Agent?
  /// Network → VLANs here, one a segment.
  let localVLANs: [NetworkID: [LocalVLAN]]
  /// Sorted; one where all is well.
  private let networksByVLAN: [VLANID: [NetworkID]]
  /// By bridge.
  let attachments: [BridgeName: [SwitchAttachment]]
  /// Flows of the integration bridge that drop all that comes from a port.
  let blocked: [OpenFlowPort: [FlowEntry]]

  init(
    _ index: NodeIndex, _ model: CloudModel, localVLANs: [NetworkID: [LocalVLAN]],
    agent: Agent?
  ) {
    self.index = index
    database = index.facts.openVSwitch.database.records.first
    attachments = Dictionary(grouping: index.attachments.filter { $0.bridge != nil }) {
      $0.bridge ?? ""
    }
    // The server's options may lie beside the agent's own, which count.
    let files = index.facts.files.configurations.map { path, options in
      (path.contains("openvswitch") ? 0 : 1, path, options)
    }
    agentOptions = files.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    self.agent = agent
    physical = model.node(index.name)?.bridgeMappings ?? [:]
    self.localVLANs = localVLANs
    networksByVLAN = localVLANs.keys.sorted().reduce(into: [:]) { found, network in
      for vlan in Set((localVLANs[network] ?? []).map(\.vlan)) {
        found[vlan, default: []].append(network)
      }
    }
    let bridges = database?.bridges.map(\.name) ?? []
    let configured = agentOptions.compactMap(\.integrationBridge).first ?? "br-int"
    integration = bridges.contains(configured) ? configured : Self.busiest(index.attachments)
    let wanted = agentOptions.compactMap(\.tunnelBridge).first ?? "br-tun"
    tunnel =
      bridges.contains(wanted)
      ? wanted
      : index.attachments.first { Self.isTunnel($0.interface.type) && $0.bridge != nil }?.bridge
    let flows = integration.flatMap { index.facts.openVSwitch.bridges[$0] }?.flows.records
    blocked = (flows ?? FlowList()).entries(of: [0]).reduce(into: [:]) { found, flow in
      guard flow.matchesOnlyInPort, flow.isDrop, let port = flow.match.inPort else { return }
      found[port, default: []].append(flow)
    }
  }

  /// The VLANs of all nodes' networks.
  static func localVLANs(of model: CloudModel) -> [NodeName: [NetworkID: [LocalVLAN]]] {
    var found: [NodeName: [NetworkID: [LocalVLAN]]] = [:]
    for network in model.networks {
      for local in network.localVLANs {
        found[local.node, default: [:]][network.id, default: []].append(local)
      }
    }
    return found
  }

  /// The bridge that most of Neutron's ports are on.
  private static func busiest(_ attachments: [SwitchAttachment]) -> BridgeName? {
    let bridges = attachments.filter { $0.portID != nil }.compactMap(\.bridge)
    return Dictionary(grouping: bridges) { $0 }.max {
      ($0.value.count, $1.key) < ($1.value.count, $0.key)
    }?.key
  }

  static func isTunnel(_ type: String) -> Bool {
    ["vxlan", "gre", "geneve", "ip6gre"].contains(type)
  }

  func flows(_ bridge: BridgeName?) -> FactSection<FlowList>? {
    bridge.flatMap { facts.openVSwitch.bridges[$0] }?.flows
  }
  func attachment(_ name: InterfaceName, on bridge: BridgeName?) -> SwitchAttachment? {
    bridge.flatMap { attachments[$0] }?.first { $0.interface.name == name }
  }
  /// OpenFlow number → what is plugged there.
  func attachments(byNumberOn bridge: BridgeName?) -> [UInt32: SwitchAttachment] {
    var found: [UInt32: SwitchAttachment] = [:]
    for attachment in bridge.flatMap({ attachments[$0] }) ?? [] {
      guard let number = attachment.interface.ofport, number > 0 else { continue }
      found[UInt32(number)] = attachment
    }
    return found
  }
  /// The patch port on `bridge` that leads to `other`.
  func patch(from bridge: BridgeName, to other: BridgeName) -> SwitchAttachment? {
    let there = Set((attachments[other] ?? []).map(\.interface.name.rawValue))
    return (attachments[bridge] ?? []).first { attachment in
      attachment.interface.type == "patch"
        && attachment.interface.options["peer"].map(there.contains) == true
    }
  }
  func vlans(of network: NetworkID) -> [VLANID] { (localVLANs[network] ?? []).map(\.vlan) }
  func networks(of vlan: VLANID) -> [NetworkID] { networksByVLAN[vlan] ?? [] }
  func network(of vlan: VLANID) -> NetworkID? { networks(of: vlan).first }
}

// Reading flows of Neutron's pipelines, whatever spelling the release or the dump has.
extension FlowEntry {
  /// The VLAN that it matches; nil where it matches none, or untagged frames.
  var matchedVLAN: VLANID? {
    guard let tci = match[.vlanTCI], tci.mask & 0x0fff == 0x0fff,
      tci.value & 0x1000 != 0
        || tci.mask & 0x1000 == 0
    else { return nil }
    return VLANID(truncating: UInt16(tci.value & 0xfff))
  }
  var matchesUntagged: Bool {
    match[.vlanTCI].map { $0.mask & 0x1000 != 0 && $0.value & 0x1000 == 0 } ?? false
  }
  var matchedMAC: MACAddress? {
    match.exact(.ethDst).map { MACAddress(rawValue: UInt64($0)) }
  }
  var isDrop: Bool { actions.isEmpty || actions == [.drop] }

  /// The VLAN that its actions give the frame.
  var givenVLAN: VLANID? {
    for action in actions {
      switch action {
      case .setVLANID(let vlan): return vlan
      case .setField(let field, let value, _) where field == .vlanVID || field == .vlanTCI:
        return VLANID(truncating: UInt16(truncatingIfNeeded: value))
      case .setField(.dlVLAN, let value, _):
        return VLANID(truncating: UInt16(truncatingIfNeeded: value))
      case .load(let value, let subfield)
      where subfield.field == .vlanTCI || subfield.field == .vlanVID:
        return VLANID(truncating: UInt16(truncatingIfNeeded: value))
      default: continue
      }
    }
    return nil
  }
  var popsVLAN: Bool { actions.contains(.popVLAN) }
  var givenTunnelID: UInt64? {
    for action in actions {
      switch action {
      case .setTunnelID(let id): return id
      case .setField(.tunID, let value, _): return UInt64(truncatingIfNeeded: value)
      case .load(let value, let subfield) where subfield.field == .tunID:
        return UInt64(truncatingIfNeeded: value)
      default: continue
      }
    }
    return nil
  }
  var outputs: [UInt32] {
    actions.compactMap { action in
      if case .output(let port, _) = action, !port.isReserved { port.rawValue } else { nil }
    }
  }
  var givenARPAnswer: MACAddress? {
    for action in actions {
      switch action {
      case .setField(.arpSHA, let value, _):
        return MACAddress(rawValue: UInt64(truncatingIfNeeded: value))
      case .load(let value, let subfield) where subfield.field == .arpSHA:
        return MACAddress(rawValue: UInt64(truncatingIfNeeded: value))
      default: continue
      }
    }
    return nil
  }
  /// Fields that it matches beside the input port.
  var matchesOnlyInPort: Bool { match.fields.count == 1 && match.inPort != nil }
}
