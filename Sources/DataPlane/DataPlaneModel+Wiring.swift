// Which device is which OVS port, and which two devices are one veth pair.
import Facts
import NetworkTypes
import OpenFlow

extension DataPlaneModel {
  /// Finds each OVS interface's kernel device: system ones in the root namespace, internal ones
  /// in whichever namespace an agent moved them to.
  mutating func wireSwitchPorts() {
    for (name, node) in nodes {
      let database = node.facts.openVSwitch.database.records.first ?? SwitchDatabase()
      for placed in database.placedInterfaces {
        guard let ofport = openFlowPort(of: placed, in: node) else { continue }
        let key = SwitchPortKey(placed.bridge, ofport)
        let isInternal =
          placed.interface.type == "internal"
          || placed.interface.name.rawValue == placed.bridge.rawValue
        guard ["", "system", "internal"].contains(placed.interface.type) || isInternal,
          let device = findDevice(placed.interface, isInternal: isInternal, in: node)
        else { continue }
        nodes[name]?.switchDevices[key] = device
        updateDevice(device) {
          $0.switchPort = key
          $0.isSwitchInternal = isInternal
        }
      }
    }
  }

  private func openFlowPort(of placed: PlacedInterface, in node: NodeModel) -> OpenFlowPort? {
    if placed.interface.name.rawValue == placed.bridge.rawValue { return .local }
    if let ofport = placed.interface.ofport {
      return ofport > 0 ? OpenFlowPort(UInt32(ofport)) : nil
    }
    return node.facts.openVSwitch.bridges[placed.bridge]?.ports.records
      .first { $0.name == placed.interface.name }.map { OpenFlowPort($0.number) }
  }

  private func findDevice(
    _ interface: SwitchInterfaceRecord, isInternal: Bool, in node: NodeModel
  ) -> DeviceKey? {
    let holders = node.namespaces.values.filter { $0.devices[interface.name] != nil }
      .sorted { $0.key < $1.key }
    if !isInternal {
      return holders.first { $0.key.namespace == .root }.map { DeviceKey($0.key, interface.name) }
    }
    // The same router's device may stand in a namespace of its own name on this node once only;
    // a second one of that name must differ in its address.
    let attached = interface.externalIDs["attached-mac"].flatMap { MACAddress($0) }
    let exact = holders.filter { $0.devices[interface.name]?.mac == (attached ?? interface.mac) }
    return (exact.first ?? holders.first).map { DeviceKey($0.key, interface.name) }
  }

  /// Joins veth ends: by name inside a namespace, by each other's index across namespaces.
  mutating func wireVethPairs() {
    for node in nodes.values {
      let ends = node.namespaces.values.flatMap { $0.devices.values }
        .filter { $0.link.kind == "veth" }.sorted { $0.key < $1.key }
      for end in ends where device(end.key)?.attachment == Attachment.none {
        guard let peer = vethPeer(of: end, among: ends, node: node) else { continue }
        updateDevice(end.key) { $0.attachment = .veth(peer) }
        updateDevice(peer) { $0.attachment = .veth(end.key) }
      }
    }
  }

  private func vethPeer(of end: Device, among ends: [Device], node: NodeModel) -> DeviceKey? {
    if let name = end.link.peerName {
      return ends.first { $0.key.namespaceKey == end.key.namespaceKey && $0.key.interface == name }?
        .key
    }
    guard let peerIndex = end.link.peerIndex else { return nil }
    // Numbers of namespaces are known as the root namespace sees them.
    let listed = node.facts.namespaceListings.records.first {
      end.key.namespace == .root && $0.id != nil && $0.id == end.link.peerNamespaceID
    }
    let mutual = ends.filter {
      $0.key.namespace != end.key.namespace && $0.link.index == peerIndex
        && $0.link.peerIndex == end.link.index
        && (listed == nil || $0.key.namespace == listed?.name)
    }
    if end.key.namespace == .root, listed == nil { return nil }
    if mutual.count <= 1 { return mutual.first?.key }
    return mutual.filter { namesAreKin($0.key.interface, end.key.interface) }.first?.key
  }

  /// Neutron names both ends of a pair after one id: `rfp-X` and `fpr-X`, `tapX` and `ns-X`.
  private func namesAreKin(_ a: InterfaceName, _ b: InterfaceName) -> Bool {
    let suffix = zip(a.rawValue.reversed(), b.rawValue.reversed()).prefix { $0 == $1 }
    return suffix.count >= 8
  }
}
