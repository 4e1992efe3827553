// Is each port plugged where Neutron bound it, in its network's VLAN, with its MAC, and is a hybrid
// plug's chain of tap, Linux bridge and veth pair whole?
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  func wiring(of view: NodeView) -> [Deviation] {
    var found: [Deviation] = []
    for port in model.ports where port.owner.isPlugged {
      guard let location = port.locations.first(where: { $0.node == view.name }) else { continue }
      if let name = location.switchPort, let placed = view.interfaces[name],
        placed.bridge == view.integration
      {
        found += tag(of: port, placed, view)
        found += mac(of: port, placed, view)
        found += number(of: port, placed, view)
      }
      if port.owner == .server || port.owner == .none {
        found += hybridPlug(of: port, location, view)
      }
    }
    return found
  }

  // MARK: tags

  private func tag(of port: Port, _ placed: PlacedInterface, _ view: NodeView) -> [Deviation] {
    guard let network = port.network, let wanted = view.localVLANs[network],
      placed.port.vlanMode == nil || placed.port.vlanMode == "access", port.isAdminUp != false
    else { return [] }
    let drops = view.flows(view.integration).filter { flow in
      flow.table == 0 && flow.dropsAll && flow.match.fields.count == 1
        && flow.match.inPort?.rawValue == placed.interface.ofport.flatMap { UInt32(exactly: $0) }
        // With the right tag it is the agent's only where it bears the agent's cookie.
        && (placed.port.tag != wanted || flow.cookie == view.agentCookie(view.integration))
    }
    if placed.port.tag == wanted, drops.isEmpty { return [] }
    let name = placed.port.name
    let code: CauseCode =
      placed.port.tag == NeutronPipeline.deadVLAN || placed.port.tag == wanted
      ? .portDeadVLAN : placed.port.tag == nil ? .portNotWired : .portWrongVLAN
    let key = view.bridgeKey(view.integration)
    return [
      Deviation(
        code, node: view.name, object: name.rawValue, tagText(port, placed, wanted, drops, view),
        evidence: [placed.port.evidence] + drops.map(\.evidence),
        changes: [.setTag(view.name, port: name, wanted)] + drops.map { .removeFlow(key, $0) },
        fix: tagFix(port, name, wanted, drops, view), port: port.id)
    ]
  }

  private func tagText(
    _ port: Port, _ placed: PlacedInterface, _ wanted: VLANID, _ drops: [FlowEntry],
    _ view: NodeView
  ) -> String {
    let tag = placed.port.tag
    let title = self.title(port.network)
    var text = "\(placed.port.name) on \(view.name) "
    if let tag {
      text += tag == wanted ? "has tag \(tag)" : "has tag \(tag) in place of \(wanted)"
      if tag != wanted, let other = view.localVLANs.first(where: { $0.value == tag })?.key {
        text += ", the local VLAN of \(self.title(other))"
      }
    } else {
      text += "has no tag"
    }
    text += ": its network \(title) is VLAN \(wanted) there"
    if tag == NeutronPipeline.deadVLAN { text += ", and 4095 is the dead VLAN" }
    if !drops.isEmpty { text += ", and a flow drops all that it sends" }
    return text
  }

  private func tagFix(
    _ port: Port, _ name: InterfaceName, _ wanted: VLANID, _ drops: [FlowEntry], _ view: NodeView
  ) -> Fix {
    var commands = [
      FixCommand(view.name, "ovs-vsctl set Port \(Shell.word(name)) tag=\(wanted)")
    ]
    for flow in drops {
      commands.append(
        FixCommand(
          view.name,
          "ovs-ofctl -O OpenFlow14 --strict del-flows \(Shell.word(view.integration)) "
            + Shell.word("table=0,priority=\(flow.priority),\(flow.match)")))
    }
    return Fix(
      [
        Ways.replug(port.id), commands, Ways.restart(Ways.openVSwitchAgent, on: view.name),
      ],
      note: "touches this port only; the agent wires it again when its admin state changes, as it "
        + "does for all ports of the node when it is restarted")
  }

  // MARK: MAC, OpenFlow number

  private func mac(of port: Port, _ placed: PlacedInterface, _ view: NodeView) -> [Deviation] {
    guard let wanted = port.mac, port.owner == .server,
      let attached = placed.interface.externalIDs["attached-mac"].flatMap({ MACAddress($0) }),
      attached != wanted
    else { return [] }
    return [
      Deviation(
        .portWrongMAC, node: view.name, object: placed.interface.name.rawValue,
        "\(placed.interface.name) on \(view.name) is plugged with MAC \(attached), Neutron has "
          + "\(wanted)", evidence: [placed.interface.evidence] + port.evidence, changes: [],
        fix: Fix(
          [
            [
              FixCommand(
                nil, "openstack port set --mac-address \(attached) \(Shell.word(port.id))")
            ]
          ], note: "the port must be down for its MAC to change; or plug it anew (detach, attach)"),
        port: port.id)
    ]
  }

  private func number(of port: Port, _ placed: PlacedInterface, _ view: NodeView) -> [Deviation] {
    guard let number = placed.interface.ofport, number < 0 else { return [] }
    let error = placed.interface.error.map { ": \($0)" } ?? ""
    return [
      Deviation(
        .portNotPlugged, node: view.name, object: placed.interface.name.rawValue,
        "\(placed.interface.name) on \(view.name) has no OpenFlow port\(error)",
        evidence: [placed.interface.evidence], changes: [],
        fix: Fix(
          [[FixCommand(view.name, "ip link show \(Shell.word(placed.interface.name))")]],
          note: "the switch cannot open the device: it must exist before it is plugged"),
        port: port.id)
    ]
  }

  // MARK: hybrid plugging

  private func hybridPlug(of port: Port, _ location: PortLocation, _ view: NodeView) -> [Deviation]
  {
    guard let name = location.switchPort, name.rawValue.hasPrefix("qvo"),
      let root = view.node.namespaces[.root]
    else { return [] }
    let id = String(name.rawValue.dropFirst(3))
    let bridge = InterfaceName("qbr" + id)
    guard root.devices[bridge] != nil else { return [] }
    return ["qvb", "tap"].compactMap { prefix in
      let device = InterfaceName(prefix + id)
      guard let link = root.devices[device]?.link, link.master != bridge else { return nil }
      let key = DeviceKey(view.name, .root, device)
      return Deviation(
        .bridgePortMissing, node: view.name, object: device.rawValue,
        "\(device) on \(view.name) is not a port of \(bridge)", evidence: [link.evidence],
        changes: [.setMaster(key, bridge)],
        fix: Fix(
          [
            [
              FixCommand(
                view.name, "ip link set \(Shell.word(device)) master \(Shell.word(bridge))")
            ]
          ], note: "touches this port only"), port: port.id)
    }
  }
}

// MARK: ports that are nowhere

extension Inspection {
  /// Ports that Neutron bound and no captured node has, or that it could not bind.
  func unplaced() -> [Deviation] {
    model.ports.compactMap { port in
      guard port.owner == .server, port.isAdminUp != false, port.locations.isEmpty,
        port.origin.contains(.api)
      else { return nil }
      if port.vifType == "binding_failed" || port.vifType == "unbound" {
        return unbound(port)
      }
      guard let node = port.boundNode, let view = nodes[node],
        view.switchFacts.database.isKnown
      else { return nil }
      return Deviation(
        .portNotPlugged, node: node, object: port.id.rawValue,
        "port \(model.title(of: port)) is bound to \(node), whose switch does not have it",
        evidence: port.evidence, changes: [],
        fix: Fix(
          [Ways.replug(port.id), Ways.restart(Ways.openVSwitchAgent, on: node)],
          note: "the hypervisor plugs a guest's port: see the compute service's log on \(node)"),
        port: port.id)
    }
  }

  private func unbound(_ port: Port) -> Deviation {
    let how = port.vifType == "binding_failed" ? "failed to bind" : "has not bound"
    return Deviation(
      .portUnbound, node: port.boundNode, object: port.id.rawValue,
      "Neutron \(how) port \(model.title(of: port))"
        + (port.boundHost.map { $0.isEmpty ? "" : " to \($0)" } ?? "")
        + agentNote(port.boundNode), evidence: port.evidence, changes: [],
      fix: Fix(
        [
          [
            FixCommand(
              nil,
              "openstack port set --host \(Shell.word(port.boundHost ?? "HOST")) "
                + Shell.word(port.id))
          ]
        ],
        note: "binding needs a live agent on the host whose bridge mappings or tunnel types have "
          + "the network's segment"), port: port.id)
  }

  /// Whether the node's switch agent is to blame.
  func agentNote(_ node: NodeName?, _ binary: String = Ways.openVSwitchAgent) -> String {
    guard let node,
      let agent = model.agents.first(where: { $0.node == node && $0.binary == binary })
    else { return "" }
    if agent.isRunning == false { return "; \(binary) does not run on \(node)" }
    if agent.isAlive == false { return "; \(binary) on \(node) is not alive" }
    if agent.isAdminUp == false { return "; \(binary) on \(node) is administratively down" }
    return ""
  }
}
