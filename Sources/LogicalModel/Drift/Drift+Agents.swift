// Agents that are dead or gone, and what their absence left: namespaces and trunks' plugs.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareAgents() {
    guard neutron.agents.isKnown else {
      return unknown(.agentAlive, nil, "Neutron's agents: not captured")
    }
    for agent in model.agents {
      let object = DriftObject(
        .agent, id: "\(agent.host)/\(agent.binary)", name: "\(agent.type) on \(agent.host)")
      if agent.origin == .nodes {
        find(
          .agentProcess, .extra, .low, object, on: agent.node,
          wanted: DriftSide("no such agent in Neutron"),
          found: DriftSide("a process", agent.evidence))
        continue
      }
      guard agent.isAdminUp != false else { continue }
      if agent.isAlive == false {
        find(
          .agentAlive, .missing, .medium, object, on: agent.node,
          wanted: DriftSide("alive", agent.evidence),
          found: DriftSide("no heartbeat: its node's state is frozen", agent.evidence))
      }
      if agent.isRunning == false {
        find(
          .agentProcess, .missing, .medium, object, on: agent.node,
          wanted: DriftSide("a process \(agent.binary)", agent.evidence), found: .none)
      }
    }
  }

  mutating func compareLeftovers(of node: NodeSwitch) {
    for (name, role) in node.index.roles { compareNamespace(name, role, node) }
  }

  private mutating func compareNamespace(
    _ name: NamespaceName, _ role: NamespaceRole, _ node: NodeSwitch
  ) {
    let reason: String
    switch role {
    case .router(let id), .snat(let id):
      guard neutron.routers.isKnown, model.router(id)?.origin.contains(.api) != true else {
        return
      }
      reason = "no router \(id) in Neutron"
    case .floating(let id), .dhcp(let id):
      guard model.network(id)?.origin.contains(.api) != true else { return }
      reason = "no network \(id) in Neutron"
    }
    let held = node.index.addresses(in: name) ?? []
    let live = held.filter { address in
      !address.address.address.isLinkLocal && !address.address.address.isLoopback
    }
    let file = node.facts.namespaceListings.records.first { $0.name == name }?.evidence
    find(
      .ghostNamespace, .extra, live.isEmpty ? .low : .medium, object(namespace: name),
      on: node.name, wanted: DriftSide(reason),
      found: DriftSide(
        live.isEmpty ? "a namespace" : "a namespace that holds \(list(live.map(\.address)))",
        [file].compactMap { $0 } + live.map(\.evidence)))
  }

  /// A subport's patch on the trunk's own bridge carries the VLAN that the guest uses.
  mutating func compareTrunks() {
    for trunk in model.trunks where trunk.origin.contains(.api) {
      guard let parent = model.port(trunk.port), let name = parent.boundNode,
        let node = node(name), parent.status == "ACTIVE",
        node.facts.openVSwitch.database.isKnown
      else { continue }
      for subPort in trunk.subPorts { compare(subPort, of: trunk, node) }
    }
  }

  private mutating func compare(
    _ subPort: NeutronSubPort, of trunk: Trunk, _ node: NodeSwitch
  ) {
    let device = DevicePrefix.trunkSubPort.device(of: subPort.port)
    let attachments = node.index.attachments.filter { $0.interface.name == device }
    let object = DriftObject(.trunk, id: trunk.id.rawValue, name: trunk.label)
    let wanted = DriftSide(
      "\(device) with the guest's VLAN \(subPort.segmentationID.map { "\($0)" } ?? "none")",
      trunk.evidence)
    guard let attachment = attachments.first else {
      return find(
        .trunkSubport, .missing, .high, object, on: node.name, at: device.rawValue, wanted: wanted,
        found: .none)
    }
    let tag = attachment.port?.tag.map { UInt32($0.rawValue) }
    if subPort.segmentationType != "vlan" || tag == subPort.segmentationID { return }
    find(
      .trunkSubport, .different, .high, object, on: node.name, at: device.rawValue,
      wanted: wanted,
      found: DriftSide(
        "VLAN \(tag.map { "\($0)" } ?? "none")",
        [attachment.port?.evidence].compactMap { $0 }))
  }
}
