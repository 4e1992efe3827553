// Ports: plugged where they are bound, into their network's local VLAN, by devices that are up; and
// what is plugged that nobody asked for.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func comparePorts() {
    for port in model.ports where port.origin.contains(.api) && port.owner.isPlugged {
      guard let record = ports[port.id] else { continue }
      compareBinding(port, record)
      compareWiring(port, record)
      for location in port.locations { compare(port, record, at: location) }
    }
  }

  private mutating func compareBinding(_ port: Port, _ record: NeutronPort) {
    guard record.vifType == "binding_failed" else { return }
    find(
      .portBinding, .different, .high, object(port), on: port.boundNode,
      wanted: DriftSide("bound to \(record.host ?? "a host")", [record.evidence]),
      found: DriftSide("binding_failed", [record.evidence]))
  }

  /// Only what an Open vSwitch agent should have wired by now.
  private func isExpected(_ port: Port, _ record: NeutronPort) -> Bool {
    let types = ["ovs", "vhostuser", "bridge"]
    return record.status == "ACTIVE" && record.isAdminUp && record.deviceID != "reserved_dhcp_port"
      && record.vifType.map(types.contains) ?? false
  }

  /// Interfaces of HA routers are on every node that the router is scheduled on.
  private func isReplicated(_ port: Port) -> Bool {
    if port.isDistributed { return true }
    guard port.owner != .highAvailability, let router = model.router(port.router) else {
      return false
    }
    return router.mode.isHA
  }

  private mutating func compareWiring(_ port: Port, _ record: NeutronPort) {
    guard isExpected(port, record), !isReplicated(port), let host = port.boundHost else { return }
    guard let bound = port.boundNode, let node = node(bound) else {
      return unknown(.portWiring, nil, "host \(host) was not captured")
    }
    guard known(node.facts.openVSwitch.database, .portWiring, bound, "switch database") != nil
    else { return }
    let elsewhere = port.locations.filter { $0.node != bound }
    let there = port.locations.contains { $0.node == bound }
    let wanted = DriftSide("on \(bound)", [record.evidence])
    // While it migrates, a guest's port is on both nodes.
    let migrates = record.bindingProfile["migrating_to"] != nil
    if !there, elsewhere.isEmpty {
      find(
        .portWiring, .missing, .high, object(port), on: bound, wanted: wanted, found: .none)
    }
    for location in elsewhere where !migrates {
      find(
        .portWiring, there ? .twice : .wrongNode, .high, object(port), on: location.node,
        at: location.interface.rawValue, wanted: wanted,
        found: DriftSide("on \(location.node) as \(location.interface)", location.evidence))
    }
  }

  private mutating func compare(
    _ port: Port, _ record: NeutronPort, at location: PortLocation
  ) {
    guard let node = node(location.node) else { return }
    let attachments = node.index.attachmentsByPort[port.id] ?? []
    for attachment in attachments where attachment.bridge == node.integration {
      compareVLAN(port, record, attachment, node)
      compareNotes(port, record, attachment, node)
      compareBlocking(port, record, attachment, node)
      if let number = attachment.interface.ofport, number < 0 {
        find(
          .portDevice, .different, .high, object(port), on: node.name,
          at: attachment.interface.name.rawValue,
          wanted: DriftSide("opened by the switch", [record.evidence]),
          found: DriftSide(
            attachment.interface.error ?? "not opened", [attachment.interface.evidence]))
      }
    }
    compareDevices(port, record, location, node)
  }

  private mutating func compareVLAN(
    _ port: Port, _ record: NeutronPort, _ attachment: SwitchAttachment, _ node: NodeSwitch
  ) {
    guard let row = attachment.port, record.isAdminUp, record.status == "ACTIVE" else { return }
    let place = attachment.interface.name.rawValue
    let expected = node.vlans(of: record.network)
    let isDead = row.tag == NeutronNames.deadVLAN || row.trunks == [NeutronNames.deadVLAN]
    if expected.isEmpty && !isDead { return }
    if !isDead, row.tag.map(expected.contains) == true { return }
    let wanted = DriftSide(
      expected.isEmpty
        ? "the VLAN of network \(model.network(record.network)?.label ?? "?")"
        : list(expected.map { describe($0, on: node.name) }),
      [record.evidence])
    if isDead {
      find(
        .portDeadVLAN, .different, .high, object(port), on: node.name, at: place, wanted: wanted,
        found: DriftSide("VLAN 4095 (dead)", [row.evidence]))
    } else if let tag = row.tag, !expected.contains(tag) {
      find(
        .portVLAN, .different, .critical, object(port), on: node.name, at: place, wanted: wanted,
        found: DriftSide(describe(tag, on: node.name), [row.evidence]))
    } else if row.tag == nil {
      find(
        .portVLAN, .missing, .critical, object(port), on: node.name, at: place, wanted: wanted,
        found: DriftSide("no tag: a trunk of every VLAN", [row.evidence]))
    }
  }

  /// What the agent noted when it wired the port.
  private mutating func compareNotes(
    _ port: Port, _ record: NeutronPort, _ attachment: SwitchAttachment, _ node: NodeSwitch
  ) {
    let place = attachment.interface.name.rawValue
    if let noted = attachment.network, noted != record.network {
      find(
        .portNetwork, .different, .critical, object(port), on: node.name, at: place,
        wanted: DriftSide(
          "network \(model.network(record.network)?.label ?? "?")", [record.evidence]),
        found: DriftSide(
          "network \(model.network(noted)?.label ?? noted.rawValue)",
          [attachment.port?.evidence].compactMap { $0 }))
    }
    if let noted = attachment.mac, let mac = record.mac, noted != mac {
      find(
        .portMAC, .different, .high, object(port), on: node.name, at: place,
        wanted: DriftSide("\(mac)", [record.evidence]),
        found: DriftSide("\(noted)", [attachment.interface.evidence]))
    }
  }

  /// A row of table 0 that takes every frame from the port and drops it: a dead or blocked port's.
  private mutating func compareBlocking(
    _ port: Port, _ record: NeutronPort, _ attachment: SwitchAttachment, _ node: NodeSwitch
  ) {
    guard record.isAdminUp, let number = attachment.interface.ofport, number > 0 else { return }
    for flow in node.blocked[OpenFlowPort(UInt32(number))] ?? [] {
      find(
        .portBlocked, .extra, .high, object(port), on: node.name,
        at: "\(node.integration?.rawValue ?? "") table 0",
        wanted: DriftSide("administratively up", [record.evidence]),
        found: DriftSide("\(flow)", [flow.evidence]))
    }
  }
}

// Devices.
extension DriftBuilder {
  private mutating func compareDevices(
    _ port: Port, _ record: NeutronPort, _ location: PortLocation, _ node: NodeSwitch
  ) {
    guard record.isAdminUp, record.status == "ACTIVE", !isStandby(port, on: node.name) else {
      return
    }
    var names = [location.interface]
    if location.linuxBridge != nil || record.isHybridPlugged && port.owner == .server {
      compareLinuxBridge(port, record, location, node)
      names += [DevicePrefix.hybridBridge, .hybridBridgeEnd, .hybridSwitchEnd]
        .map { $0.device(of: port.id) }
    }
    for name in names {
      guard let link = node.index.device(name)?.link, !link.isUp else { continue }
      find(
        .portDevice, .different, .high, object(port), on: node.name, at: name.rawValue,
        wanted: DriftSide("up", [record.evidence]), found: DriftSide("down", [link.evidence]))
    }
  }

  /// On a node where its router waits, a gateway's device may be down.
  private func isStandby(_ port: Port, on node: NodeName) -> Bool {
    guard let router = model.router(port.router), router.mode.isHA else { return false }
    return router.places.contains { $0.node == node && $0.isActive == false }
  }

  private mutating func compareLinuxBridge(
    _ port: Port, _ record: NeutronPort, _ location: PortLocation, _ node: NodeSwitch
  ) {
    guard node.facts.namespaces[.root]?.links.isKnown == true else {
      return unknown(.portBridge, node.name, "devices of the root namespace: not captured")
    }
    let bridge = DevicePrefix.hybridBridge.device(of: port.id)
    for prefix in [DevicePrefix.tap, .hybridBridgeEnd] {
      let name = prefix == .tap ? location.interface : prefix.device(of: port.id)
      guard DevicePrefix(name) != .hybridSwitchEnd else { continue }
      let link = node.index.device(name)?.link
      if link?.master == bridge { continue }
      find(
        .portBridge, link?.master == nil ? .missing : .different, .high, object(port),
        on: node.name, at: name.rawValue,
        wanted: DriftSide("a port of \(bridge)", [record.evidence]),
        found: DriftSide(
          link == nil
            ? "no such device" : link?.master.map { "a port of \($0)" } ?? "a port of no bridge",
          [link?.evidence].compactMap { $0 }))
    }
  }
}

// What nobody asked for.
extension DriftBuilder {
  /// Everything on the integration bridge is Neutron's or the agent's own.
  mutating func compareSwitchPorts(of node: NodeSwitch) {
    guard let bridge = node.integration else { return }
    if node.database?.isSummary == true {
      return unknown(
        .switchPort, node.name, "whose ports they are: the OVSDB dump was not captured")
    }
    for attachment in node.attachments[bridge] ?? [] {
      let interface = attachment.interface
      if let id = attachment.portID {
        guard model.port(id)?.origin.contains(.api) != true, ports[id] == nil else { continue }
        findSwitchPort(
          attachment, node, bridge, wanted: "no port \(id) in Neutron",
          // The dead VLAN reaches nobody.
          attachment.port?.tag == NeutronNames.deadVLAN ? .low : .medium)
      } else if interface.name.rawValue != bridge.rawValue, interface.type != "patch",
        !NodeSwitch.isTunnel(interface.type), !isAgents(interface.name)
      {
        findSwitchPort(
          attachment, node, bridge, wanted: "no such port: Neutron gives each its port's id",
          .critical)
      }
    }
  }

  /// Veths to physical bridges of old releases, and the metadata extension's device.
  private func isAgents(_ name: InterfaceName) -> Bool {
    name.rawValue.hasPrefix("int-") || name == "tap-meta"
  }

  private mutating func findSwitchPort(
    _ attachment: SwitchAttachment, _ node: NodeSwitch, _ bridge: BridgeName, wanted: String,
    _ severity: DriftSeverity
  ) {
    let interface = attachment.interface
    let device = node.index.device(interface.name)
    var words = ["\(interface.name) on \(bridge)"]
    words.append(
      attachment.port?.tag.map { "in \(describe($0, on: node.name))" } ?? "as a trunk")
    if let device, device.namespace != .root { words.append("in namespace \(device.namespace)") }
    find(
      .switchPort, .extra, severity, object(device: interface.name), on: node.name,
      at: bridge.rawValue, wanted: DriftSide(wanted),
      found: DriftSide(
        words.joined(separator: ", "),
        [interface.evidence, attachment.port?.evidence, device?.link.evidence].compactMap { $0 }))
  }

  /// Taps and hybrid plugs of ports that Neutron does not have.
  mutating func compareGhostDevices(of node: NodeSwitch) {
    let guests: Set<DevicePrefix> = [
      .tap, .hybridSwitchEnd, .hybridBridgeEnd, .hybridBridge, .vhostUser,
    ]
    for link in node.facts.namespaces[.root]?.links.records ?? [] {
      guard let prefix = DevicePrefix(link.name), guests.contains(prefix) else { continue }
      let id = link.name.rawValue.dropFirst(prefix.rawValue.count)
      guard NeutronNames.isShortID(id), !lookups.deviceIDs.contains(id) else { continue }
      find(
        .ghostDevice, .extra, .low, object(device: link.name), on: node.name,
        wanted: DriftSide("no port \(id)… in Neutron"),
        found: DriftSide("\(link.name)\(link.isUp ? ", up" : "")", [link.evidence]))
    }
  }
}
