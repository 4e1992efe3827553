// Provider networks: the integration bridge turns the wire's VLAN into the local one, the provider
// bridge the local one into the wire's.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  func physicalTables(of view: NodeView) -> [Deviation] {
    let mappings = cloud.bridgeMappings(of: view.node)
    var found: [Deviation] = []
    for (id, vlan) in view.localVLANs.sorted(by: { $0.key < $1.key }) {
      guard let network = model.network(id), !(members[id]?[view.name] ?? []).isEmpty,
        let segment = network.segments.first(where: { $0.physicalNetwork != nil }),
        let bridge = segment.physicalNetwork.flatMap({ mappings[$0] })
      else { continue }
      let provider = Provider(
        network: network, vlan: vlan,
        wire: segment.networkType == "vlan"
          ? segment.segmentationID.flatMap { VLANID($0) } : nil, bridge: bridge)
      found += [inward(provider, view), outward(provider, view)].compactMap { $0 }
    }
    return found
  }

  private struct Provider {
    let network: Network
    let vlan: VLANID
    /// Nil for untagged.
    let wire: VLANID?
    let bridge: BridgeName
    var wireText: String { wire.map { "VLAN \($0)" } ?? "untagged frames" }
  }

  private func number(_ name: InterfaceName, _ view: NodeView) -> Int? {
    view.interfaces[name]?.interface.ofport.flatMap { $0 > 0 ? $0 : nil }
  }

  /// br-int table 0: `in_port=int-br-X,dl_vlan=SEG → LOCAL`.
  private func inward(_ provider: Provider, _ view: NodeView) -> Deviation? {
    let names = NeutronPipeline.patchNames(provider.bridge)
    guard view.hasFlows(view.integration), let port = number(names.integration, view) else {
      return nil
    }
    let rows = view.flows(view.integration).filter { flow in
      flow.table == 0 && flow.match.inPort?.rawValue == UInt32(port)
        && (provider.wire.map { flow.match.vlan == $0 } ?? flow.match.isUntagged)
        && flow.match.fields.count == 2
    }
    if rows.contains(where: { $0.assignedVLAN == provider.vlan }) { return nil }
    let next =
      view.flows(view.integration).first {
        $0.table == 0 && $0.match.inPort?.rawValue == UInt32(port) && $0.assignedVLAN != nil
      }?.actions.last.map { "\($0)" } ?? "resubmit(,60)"
    let match = provider.wire.map { "dl_vlan=\($0)" } ?? "vlan_tci=0x0000/0x1fff"
    let push = provider.wire == nil ? "push_vlan:0x8100," : ""
    let text =
      "table=0,priority=3,in_port=\(port),\(match) actions=\(push)"
      + "set_field:\(4096 + Int(provider.vlan.rawValue))->vlan_vid,\(next)"
    guard let flow = LineParsing.flow(text) else { return nil }
    return map(
      provider, rows, flow, on: view.integration, object: "table 0 in_port=\(port),\(match)",
      "turn \(provider.wireText) of \(provider.network.label) into local VLAN \(provider.vlan)",
      view)
  }

  /// br-X: `in_port=phy-br-X,dl_vlan=LOCAL → SEG`, in table 2 with distributed routing, else in 0.
  private func outward(_ provider: Provider, _ view: NodeView) -> Deviation? {
    let names = NeutronPipeline.patchNames(provider.bridge)
    guard view.hasFlows(provider.bridge), let port = number(names.physical, view) else {
      return nil
    }
    let known = view.flows(provider.bridge)
    let table: UInt8 =
      known.contains { $0.table == 2 && $0.match.inPort?.rawValue == UInt32(port) } ? 2 : 0
    let rows = known.filter {
      $0.table == table && $0.match.inPort?.rawValue == UInt32(port)
        && $0.match.vlan == provider.vlan
    }
    func isRight(_ flow: FlowEntry) -> Bool {
      provider.wire.map { flow.assignedVLAN == $0 } ?? flow.actions.contains(.popVLAN)
    }
    if rows.contains(where: isRight) { return nil }
    let change =
      provider.wire.map { "set_field:\(4096 + Int($0.rawValue))->vlan_vid" } ?? "pop_vlan"
    let text =
      "table=\(table),priority=4,in_port=\(port),dl_vlan=\(provider.vlan) "
      + "actions=\(change),NORMAL"
    guard let flow = LineParsing.flow(text) else { return nil }
    return map(
      provider, rows, flow, on: provider.bridge,
      object: "table \(table) dl_vlan=\(provider.vlan)",
      "turn local VLAN \(provider.vlan) of \(provider.network.label) into \(provider.wireText)",
      view)
  }

  private func map(
    _ provider: Provider, _ rows: [FlowEntry], _ flow: FlowEntry, on bridge: BridgeName,
    object: String, _ what: String, _ view: NodeView
  ) -> Deviation {
    let key = view.bridgeKey(bridge)
    return Deviation(
      rows.isEmpty ? .vlanMapMissing : .vlanMapWrong, node: view.name,
      object: "\(bridge) \(object)",
      "\(bridge) on \(view.name) does not \(what)"
        + (rows.first?.assignedVLAN.map { " but into VLAN \($0)" } ?? ""),
      evidence: rows.map(\.evidence),
      changes: rows.map { .removeFlow(key, $0) } + [.addFlow(key, flow)],
      fix: Fix(
        [
          Ways.restart(Ways.openVSwitchAgent, on: view.name),
          [Ways.flow(key, add: flow.commandText)],
        ], note: "touches \(provider.network.label) on \(view.name)"))
  }
}
