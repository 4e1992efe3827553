// One node as checks see it: its switch's ports by name and number, and the local VLAN that each
// network should have there, by a vote of all places that note it.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes
import OpenFlow

struct NodeView {
  let node: NodeModel
  let interfaces: [InterfaceName: PlacedInterface]
  /// By bridge and OpenFlow number.
  let byNumber: [BridgeName: [UInt32: PlacedInterface]]
  /// By network; absent where no place tells.
  let localVLANs: [NetworkID: VLANID]
  let integration: BridgeName
  /// The bridge that holds tunnel ports; nil where none does.
  let tunnelBridge: BridgeName?

  var name: NodeName { node.name }
  var switchFacts: OpenVSwitchFacts { node.facts.openVSwitch }

  init(_ node: NodeModel, _ networks: [Network], _ model: CloudModel) {
    self.node = node
    let placed = node.facts.openVSwitch.database.records.first?.placedInterfaces ?? []
    interfaces = Dictionary(placed.map { ($0.interface.name, $0) }) { first, _ in first }
    var byNumber: [BridgeName: [UInt32: PlacedInterface]] = [:]
    for item in placed {
      guard let number = item.interface.ofport, number > 0 else { continue }
      byNumber[item.bridge, default: [:]][UInt32(number)] = item
    }
    self.byNumber = byNumber
    let ports = placed.filter { $0.interface.externalIDs["iface-id"] != nil }
    let counts = Dictionary(grouping: ports, by: \.bridge).mapValues(\.count)
    integration =
      counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? NeutronPipeline.integration
    let tunnels = placed.filter { NeutronPipeline.tunnelTables[$0.interface.type] != nil }
    tunnelBridge =
      tunnels.first?.bridge
      ?? (node.facts.openVSwitch.bridges[NeutronPipeline.tunnelBridge] != nil
        ? NeutronPipeline.tunnelBridge : nil)
    localVLANs = LocalVLANVote(
      node: node, placed: placed, integration: integration, tunnelBridge: tunnelBridge
    ).winners(networks, model)
  }

  func flows(_ bridge: BridgeName?) -> FlowList {
    bridge.flatMap { switchFacts.bridges[$0] }?.flows.records ?? []
  }
  func hasFlows(_ bridge: BridgeName?) -> Bool {
    bridge.flatMap { switchFacts.bridges[$0] }?.flows.isKnown ?? false
  }
  func bridgeKey(_ bridge: BridgeName) -> BridgeKey { BridgeKey(name, bridge) }
  func interface(of port: PortID, on bridge: BridgeName) -> PlacedInterface? {
    interfaces.values.filter {
      $0.interface.externalIDs["iface-id"] == port.rawValue && $0.bridge == bridge
    }.min { $0.interface.name < $1.interface.name }
  }

  /// OpenFlow port numbers that a bridge's flows name and no port of it has.
  func danglingNumbers(_ bridge: BridgeName) -> [UInt32: Int] {
    let known = byNumber[bridge] ?? [:]
    var counts: [UInt32: Int] = [:]
    for flow in flows(bridge) {
      var numbers: Set<UInt32> = []
      if let port = flow.match.inPort, !port.isReserved { numbers.insert(port.rawValue) }
      for port in flow.outputPorts where !port.isReserved { numbers.insert(port.rawValue) }
      for number in numbers where known[number] == nil { counts[number, default: 0] += 1 }
    }
    return counts
  }

  /// The cookie that most flows of a bridge bear: its agent's.
  func agentCookie(_ bridge: BridgeName) -> UInt64? {
    var counts: [UInt64: Int] = [:]
    for flow in flows(bridge) { counts[flow.cookie, default: 0] += 1 }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  /// Behind the last one in use; a bridge's own port has a reserved number.
  func freeNumber(_ bridge: BridgeName) -> Int {
    let used = byNumber[bridge]?.keys.filter { !OpenFlowPort($0).isReserved }
    return Int((used?.max() ?? 0) + 1)
  }
}

/// Notes of which local VLAN a network has on a node.
private struct LocalVLANVote {
  let node: NodeModel
  let placed: [PlacedInterface]
  let integration: BridgeName
  let tunnelBridge: BridgeName?

  func winners(_ networks: [Network], _ model: CloudModel) -> [NetworkID: VLANID] {
    var votes: [NetworkID: [VLANID: Int]] = [:]
    func vote(_ network: NetworkID, _ vlan: VLANID?) {
      guard let vlan, vlan != NeutronPipeline.deadVLAN, vlan.rawValue != 0 else { return }
      votes[network, default: [:]][vlan, default: 0] += 1
    }
    for item in placed where item.bridge == integration {
      guard let id = item.interface.externalIDs["iface-id"] else { continue }
      let noted = item.port.otherConfig["net_uuid"].map { NetworkID($0) }
      guard let network = model.port(PortID(id))?.network ?? noted else { continue }
      if noted == network {
        vote(network, item.port.otherConfig["tag"].flatMap(Int.init).flatMap { VLANID($0) })
      }
      vote(network, item.port.tag)
    }
    let byTunnelID = Dictionary(
      networks.flatMap { network in
        network.segments.filter { NeutronPipeline.tunnelTables[$0.networkType] != nil }
          .compactMap { $0.segmentationID.map { (UInt64($0), network.id) } }
      }, uniquingKeysWith: { first, _ in first })
    for flow in tunnelBridge.flatMap({ node.facts.openVSwitch.bridges[$0]?.flows.records }) ?? [] {
      if let id = flow.match.exact(.tunID), let network = byTunnelID[UInt64(id)] {
        vote(network, flow.assignedVLAN)
      }
      if flow.table == NeutronPipeline.floodTable, let id = flow.assignedTunnelID,
        let network = byTunnelID[id]
      {
        vote(network, flow.match.vlan)
      }
    }
    return votes.compactMapValues { counts in
      counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }
  }
}
