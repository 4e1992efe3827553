// Guests: from the switch's external ids (where a port is plugged) and Neutron's port (what
// addresses it has), or what dnsmasq and libvirt hold where the API was not captured.
import Facts
import NetworkTypes
import OpenFlow

extension DataPlaneModel {
  mutating func plugGuests() {
    let ports = Dictionary(
      facts.neutron.ports.records.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    var plugs: [PortID: Plug] = [:]
    for node in nodes.values.sorted(by: { $0.name < $1.name }) {
      for (port, plug) in plugged(on: node, ports: ports) where plugs[port] == nil {
        plugs[port] = plug
      }
    }
    addSubports(to: &plugs)
    let builder = GuestBuilder(facts)
    let unplugged = ports.values.filter { isGuest($0) && plugs[$0.id] == nil }.map(\.id)
    for port in plugs.keys.sorted() + unplugged.sorted() {
      let place: Plug =
        plugs[port] ?? (.nowhere("no captured node has port \(port) plugged"), nil, nil)
      guard
        let guest = builder.guest(
          port, plug: place.0, mac: place.1, evidence: place.2, vlan: vlan(of: port))
      else { continue }
      register(guest)
    }
  }

  private func isGuest(_ port: NeutronPort) -> Bool {
    !port.deviceOwner.hasPrefix("network:") && !port.deviceOwner.isEmpty
      && port.host.map { !$0.isEmpty } ?? true
  }

  private mutating func register(_ guest: Guest) {
    guests.append(guest)
    let index = guests.count - 1
    switch guest.plug {
    case .device(let key):
      guestsByDevice[key, default: []].append(index)
      if guest.vlan == nil || device(key)?.attachment == Attachment.none {
        updateDevice(key) { $0.attachment = .guest(index) }
      }
    case .switchPort(let node, let port): guestsBySwitchPort[node, default: [:]][port] = index
    case .nowhere: break
    }
  }

  private typealias Plug = (GuestPlug, MACAddress?, Evidence?)

  private func plugged(on node: NodeModel, ports: [PortID: NeutronPort])
    -> [(PortID, Plug)]
  {
    let database = node.facts.openVSwitch.database.records.first ?? SwitchDatabase()
    return database.placedInterfaces.compactMap { placed in
      let interface = placed.interface
      guard let text = interface.externalIDs["iface-id"], interface.type != "patch" else {
        return nil
      }
      let port = PortID(text)
      let isInfrastructure =
        ports[port].map { $0.deviceOwner.hasPrefix("network:") }
        ?? (interface.type == "internal")
      guard !isInfrastructure else { return nil }
      let mac = interface.externalIDs["attached-mac"].flatMap { MACAddress($0) }
      return (port, (plug(placed, on: node), mac, interface.evidence))
    }
  }

  /// The device that faces the guest: the OVS port itself, or under hybrid plugging the tap that
  /// shares a Linux bridge with the far end of the OVS port's veth pair.
  private func plug(_ placed: PlacedInterface, on node: NodeModel) -> GuestPlug {
    let key = DeviceKey(node.name, .root, placed.interface.name)
    guard let device = node.device(key) else {
      guard let ofport = placed.interface.ofport, ofport > 0 else {
        return .nowhere("\(placed.interface.name) on \(node.name) has no OpenFlow port")
      }
      return .switchPort(
        node.name, SwitchPortKey(placed.bridge, OpenFlowPort(UInt32(ofport))))
    }
    guard case .veth(let peer) = self.device(key)?.attachment ?? device.attachment,
      let far = node.device(peer), let root = node.namespaces[.root]
    else { return .device(key) }
    guard let bridge = far.link.master else { return plugBesideBridge(key, peer, root) }
    let members = root.devices.values.filter {
      $0.link.master == bridge && $0.key.interface != peer.interface
    }.sorted { $0.key < $1.key }
    guard let tap = members.first(where: { $0.attachment == Attachment.none }) ?? members.first
    else {
      return .nowhere("\(bridge) on \(node.name) has no guest device beside \(peer.interface)")
    }
    return .device(tap.key)
  }

  /// A hybrid plug's veth pair that leads into no bridge: the guest is on its tap all the same.
  private func plugBesideBridge(
    _ key: DeviceKey, _ peer: DeviceKey, _ root: NamespaceModel
  ) -> GuestPlug {
    guard peer.namespace == .root, key.interface.rawValue.hasPrefix("qvo") else {
      return .device(key)
    }
    let tap = InterfaceName("tap" + key.interface.rawValue.dropFirst(3))
    guard root.devices[tap] != nil else {
      return .nowhere("\(peer.interface) on \(key.node) is in no Linux bridge")
    }
    return .device(DeviceKey(root.key, tap))
  }

  private func addSubports(to plugs: inout [PortID: Plug]) {
    for trunk in facts.neutron.trunks.records {
      guard let parent = plugs[trunk.port] else { continue }
      for subport in trunk.subPorts where plugs[subport.port] == nil {
        plugs[subport.port] = (parent.0, nil, trunk.evidence)
      }
    }
  }

  private func vlan(of port: PortID) -> VLANID? {
    for trunk in facts.neutron.trunks.records {
      if let subport = trunk.subPorts.first(where: { $0.port == port }) {
        return subport.segmentationID.flatMap { VLANID($0) }
      }
    }
    return nil
  }
}
