// The mesh of tunnels: each node has a port to each other node that it shares an overlay network with,
// from its own tunnel address to the other's, and packets that come in are looked up.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  /// A node that another one needs a tunnel to.
  private struct Peer {
    let node: NodeName
    let address: IPAddress
    let type: String
  }

  func tunnels(of view: NodeView) -> [Deviation] {
    guard let bridge = view.tunnelBridge, view.switchFacts.database.isKnown,
      let local = tunnelAddress(of: view.name)
    else { return [] }
    let ports = view.interfaces.values.filter {
      $0.bridge == bridge && NeutronPipeline.tunnelTables[$0.interface.type] != nil
    }.sorted { $0.interface.name < $1.interface.name }
    var found: [Deviation] = []
    for port in ports {
      if let text = port.interface.options["local_ip"], text != "flow", text != "\(local)" {
        found.append(wrongLocal(port, text, local, view))
      }
      found += [inbound(port, bridge, view)].compactMap { $0 }
    }
    let known = Set(model.nodes.compactMap { tunnelAddress(of: $0.name) })
    var strays = ports.filter { port in
      guard let text = port.interface.options["remote_ip"], let remote = IPAddress(text) else {
        return false
      }
      return !known.contains(remote) && !agentAddresses.contains(remote)
    }
    for peer in peers(of: view) {
      if ports.contains(where: { $0.interface.options["remote_ip"] == "\(peer.address)" }) {
        continue
      }
      if !strays.isEmpty {
        found.append(wrongRemote(strays.removeFirst(), peer, view))
      } else {
        found.append(missing(peer, local, ports, bridge, view))
      }
    }
    return found
  }

  private var agentAddresses: Set<IPAddress> { Set(model.agents.compactMap(\.tunnelAddress)) }

  func tunnelAddress(of node: NodeName) -> IPAddress? {
    model.agents.first { $0.node == node && $0.tunnelAddress != nil }?.tunnelAddress
      ?? model.node(node)?.tunnelAddress
  }

  /// Nodes with a port on an overlay network that this node has a port on.
  private func peers(of view: NodeView) -> [Peer] {
    var peers: [NodeName: Peer] = [:]
    for (id, places) in members where !(places[view.name] ?? []).isEmpty {
      guard let network = model.network(id),
        let type = network.segments.first(where: {
          NeutronPipeline.tunnelTables[$0.networkType] != nil
        })?.networkType
      else { continue }
      for node in places.keys where node != view.name {
        guard let address = tunnelAddress(of: node) else { continue }
        peers[node] = Peer(node: node, address: address, type: type)
      }
    }
    return peers.values.sorted { $0.node < $1.node }
  }

  // MARK: a missing port

  private func missing(
    _ peer: Peer, _ local: IPAddress, _ ports: [PlacedInterface], _ bridge: BridgeName,
    _ view: NodeView
  ) -> Deviation {
    let dangling = view.danglingNumbers(bridge)
    let old = dangling.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    let number = old.map(Int.init) ?? view.freeNumber(bridge)
    let name = InterfaceName(Self.tunnelName(peer.type, peer.address))
    var options = ports.first { $0.interface.type == peer.type }?.interface.options ?? [:]
    for (key, value) in ["df_default": "true", "in_key": "flow", "out_key": "flow"]
    where options[key] == nil { options[key] = value }
    options["local_ip"] = "\(local)"
    options["remote_ip"] = "\(peer.address)"
    let key = view.bridgeKey(bridge)
    let flows = flowsTowards(peer, number, bridge, view)
    let set = options.sorted { $0.key < $1.key }.map { "options:\($0.key)=\(Shell.word($0.value))" }
    let command =
      "ovs-vsctl --may-exist add-port \(Shell.word(bridge)) \(Shell.word(name)) -- set Interface "
      + "\(Shell.word(name)) type=\(peer.type) \(set.joined(separator: " ")) ofport_request=\(number)"
    return Deviation(
      .tunnelMissing, node: view.name, object: name.rawValue,
      "\(bridge) on \(view.name) has no \(peer.type) port to \(peer.node) (\(peer.address))",
      evidence: ports.first.map { [$0.interface.evidence] } ?? [],
      changes: [
        .addSwitchPort(
          key, NewSwitchPort(name: name, type: peer.type, number: number, options: options))
      ] + flows.map { .addFlow(key, $0) },
      fix: Fix(
        [
          Ways.restart(Ways.openVSwitchAgent, on: view.name),
          [FixCommand(view.name, command)]
            + flows.map { Ways.flow(key, add: $0.commandText) },
        ],
        note: "touches overlay traffic between \(view.name) and \(peer.node) only"
          + agentNote(view.name)))
  }

  /// `vxlan-0a140016` for 10.20.0.22, as the agent names it.
  private static func tunnelName(_ type: String, _ address: IPAddress) -> String {
    guard let v4 = address.v4 else { return "\(type)-new" }
    let hex = String(v4.rawValue, radix: 16)
    return "\(type)-" + String(repeating: "0", count: 8 - hex.count) + hex
  }

  /// What the agent adds for a tunnel: its input, and its place in the lists of flooding.
  private func flowsTowards(
    _ peer: Peer, _ number: Int, _ bridge: BridgeName, _ view: NodeView
  ) -> [FlowEntry] {
    guard let table = NeutronPipeline.tunnelTables[peer.type], view.hasFlows(bridge) else {
      return []
    }
    var flows: [FlowEntry] = []
    let known = view.flows(bridge)
    if !known.contains(where: { $0.table == 0 && $0.match.inPort?.rawValue == UInt32(number) }) {
      if let flow = LineParsing.flow(
        "table=0,priority=1,in_port=\(number) actions=goto_table:\(table)")
      {
        flows.append(flow)
      }
    }
    for (id, places) in members where places[peer.node] != nil && places[view.name] != nil {
      guard let vlan = view.localVLANs[id],
        var flow = known.first(where: {
          $0.table == NeutronPipeline.floodTable && $0.match.vlan == vlan && !$0.dropsAll
            && $0.match.fields.count == 1
        }), !flow.outputPorts.contains(OpenFlowPort(UInt32(number)))
      else { continue }
      flow.actions.append(.output(OpenFlowPort(UInt32(number))))
      flow.evidence = .none
      flows.append(flow)
    }
    return flows
  }

  // MARK: wrong ends

  private func wrongRemote(_ port: PlacedInterface, _ peer: Peer, _ view: NodeView) -> Deviation {
    let name = port.interface.name
    let remote = port.interface.options["remote_ip"] ?? "nobody"
    return Deviation(
      .tunnelWrongEnd, node: view.name, object: name.rawValue,
      "\(name) on \(view.name) leads to \(remote), which is no node's tunnel address; \(peer.node) "
        + "has \(peer.address)", evidence: [port.interface.evidence],
      changes: [
        .setInterfaceOption(view.name, name, name: "remote_ip", value: "\(peer.address)")
      ], fix: optionFix(name, "remote_ip", peer.address, view))
  }

  private func wrongLocal(
    _ port: PlacedInterface, _ text: String, _ local: IPAddress, _ view: NodeView
  ) -> Deviation {
    let name = port.interface.name
    return Deviation(
      .tunnelWrongEnd, node: view.name, object: name.rawValue,
      "\(name) on \(view.name) sends from \(text); the node's tunnel address is \(local)",
      evidence: [port.interface.evidence],
      changes: [.setInterfaceOption(view.name, name, name: "local_ip", value: "\(local)")],
      fix: optionFix(name, "local_ip", local, view))
  }

  private func optionFix(
    _ name: InterfaceName, _ option: String, _ address: IPAddress, _ view: NodeView
  ) -> Fix {
    Fix(
      [
        [
          FixCommand(
            view.name,
            "ovs-vsctl set Interface \(Shell.word(name)) options:\(option)=\(address)")
        ], Ways.restart(Ways.openVSwitchAgent, on: view.name),
      ], note: "touches overlay traffic of \(view.name) through this port")
  }

  /// Table 0 must look up what comes in on a tunnel.
  private func inbound(
    _ port: PlacedInterface, _ bridge: BridgeName, _ view: NodeView
  ) -> Deviation? {
    guard let number = port.interface.ofport, number > 0, view.hasFlows(bridge),
      let table = NeutronPipeline.tunnelTables[port.interface.type]
    else { return nil }
    let flows = view.flows(bridge).filter {
      $0.table == 0 && $0.match.inPort?.rawValue == UInt32(number)
    }
    if flows.contains(where: { !$0.dropsAll }) { return nil }
    let text = "table=0,priority=1,in_port=\(number) actions=goto_table:\(table)"
    guard let flow = LineParsing.flow(text) else { return nil }
    let key = view.bridgeKey(bridge)
    return Deviation(
      .segmentMapMissing, node: view.name, object: "\(bridge) table 0 in_port=\(number)",
      "\(bridge) on \(view.name) does not look up what comes in on \(port.interface.name)",
      evidence: [port.interface.evidence] + flows.map(\.evidence),
      changes: flows.map { .removeFlow(key, $0) } + [.addFlow(key, flow)],
      fix: Fix(
        [Ways.restart(Ways.openVSwitchAgent, on: view.name), [Ways.flow(key, add: text)]],
        note: "touches what this tunnel brings"))
  }
}

extension FlowEntry {
  /// As `ovs-ofctl add-flow` takes it.
  var commandText: String {
    "table=\(table),priority=\(priority)" + (match.fields.isEmpty ? "" : ",\(match)")
      + ",actions=" + (actions.isEmpty ? "drop" : actions.map { "\($0)" }.joined(separator: ","))
  }
}
