// Provider networks: the bridges to physical networks, their patch ports and uplinks, and the
// translation of VLANs both ways. Source: …/agent/openflow/*/{br_int,br_phys,br_dvr_process}.py.
import Facts
import NetworkTypes

extension DriftBuilder {
  static let providerTypes: Set<String> = ["vlan", "flat"]

  mutating func compareProviderBridges(of node: NodeSwitch) {
    guard node.agent != nil, let integration = node.integration,
      node.facts.openVSwitch.database.isKnown
    else { return }
    if let tunnel = node.tunnel, tunnel != integration { comparePatch(node, integration, tunnel) }
    for (physicalNetwork, bridge) in node.physical.sorted(by: { $0.key < $1.key }) {
      comparePhysicalBridge(node, integration, physicalNetwork, bridge)
    }
  }

  /// Both ends.
  private mutating func comparePatch(
    _ node: NodeSwitch, _ one: BridgeName, _ other: BridgeName
  ) {
    for (here, there) in [(one, other), (other, one)] where node.patch(from: here, to: there) == nil
    {
      // Before Icehouse, and where it is asked for still, veths take the patch ports' place.
      let veth = (node.attachments[here] ?? []).contains { attachment in
        attachment.interface.type != "patch"
          && ["int-", "phy-"].contains { attachment.interface.name.rawValue.hasPrefix($0) }
      }
      if veth { continue }
      find(
        .patchPort, .missing, .high, object(device: InterfaceName(here.rawValue)), on: node.name,
        at: here.rawValue,
        wanted: DriftSide("a patch port to \(there)", bridgeEvidence(node, there)), found: .none)
    }
  }

  private func bridgeEvidence(_ node: NodeSwitch, _ name: BridgeName) -> [Evidence] {
    (node.database?.bridges ?? []).filter { $0.name == name }.map(\.evidence)
  }

  private mutating func comparePhysicalBridge(
    _ node: NodeSwitch, _ integration: BridgeName, _ physicalNetwork: String, _ bridge: BridgeName
  ) {
    guard node.database?.bridges.contains(where: { $0.name == bridge }) == true else {
      return find(
        .physicalPort, .missing, .high, object(device: InterfaceName(bridge.rawValue)),
        on: node.name, wanted: DriftSide("bridge \(bridge) for \(physicalNetwork)"), found: .none)
    }
    comparePatch(node, integration, bridge)
    let local = locals(node, physicalNetwork)
    compareUplink(node, physicalNetwork, bridge, local)
    compareTranslation(node, integration, bridge, local)
  }

  /// Networks of a physical network that the node carries.
  private func locals(
    _ node: NodeSwitch, _ physicalNetwork: String
  ) -> [(network: Network, segment: NeutronSegment, local: LocalVLAN)] {
    node.localVLANs.sorted { $0.key < $1.key }.flatMap { id, locals in
      locals.compactMap { local in
        guard let network = model.network(id),
          let segment = local.segment ?? network.segments.first,
          segment.physicalNetwork == physicalNetwork,
          Self.providerTypes.contains(segment.networkType)
        else { return nil }
        return (network, segment, local)
      }
    }
  }

  /// A bridge that carries provider networks and has no port but patches and itself leads nowhere.
  private mutating func compareUplink(
    _ node: NodeSwitch, _ physicalNetwork: String, _ bridge: BridgeName,
    _ locals: [(network: Network, segment: NeutronSegment, local: LocalVLAN)]
  ) {
    guard !locals.isEmpty else { return }
    let uplinks = (node.attachments[bridge] ?? []).filter { attachment in
      attachment.interface.type != "patch" && attachment.interface.type != "internal"
        && attachment.interface.name.rawValue != bridge.rawValue
        && !attachment.interface.name.rawValue.hasPrefix("phy-")
    }
    // A patch to a bridge of another's (an underlay's) may lead on.
    let isPatchedOn = (node.attachments[bridge] ?? []).contains { attachment in
      guard attachment.interface.type == "patch", let peer = attachment.interface.options["peer"]
      else { return false }
      return node.integration.map { node.attachment(InterfaceName(peer), on: $0) == nil } ?? false
        && node.index.attachments.contains { $0.interface.name.rawValue == peer }
    }
    guard uplinks.isEmpty, !isPatchedOn else { return }
    find(
      .physicalPort, .missing, .high, object(device: InterfaceName(bridge.rawValue)), on: node.name,
      at: bridge.rawValue,
      wanted: DriftSide(
        "a port to physical network \(physicalNetwork) for networks "
          + list(Set(locals.map(\.network.label))),
        locals.map(\.local.evidence)),
      found: DriftSide("patch ports only", bridgeEvidence(node, bridge)))
  }

  private mutating func compareTranslation(
    _ node: NodeSwitch, _ integration: BridgeName, _ bridge: BridgeName,
    _ locals: [(network: Network, segment: NeutronSegment, local: LocalVLAN)]
  ) {
    guard
      let inner = known(
        node.flows(integration), .providerInbound, node.name, "\(integration)'s flows"),
      let outer = known(node.flows(bridge), .providerOutbound, node.name, "\(bridge)'s flows")
    else { return }
    if let number = node.patch(from: integration, to: bridge)?.interface.ofport, number > 0 {
      compareInbound(node, integration, inner, OpenFlowPort(UInt32(number)), locals)
    }
    if let number = node.patch(from: bridge, to: integration)?.interface.ofport, number > 0 {
      compareOutbound(node, bridge, outer, OpenFlowPort(UInt32(number)), locals)
    }
  }

  private mutating func compareInbound(
    _ node: NodeSwitch, _ bridge: BridgeName, _ flows: FlowList, _ port: OpenFlowPort,
    _ locals: [(network: Network, segment: NeutronSegment, local: LocalVLAN)]
  ) {
    let rows = flows.entries(of: [0]).filter {
      $0.match.inPort == port && $0.givenVLAN != nil && $0.match[.ethDst] == nil
        && $0.match[.ethSrc] == nil
    }
    for (network, segment, local) in locals {
      let own = rows.filter { $0.matches(segment) }
      let wanted = DriftSide(
        "\(describe(segment)) into \(describe(local.vlan, on: node.name))",
        network.evidence + [local.evidence])
      if own.isEmpty {
        find(
          .providerInbound, .missing, .high, object(network.id), on: node.name,
          at: "\(bridge) table 0", wanted: wanted, found: .none)
      }
      for row in own where row.givenVLAN != local.vlan {
        find(
          .providerInbound, .different, .critical, object(network.id), on: node.name,
          at: "\(bridge) table 0", wanted: wanted,
          found: DriftSide(
            "into " + (row.givenVLAN.map { describe($0, on: node.name) } ?? "none"),
            [row.evidence]))
      }
    }
    for row in rows where !locals.contains(where: { row.matches($0.segment) }) {
      find(
        .providerInbound, .extra, .medium, object(node: node.name), on: node.name,
        at: "\(bridge) table 0", wanted: DriftSide("no network of this node has it"),
        found: DriftSide("\(row)", [row.evidence]))
    }
  }

  private mutating func compareOutbound(
    _ node: NodeSwitch, _ bridge: BridgeName, _ flows: FlowList, _ port: OpenFlowPort,
    _ locals: [(network: Network, segment: NeutronSegment, local: LocalVLAN)]
  ) {
    let rows = flows.entries(of: [0, 2]).filter {
      $0.match.inPort == port && $0.matchedVLAN != nil && !$0.isDrop
        && $0.match[.ethDst] == nil && $0.match[.ethSrc] == nil
    }
    for (network, segment, local) in locals {
      let own = rows.filter { $0.matchedVLAN == local.vlan }
      let wanted = DriftSide(
        "\(describe(local.vlan, on: node.name)) out as \(describe(segment))",
        network.evidence + [local.evidence])
      if own.isEmpty {
        find(
          .providerOutbound, .missing, .high, object(network.id), on: node.name,
          at: bridge.rawValue, wanted: wanted, found: .none)
      }
      for row in own where !row.sends(as: segment) {
        find(
          .providerOutbound, .different, .critical, object(network.id), on: node.name,
          at: "\(bridge) table \(row.table)", wanted: wanted,
          found: DriftSide("\(row)", [row.evidence]))
      }
    }
    for row in rows where !locals.contains(where: { row.matchedVLAN == $0.local.vlan }) {
      find(
        .providerOutbound, .extra, .medium, object(node: node.name), on: node.name,
        at: "\(bridge) table \(row.table)",
        wanted: DriftSide("no provider network of this node has it"),
        found: DriftSide("\(row)", [row.evidence]))
    }
  }
}

extension FlowEntry {
  /// It takes the frames of a provider's segment.
  fileprivate func matches(_ segment: NeutronSegment) -> Bool {
    guard let id = segment.segmentationID else { return matchesUntagged }
    return matchedVLAN?.rawValue == UInt16(truncatingIfNeeded: id)
  }
  fileprivate func sends(as segment: NeutronSegment) -> Bool {
    guard let id = segment.segmentationID else { return popsVLAN || givenVLAN?.rawValue == 0 }
    return givenVLAN?.rawValue == UInt16(truncatingIfNeeded: id)
  }
}
