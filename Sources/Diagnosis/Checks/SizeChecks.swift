// MTUs: of devices that carry a network, and of the wire under the overlay with its headers.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  /// Outer Ethernet payload beyond the inner IP packet: IP, UDP or GRE, the tunnel's, inner Ethernet.
  private static let overheadBytes: [String: Int] = [
    "vxlan": 50, "geneve": 58, "gre": 42,
  ]

  func mtus(of view: NodeView) -> [Deviation] { deviceMTUs(view) + underlayMTUs(view) }

  private func deviceMTUs(_ view: NodeView) -> [Deviation] {
    var found: [Deviation] = []
    for port in model.ports {
      guard let wanted = model.network(port.network)?.mtuBytes,
        let location = port.locations.first(where: { $0.node == view.name })
      else { continue }
      for key in devices(of: location) {
        guard let device = cloud.device(key), device.mtuBytes < wanted else { continue }
        found.append(
          tooSmall([key], wanted, "network \(title(port.network)) has MTU \(wanted)", port.id))
      }
    }
    return found
  }

  private func devices(of location: PortLocation) -> [DeviceKey] {
    var names: Set<DeviceKey> = [location.device]
    if let name = location.switchPort {
      names.insert(DeviceKey(location.node, .root, name))
      if name.rawValue.hasPrefix("qvo") {
        names.insert(
          DeviceKey(location.node, .root, InterfaceName("qvb" + name.rawValue.dropFirst(3))))
      }
    }
    if let bridge = location.linuxBridge { names.insert(DeviceKey(location.node, .root, bridge)) }
    return names.filter { cloud.device($0) != nil }.sorted()
  }

  private func underlayMTUs(_ view: NodeView) -> [Deviation] {
    var need = 0
    var which: Network?
    for (id, places) in members where !(places[view.name] ?? []).isEmpty {
      guard let network = model.network(id), let mtu = network.mtuBytes,
        let overhead = network.segments.lazy.compactMap({ Self.overheadBytes[$0.networkType] })
          .first, mtu + overhead > need
      else { continue }
      (need, which) = (mtu + overhead, network)
    }
    guard need > 0, let root = view.node.namespaces[.root], let network = which,
      let address = tunnelAddress(of: view.name)
    else { return [] }
    var small: [DeviceKey] = []
    let holders = root.addresses.filter { _, list in
      list.contains { $0.address.address == address }
    }.keys.sorted()
    for name in holders {
      for key in carriers(of: name, root, view)
      where (cloud.device(key)?.mtuBytes ?? .max) < need { small.append(key) }
    }
    guard !small.isEmpty else { return [] }
    // Hosts of one wire that send different sizes lose packets of their own too.
    let usual = neighboursMTU(of: address, from: view.name).flatMap { $0 > need ? $0 : nil }
    return [
      tooSmall(
        small, need,
        "network \(network.label) has MTU \(network.mtuBytes ?? 0) and its tunnel adds "
          + "\(need - (network.mtuBytes ?? 0)) bytes"
          + (usual.map { ", and other nodes have \($0)" } ?? ""), nil, setting: usual)
    ]
  }

  /// The device with the tunnel address, what is under it, and the uplinks of its bridge.
  private func carriers(
    of name: InterfaceName, _ root: NamespaceModel, _ view: NodeView
  ) -> [DeviceKey] {
    var keys = [DeviceKey(root.key, name)]
    if let bridge = root.devices[name]?.switchPort?.bridge {
      for placed in view.interfaces.values
      where placed.bridge == bridge && !["patch", "internal"].contains(placed.interface.type) {
        keys.append(DeviceKey(root.key, placed.interface.name))
      }
    }
    if let lower = root.devices[name]?.link.peerName { keys.append(DeviceKey(root.key, lower)) }
    for device in root.devices.values where device.link.master == name {
      keys.append(device.key)
    }
    return keys.filter { root.devices[$0.interface] != nil }.sorted()
  }

  /// - Parameter setting: the MTU to set, where it is not just what is needed.
  func tooSmall(
    _ keys: [DeviceKey], _ need: Int, _ why: String, _ port: PortID?, setting: Int? = nil
  ) -> Deviation {
    let mtu = setting ?? need
    let names = keys.map(\.interface.rawValue).joined(separator: ", ")
    let first = keys[0]
    let now = keys.compactMap { cloud.device($0)?.mtuBytes }.min() ?? 0
    return Deviation(
      .mtuTooSmall, node: first.node,
      namespace: first.namespace, object: names,
      "\(names) on \(first.node) \(keys.count == 1 ? "has" : "have") MTU \(now); \(need) is needed: "
        + why, evidence: keys.compactMap { cloud.device($0)?.link.evidence },
      changes: keys.map { .setMTU($0, bytes: mtu) },
      fix: Fix(
        [
          keys.map { key in
            FixCommand(
              key.node,
              "\(Shell.inside(key.namespaceKey))ip link set \(Shell.word(key.interface)) mtu \(mtu)"
            )
          }
        ],
        note: "make it last in the host's network configuration; the switches between the nodes "
          + "must carry it too"), port: port)
  }
}
