// Patch ports between bridges, and the physical ports of provider bridges.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  // MARK: patches

  /// Each provider bridge, and the tunnel bridge, is joined to the integration bridge by a pair.
  func patches(of view: NodeView) -> [Deviation] {
    guard view.switchFacts.database.isKnown else { return [] }
    var pairs: [(InterfaceName, BridgeName, InterfaceName, BridgeName)] = []
    for bridge in Set(cloud.bridgeMappings(of: view.node).values).sorted() {
      let names = NeutronPipeline.patchNames(bridge)
      // A long bridge's name is cut: then the pair goes by what is there.
      guard bridge.rawValue.utf8.count <= 11 else { continue }
      pairs.append((names.integration, view.integration, names.physical, bridge))
    }
    if let tunnel = view.tunnelBridge {
      pairs.append(
        (
          NeutronPipeline.patchToTunnel, view.integration, NeutronPipeline.patchFromTunnel, tunnel
        ))
    }
    return pairs.flatMap { near, nearBridge, far, farBridge in
      [patch(near, on: nearBridge, peer: far, view), patch(far, on: farBridge, peer: near, view)]
        .compactMap { $0 }
    }
  }

  private func patch(
    _ name: InterfaceName, on bridge: BridgeName, peer: InterfaceName, _ view: NodeView
  ) -> Deviation? {
    let placed = view.interfaces[name]
    let database = view.switchFacts.database.records.first
    guard database?.bridges.contains(where: { $0.name == bridge }) ?? false else { return nil }
    let isWhole =
      placed?.bridge == bridge && placed?.interface.type == "patch"
      && placed?.interface.options["peer"] == peer.rawValue
    if isWhole { return nil }
    let key = view.bridgeKey(bridge)
    let number = patchNumber(name, bridge, view)
    var changes: [FactChange] = []
    if placed != nil { changes.append(.removeSwitchPort(key, name)) }
    changes.append(
      .addSwitchPort(
        key,
        NewSwitchPort(
          name: name, type: "patch", number: number, options: ["peer": peer.rawValue])))
    let command =
      "ovs-vsctl --may-exist add-port \(Shell.word(bridge)) \(Shell.word(name)) -- set Interface "
      + "\(Shell.word(name)) type=patch options:peer=\(Shell.word(peer)) ofport_request=\(number)"
    let evidence =
      placed.map { [$0.interface.evidence] }
      ?? database?.bridges.first { $0.name == bridge }.map { [$0.evidence] } ?? []
    return Deviation(
      .patchMissing, node: view.name, object: name.rawValue,
      "\(bridge) on \(view.name) has no patch port \(name) to \(peer)", evidence: evidence,
      changes: changes,
      fix: Fix(
        [[FixCommand(view.name, command)], Ways.restart(Ways.openVSwitchAgent, on: view.name)],
        note: "touches what passes between the two bridges, which is nothing now"))
  }

  /// The number that flows still name for a port that is gone.
  private func patchNumber(_ name: InterfaceName, _ bridge: BridgeName, _ view: NodeView) -> Int {
    let dangling = view.danglingNumbers(bridge)
    let best = dangling.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    return best.map(Int.init) ?? view.placed(name)?.interface.ofport ?? view.freeNumber(bridge)
  }

  // MARK: uplinks

  /// A provider bridge without any device that leads out of the node.
  func uplinks(of view: NodeView) -> [Deviation] {
    Set(cloud.bridgeMappings(of: view.node).values).sorted().compactMap { bridge in
      uplink(of: bridge, view)
    }
  }

  private func uplink(of bridge: BridgeName, _ view: NodeView) -> Deviation? {
    guard view.switchFacts.database.isKnown,
      let record = view.switchFacts.database.records.first?.bridges.first(where: {
        $0.name == bridge
      })
    else { return nil }
    let ports = view.interfaces.values.filter { $0.bridge == bridge }
    let isJoined = ports.contains { !["patch", "internal"].contains($0.interface.type) }
    guard !isJoined else { return nil }
    let device = missingUplink(bridge, view)
    let text =
      "\(bridge) on \(view.name) has no physical port"
      + (device.map { ": other nodes have \($0) in it, and here it is in no bridge" } ?? "")
    var changes: [FactChange] = []
    var ways: [[FixCommand]] = []
    if let device {
      let dangling = view.danglingNumbers(bridge)
      let old = dangling.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
      let number = old.map(Int.init) ?? view.freeNumber(bridge)
      changes = [
        .addSwitchPort(
          view.bridgeKey(bridge), NewSwitchPort(name: device, type: "", number: number))
      ]
      ways = [
        [
          FixCommand(
            view.name,
            "ovs-vsctl --may-exist add-port \(Shell.word(bridge)) \(Shell.word(device)) -- set "
              + "Interface \(Shell.word(device)) ofport_request=\(number)")
        ]
      ]
    }
    return Deviation(
      .uplinkMissing, node: view.name, object: bridge.rawValue, text,
      evidence: [record.evidence], changes: changes,
      fix: Fix(ways, note: "touches all external and provider traffic of \(view.name)"))
  }

  /// The device that most other nodes have in a bridge of the same physical network, else the only
  /// hardware-like one that is in no bridge and has no address.
  private func missingUplink(_ bridge: BridgeName, _ view: NodeView) -> InterfaceName? {
    guard let root = view.node.namespaces[.root] else { return nil }
    let physical = cloud.bridgeMappings(of: view.node).filter { $0.value == bridge }.keys
    var counts: [InterfaceName: Int] = [:]
    for other in nodes.values where other.name != view.name {
      let mappings = cloud.bridgeMappings(of: other.node)
      let bridges = Set(physical.compactMap { mappings[$0] })
      for placed in other.interfaces.values
      where bridges.contains(placed.bridge)
        && !["patch", "internal"].contains(placed.interface.type)
      {
        counts[placed.interface.name, default: 0] += 1
      }
    }
    func isFree(_ name: InterfaceName) -> Bool {
      guard let device = root.devices[name] else { return false }
      return device.switchPort == nil && device.link.master == nil
        && (root.addresses[name] ?? []).allSatisfy { $0.address.address.isLinkLocal }
    }
    let known = counts.filter { isFree($0.key) }.max { ($0.value, $1.key) < ($1.value, $0.key) }
    if let known { return known.key }
    let free = root.devices.values.filter {
      isFree($0.key.interface) && $0.link.linkType == "ether" && $0.link.kind == nil
    }
    return free.count == 1 ? free[0].key.interface : nil
  }
}

extension NodeView {
  func placed(_ name: InterfaceName) -> PlacedInterface? { interfaces[name] }
}
