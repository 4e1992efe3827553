// What one node holds, found by the keys that Neutron writes there: port ids in the switch database,
// namespaces, device names. Built once a node; feeds all steps of ModelBuilder.
import Facts
import NetworkTypes

/// A switch interface with its port and bridge.
struct SwitchAttachment {
  let bridge: BridgeName?
  let port: SwitchPortRecord?
  let interface: SwitchInterfaceRecord

  /// `iface-id`, the join key with Neutron.
  var portID: PortID? { interface.externalIDs["iface-id"].map { PortID($0) } }
  var mac: MACAddress? { interface.externalIDs["attached-mac"].flatMap { MACAddress($0) } }
  /// `vm-uuid` by os-vif, `vm-id` by libvirt.
  var server: ServerID? {
    (interface.externalIDs["vm-uuid"] ?? interface.externalIDs["vm-id"]).map { ServerID($0) }
  }
  /// The agent's own note of which network the port is in.
  var network: NetworkID? { port?.otherConfig["net_uuid"].map { NetworkID($0) } }
  var segment: NeutronSegment? {
    guard let port, let type = port.otherConfig["network_type"] else { return nil }
    let physical = port.otherConfig["physical_network"]
    return NeutronSegment(
      networkType: type, physicalNetwork: physical == "None" ? nil : physical,
      segmentationID: port.otherConfig["segmentation_id"].flatMap { UInt32($0) })
  }
  /// The agent's note of the network's VLAN, else the tag that the port has.
  var localVLAN: VLANID? {
    let noted = port?.otherConfig["tag"].flatMap { Int($0) }.flatMap { VLANID($0) }
    let tag = noted ?? port?.tag
    return tag == NeutronNames.deadVLAN ? nil : tag
  }
}

struct NodeIndex {
  let facts: NodeFacts
  /// In the order of the database.
  let attachments: [SwitchAttachment]
  let attachmentsByPort: [PortID: [SwitchAttachment]]
  let attachmentsByServer: [ServerID?: [SwitchAttachment]]
  /// Sorted by namespace, root last: what is in a namespace of its own is meant.
  let devices: [InterfaceName: [DeviceInNamespace]]
  let addresses: [DeviceKey: [LinkAddress]]
  let roles: [(name: NamespaceName, role: NamespaceRole)]
  let domains: [LibvirtDomain]
  /// What VRRP announces: an address of whichever node is active, no port's own.
  let virtualAddresses: Set<IPAddress>

  struct DeviceInNamespace {
    let namespace: NamespaceName
    let link: Link
  }
  var name: NodeName { facts.name }

  init(_ facts: NodeFacts) {
    self.facts = facts
    attachments = Self.attachments(of: facts.openVSwitch)
    attachmentsByPort = Dictionary(
      grouping: attachments.filter { $0.portID != nil }, by: { $0.portID ?? "" })
    attachmentsByServer = Dictionary(grouping: attachments, by: \.server)
    devices = Self.devices(of: facts)
    addresses = Self.addresses(of: facts)
    let listed = facts.namespaceListings.records.map(\.name)
    roles = Set(facts.namespaces.keys).union(listed).sorted().compactMap { name in
      NamespaceRole(name).map { (name, $0) }
    }
    domains = facts.files.domains.sorted { $0.key < $1.key }.flatMap(\.value.records)
    let instances = facts.files.keepalived.values.flatMap(\.instances)
    virtualAddresses = Set(instances.flatMap(\.virtualAddresses).map(\.address.address))
  }

  private static func attachments(of facts: OpenVSwitchFacts) -> [SwitchAttachment] {
    guard let database = facts.database.records.first else { return [] }
    var bridgeOfPort: [RowID: BridgeName] = [:]
    for bridge in database.bridges {
      for port in bridge.ports { bridgeOfPort[port] = bridge.name }
    }
    var portOfInterface: [RowID: SwitchPortRecord] = [:]
    for port in database.ports {
      for interface in port.interfaces { portOfInterface[interface] = port }
    }
    return database.interfaces.sorted { $0.name < $1.name }.map { interface in
      let port = portOfInterface[interface.id]
      return SwitchAttachment(
        bridge: port.flatMap { bridgeOfPort[$0.id] }, port: port, interface: interface)
    }
  }

  private static func devices(of facts: NodeFacts) -> [InterfaceName: [DeviceInNamespace]] {
    var devices: [InterfaceName: [DeviceInNamespace]] = [:]
    let names = facts.namespaces.keys.sorted {
      ($0 == .root ? 1 : 0, $0) < ($1 == .root ? 1 : 0, $1)
    }
    for name in names {
      for link in facts.namespaces[name]?.links.records ?? [] {
        devices[link.name, default: []].append(DeviceInNamespace(namespace: name, link: link))
      }
    }
    return devices
  }

  private static func addresses(of facts: NodeFacts) -> [DeviceKey: [LinkAddress]] {
    var addresses: [DeviceKey: [LinkAddress]] = [:]
    for (name, namespace) in facts.namespaces {
      for address in namespace.addresses.records {
        addresses[DeviceKey(facts.name, name, address.interface), default: []].append(address)
      }
    }
    return addresses
  }

  func namespace(_ name: NamespaceName) -> NamespaceFacts? { facts.namespaces[name] }

  func device(_ interface: InterfaceName) -> DeviceInNamespace? { devices[interface]?.first }

  /// Global addresses on a device, link-local ones left out.
  func globalAddresses(of device: DeviceKey) -> [InterfaceAddress] {
    (addresses[device] ?? []).map(\.address)
      .filter { !($0.address.family == .ipv6 && $0.address.isLinkLocal) }
  }

  /// All addresses of a namespace; nil where they were not captured.
  func addresses(in namespace: NamespaceName) -> [LinkAddress]? {
    guard let section = facts.namespaces[namespace]?.addresses, section.isKnown else { return nil }
    return section.records
  }

  /// The devices of a namespace with a prefix, sorted by name.
  func links(in namespace: NamespaceName, _ prefix: DevicePrefix) -> [Link] {
    (facts.namespaces[namespace]?.links.records ?? [])
      .filter { DevicePrefix($0.name) == prefix }.sorted { $0.name < $1.name }
  }
}

extension NodeIndex {
  /// Where this node carries a port; nil where it does not.
  func location(of port: PortID, guestDevice: InterfaceName? = nil) -> PortLocation? {
    let candidates = attachmentsByPort[port] ?? []
    // A trunk's parent and its subports are on two bridges; the network is on the one with a tag.
    let attachment = candidates.first { $0.network != nil } ?? candidates.first
    if let attachment { return location(of: attachment, port, guestDevice) }
    let names = DevicePrefix.allCases.map { $0.device(of: port) } + [guestDevice].compactMap { $0 }
    guard let interface = names.first(where: { devices[$0] != nil }) else { return nil }
    return location(interface, nil)
  }

  private func location(
    of attachment: SwitchAttachment, _ port: PortID, _ guestDevice: InterfaceName?
  ) -> PortLocation {
    let name = attachment.interface.name
    let isHybrid = DevicePrefix(name) == .hybridSwitchEnd
    let tap = guestDevice ?? (isHybrid ? DevicePrefix.tap.device(of: port) : nil)
    let own = tap.flatMap { devices[$0] != nil ? $0 : nil } ?? vethEnd(of: name) ?? name
    var location = location(own, attachment)
    if isHybrid {
      let bridge = DevicePrefix.hybridBridge.device(of: port)
      location.linuxBridge = device(own)?.link.master ?? (devices[bridge] == nil ? nil : bridge)
    }
    return location
  }

  /// With `ovs_use_veth` the namespace holds `ns-…` and the switch `tap…`.
  private func vethEnd(of name: InterfaceName) -> InterfaceName? {
    guard let id = name.rawValue.after(DevicePrefix.tap.rawValue) else { return nil }
    let end = InterfaceName(DevicePrefix.namespaceEnd.rawValue + id)
    return devices[end] == nil ? nil : end
  }

  private func location(
    _ interface: InterfaceName, _ attachment: SwitchAttachment?
  ) -> PortLocation {
    let device = device(interface)
    var location = PortLocation(
      node: name, namespace: device?.namespace ?? .root, interface: interface)
    location.bridge = attachment?.bridge
    location.switchPort = attachment?.interface.name
    location.openFlowPort = attachment?.interface.ofport.flatMap { $0 < 0 ? nil : $0 }
    location.tag = attachment?.port?.tag
    location.linuxBridge = attachment == nil ? device?.link.master : nil
    location.addresses = globalAddresses(of: location.device)
    location.evidence = [
      device?.link.evidence, attachment?.interface.evidence, attachment?.port?.evidence,
    ].compactMap { $0 }
    return location
  }
}
