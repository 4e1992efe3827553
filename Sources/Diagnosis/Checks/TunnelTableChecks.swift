// The tunnel bridge's tables: tunnel id ↔ local VLAN, whom broadcasts are sent to, where each MAC is,
// what the ARP responder says, and which DVR MACs other nodes have.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  func tunnelTables(of view: NodeView) -> [Deviation] {
    guard let bridge = view.tunnelBridge, view.hasFlows(bridge) else { return [] }
    var found: [Deviation] = []
    for (id, vlan) in view.localVLANs.sorted(by: { $0.key < $1.key }) {
      guard let network = model.network(id), !(members[id]?[view.name] ?? []).isEmpty,
        let segment = network.segments.first(where: {
          NeutronPipeline.tunnelTables[$0.networkType] != nil
        }), let tunnelID = segment.segmentationID
      else { continue }
      let overlay = Overlay(
        network: network, vlan: vlan, tunnelID: UInt64(tunnelID),
        table: NeutronPipeline.tunnelTables[segment.networkType] ?? 4, bridge: bridge)
      found += inboundMap(overlay, view) + flooding(overlay, view)
      found += unicast(overlay, view) + responder(overlay, view)
    }
    return found + distributedMACs(bridge, view)
  }

  private struct Overlay {
    let network: Network
    let vlan: VLANID
    let tunnelID: UInt64
    let table: UInt8
    let bridge: BridgeName
    var hexID: String { "0x" + String(tunnelID, radix: 16) }
  }

  private func agentFix(_ flow: FlowEntry, _ key: BridgeKey, _ note: String) -> Fix {
    Fix(
      [
        Ways.restart(Ways.openVSwitchAgent, on: key.node),
        [Ways.flow(key, add: flow.commandText)],
      ], note: note)
  }

  // MARK: tunnel id → local VLAN

  private func inboundMap(_ overlay: Overlay, _ view: NodeView) -> [Deviation] {
    let flows = view.flows(overlay.bridge).filter {
      $0.table == overlay.table && $0.match.exact(.tunID) == UInt128(overlay.tunnelID)
    }
    if flows.contains(where: { $0.assignedVLAN == overlay.vlan }), flows.count == 1 { return [] }
    let model = view.flows(overlay.bridge).first {
      $0.table == overlay.table && $0.assignedVLAN != nil && $0.match.exact(.tunID) != nil
    }
    let next =
      model?.actions.lazy.compactMap { action -> String? in
        switch action {
        case .gotoTable, .resubmit: "\(action)"
        default: nil
        }
      }.first ?? "goto_table:\(NeutronPipeline.learnTable)"
    let text =
      "table=\(overlay.table),priority=1,tun_id=\(overlay.hexID) actions=push_vlan:0x8100,"
      + "set_field:\(4096 + Int(overlay.vlan.rawValue))->vlan_vid,\(next)"
    guard let flow = LineParsing.flow(text) else { return [] }
    let key = view.bridgeKey(overlay.bridge)
    let wrong = flows.filter { $0.assignedVLAN != overlay.vlan }
    let title = overlay.network.label
    let sentence: String
    if let bad = wrong.first {
      let other = bad.assignedVLAN.map { vlan in
        "VLAN \(vlan)"
          + (view.localVLANs.first { $0.value == vlan }.map {
            " (\(self.title($0.key)))"
          } ?? "")
      }
      sentence =
        "\(overlay.bridge) table \(overlay.table) on \(view.name) puts tunnel id "
        + "\(overlay.tunnelID) of \(title) into \(other ?? "no VLAN") in place of VLAN \(overlay.vlan)"
    } else {
      sentence =
        "\(overlay.bridge) table \(overlay.table) on \(view.name) does not know tunnel id "
        + "\(overlay.tunnelID) of \(title)"
    }
    return [
      Deviation(
        wrong.isEmpty ? .segmentMapMissing : .segmentMapWrong, node: view.name,
        object: "\(overlay.bridge) table \(overlay.table) tun_id=\(overlay.hexID)", sentence,
        evidence: (wrong.isEmpty ? [model].compactMap { $0 } : wrong).map(\.evidence),
        changes: wrong.map { .removeFlow(key, $0) } + [.addFlow(key, flow)],
        fix: agentFix(flow, key, "touches what comes in for \(title) on \(view.name)"))
    ]
  }

  // MARK: flooding

  private func flooding(_ overlay: Overlay, _ view: NodeView) -> [Deviation] {
    let key = view.bridgeKey(overlay.bridge)
    let flow = view.flows(overlay.bridge).first {
      $0.table == NeutronPipeline.floodTable && $0.match.vlan == overlay.vlan && !$0.dropsAll
        && $0.match.fields.count == 1
    }
    let wanted = peerPorts(of: overlay, view)
    guard !wanted.isEmpty else { return [] }
    let present = Set(flow?.outputPorts.map(\.rawValue) ?? [])
    let missing = wanted.filter { !present.contains($0.value) }
    let isWrongID = flow.map { $0.assignedTunnelID != overlay.tunnelID } ?? false
    if missing.isEmpty, !isWrongID { return [] }
    let ports = present.union(wanted.values).filter { view.byNumber[overlay.bridge]?[$0] != nil }
    let text =
      "table=\(NeutronPipeline.floodTable),priority=1,dl_vlan=\(overlay.vlan) actions=pop_vlan,"
      + "set_field:\(overlay.hexID)->tun_id,"
      + ports.sorted().map { "output:\($0)" }.joined(separator: ",")
    guard let mended = LineParsing.flow(text) else { return [] }
    let title = overlay.network.label
    let whom = missing.keys.sorted().map(\.rawValue).joined(separator: ", ")
    let sentence =
      isWrongID
      ? "\(overlay.bridge) table 22 on \(view.name) sends broadcasts of \(title) with tunnel id "
        + "\(flow?.assignedTunnelID.map(String.init) ?? "none") in place of \(overlay.tunnelID)"
      : "\(overlay.bridge) table 22 on \(view.name) does not send broadcasts of \(title) to \(whom)"
    return [
      Deviation(
        isWrongID ? .segmentMapWrong : .floodListIncomplete, node: view.name,
        object: "\(overlay.bridge) table 22 dl_vlan=\(overlay.vlan)", sentence,
        evidence: flow.map { [$0.evidence] } ?? [],
        changes: (flow.map { [.removeFlow(key, $0)] } ?? []) + [.addFlow(key, mended)],
        fix: agentFix(mended, key, "touches broadcasts of \(title) from \(view.name)"))
    ]
  }

  /// Tunnel ports to the other nodes that have the network.
  private func peerPorts(of overlay: Overlay, _ view: NodeView) -> [NodeName: UInt32] {
    var ports: [NodeName: UInt32] = [:]
    for node in (members[overlay.network.id] ?? [:]).keys where node != view.name {
      guard let address = tunnelAddress(of: node) else { continue }
      for (number, placed) in view.byNumber[overlay.bridge] ?? [:]
      where placed.interface.options["remote_ip"] == "\(address)" {
        ports[node] = number
      }
    }
    return ports
  }

  // MARK: unicast

  /// Entries of l2pop and learned ones lead to the node that has the MAC, with the network's id.
  private func unicast(_ overlay: Overlay, _ view: NodeView) -> [Deviation] {
    let ports = peerPorts(of: overlay, view)
    let key = view.bridgeKey(overlay.bridge)
    let owners = self.owners(on: overlay.network.id)
    return view.flows(overlay.bridge).compactMap { flow in
      guard flow.table == NeutronPipeline.unicastTable, flow.match.vlan == overlay.vlan,
        let mac = flow.match.ethDst, let output = flow.outputPorts.first,
        let places = owners[mac]
      else { return nil }
      let isRightPlace =
        flow.outputPorts.contains { port in
          places.contains { ports[$0] == port.rawValue }
        } || places.allSatisfy { ports[$0] == nil }
      let isRightID = flow.assignedTunnelID == overlay.tunnelID
      if isRightPlace, isRightID { return nil }
      var mended = flow
      mended.evidence = .none
      let target = places.lazy.compactMap { ports[$0] }.first
      mended.actions =
        LineParsing.flow(
          "table=20,dl_vlan=1 actions=pop_vlan,set_field:\(overlay.hexID)->tun_id,"
            + "output:\(target ?? output.rawValue)")?.actions ?? []
      guard !mended.actions.isEmpty else { return nil }
      let holders = places.map(\.rawValue).sorted().joined(separator: ", ")
      let sentence =
        isRightPlace
        ? "\(overlay.bridge) table 20 on \(view.name) sends frames for \(mac) of "
          + "\(overlay.network.label) with tunnel id "
          + "\(flow.assignedTunnelID.map(String.init) ?? "none") in place of \(overlay.tunnelID)"
        : "\(overlay.bridge) table 20 on \(view.name) sends frames for \(mac) to "
          + "\(remoteName(output.rawValue, overlay.bridge, view)); the port is on \(holders)"
      return Deviation(
        isRightPlace ? .segmentMapWrong : .forwardingEntryWrong, node: view.name,
        object: "\(overlay.bridge) table 20 dl_dst=\(mac)", sentence, evidence: [flow.evidence],
        changes: [.addFlow(key, mended)],
        fix: agentFix(mended, key, "touches frames to this MAC from \(view.name)"))
    }
  }

  private func remoteName(_ number: UInt32, _ bridge: BridgeName, _ view: NodeView) -> String {
    guard let placed = view.byNumber[bridge]?[number] else {
      return "port \(number), which is gone"
    }
    guard let remote = placed.interface.options["remote_ip"] else {
      return placed.interface.name.rawValue
    }
    let node = model.nodes.first { tunnelAddress(of: $0.name).map { "\($0)" } == remote }
    return node?.name.rawValue ?? remote
  }

  /// Where each MAC of a network is plugged; a highly available router's is where it is active.
  func owners(on network: NetworkID) -> [MACAddress: Set<NodeName>] {
    var owners: [MACAddress: Set<NodeName>] = [:]
    for ports in (members[network] ?? [:]).values {
      for port in ports {
        guard let mac = port.mac, !port.isDistributed else { continue }
        var places = Set(port.locations.map(\.node))
        if let router = model.router(port.router), router.mode.isHA {
          let active = Set(router.activeNodes)
          if !active.isDisjoint(with: places) { places.formIntersection(active) }
        }
        owners[mac] = places
      }
    }
    return owners
  }

  // MARK: ARP responder

  private func responder(_ overlay: Overlay, _ view: NodeView) -> [Deviation] {
    let key = view.bridgeKey(overlay.bridge)
    var macs: [IPAddress: Set<MACAddress>] = [:]
    for ports in (members[overlay.network.id] ?? [:]).values {
      for port in ports {
        guard let mac = port.mac else { continue }
        for address in port.addresses { macs[address, default: []].insert(mac) }
        for pair in port.allowedAddressPairs where pair.prefix.isHost {
          macs[pair.prefix.address, default: []].insert(pair.mac ?? mac)
        }
      }
    }
    return view.flows(overlay.bridge).compactMap { flow in
      guard flow.table == NeutronPipeline.responderTable, flow.match.vlan == overlay.vlan,
        let bits = flow.match.exact(.arpTPA), let answer = flow.answeredMAC
      else { return nil }
      let address = IPAddress(bits: bits, family: .ipv4)
      guard let wanted = macs[address], !wanted.contains(answer), let mac = wanted.min() else {
        return nil
      }
      var mended = flow
      mended.evidence = .none
      mended.actions = flow.actions.map { $0.replacing(answer, with: mac) }
      return Deviation(
        .addressResponderWrong, node: view.name,
        object: "\(overlay.bridge) table 21 arp_tpa=\(address)",
        "the ARP responder of \(view.name) (\(overlay.bridge) table 21) answers for \(address) on "
          + "\(overlay.network.label) with \(answer); its port has \(mac)",
        evidence: [flow.evidence], changes: [.addFlow(key, mended)],
        fix: agentFix(
          mended, key,
          "touches ARP for \(address) on \(view.name); guests hold the wrong answer until their "
            + "caches age"))
    }
  }

  // MARK: DVR MACs

  /// Frames that another node's distributed router sends carry that node's own MAC.
  private func distributedMACs(_ bridge: BridgeName, _ view: NodeView) -> [Deviation] {
    guard let own = distributedMAC(of: view) else { return [] }
    let key = view.bridgeKey(bridge)
    let patch = view.interfaces[NeutronPipeline.patchFromTunnel]?.interface.ofport ?? 1
    return nodes.values.sorted { $0.name < $1.name }.compactMap { other in
      guard other.name != view.name, let mac = distributedMAC(of: other), mac != own,
        !view.flows(bridge).contains(where: {
          $0.table == NeutronPipeline.distributedMACTable && $0.match.ethSrc == mac
        }),
        let flow = LineParsing.flow(
          "table=\(NeutronPipeline.distributedMACTable),priority=1,dl_src=\(mac) "
            + "actions=output:\(patch)")
      else { return nil }
      return Deviation(
        .distributedMACUnknown, node: view.name,
        object: "\(bridge) table 9 dl_src=\(mac)",
        "\(bridge) on \(view.name) does not know the DVR MAC \(mac) of \(other.name)",
        changes: [.addFlow(key, flow)],
        fix: agentFix(flow, key, "touches routed frames from \(other.name) to \(view.name)"))
    }
  }

  /// The MAC that a node's tunnel bridge puts on routed frames; nil where it routes none.
  private func distributedMAC(of view: NodeView) -> MACAddress? {
    for flow in view.flows(view.tunnelBridge) where flow.table == 1 {
      for action in flow.actions {
        if case .setField(.ethSrc, let value, _) = action {
          return MACAddress(rawValue: UInt64(truncatingIfNeeded: value))
        }
        if case .setEthSrc(let mac) = action { return mac }
      }
    }
    return nil
  }
}

extension FlowEntry {
  /// The MAC that a flow of the ARP responder puts into its answer.
  fileprivate var answeredMAC: MACAddress? {
    for action in actions {
      switch action {
      case .setField(.arpSHA, let value, _):
        return MACAddress(rawValue: UInt64(truncatingIfNeeded: value))
      case .load(let value, let into) where into.field == .arpSHA:
        return MACAddress(rawValue: UInt64(truncatingIfNeeded: value))
      default: continue
      }
    }
    return nil
  }
}

extension FlowAction {
  fileprivate func replacing(_ old: MACAddress, with new: MACAddress) -> FlowAction {
    switch self {
    case .setField(let field, UInt128(old.rawValue), let mask):
      .setField(field, value: UInt128(new.rawValue), mask: mask)
    case .load(UInt128(old.rawValue), let into): .load(UInt128(new.rawValue), into: into)
    case .setEthSrc(old): .setEthSrc(new)
    case .setEthDst(old): .setEthDst(new)
    default: self
    }
  }
}
