// Which device is made how: what joins what inside a node, and what leads out of it. Made of the
// data plane's model; read by everything that builds.
import DataPlane
import Facts
import NetworkTypes
import OpenFlow

/// The far end of a wire that leads out of a node.
enum FarEnd: Hashable, Sendable {
  /// Index into the model's guests.
  case guest(Int)
  /// Index into the model's segments.
  case segment(Int)
  /// A wire whose other end the capture does not show: it has carrier, and nobody listens.
  case nowhere
}

/// How a device comes to be.
enum Origin: Hashable, Sendable {
  /// The kernel's or Open vSwitch's own: `lo`, `ovs-netdev`, `vxlan_sys_4789`.
  case given
  case bridge
  /// One end of a pair whose other end is made with it.
  case pair(DeviceKey)
  case wire(FarEnd)
  /// Open vSwitch makes it: an internal port.
  case switchPort
  /// Holds a tunnel's local address outside any switch: a bridge of the userspace switch of the
  /// same name stands for it, since that switch sends tunnel packets through its own bridges only.
  case tunnelEnd(segment: Int)
  /// Asked of the kernel, with a wire to nowhere where it refuses: `vlan`, `dummy`, `bond`, ….
  case kind(String)
}

struct Wiring {
  private(set) var origins: [DeviceKey: Origin] = [:]
  private(set) var notes: [ReplayNote] = []

  init(_ cloud: DataPlaneModel) {
    for node in cloud.nodes.values.sorted(by: { $0.name < $1.name }) {
      for namespace in node.namespaces.values.sorted(by: { $0.key < $1.key }) {
        for device in namespace.devices.values.sorted(by: { $0.key < $1.key }) {
          add(device, of: node, cloud)
        }
      }
    }
  }

  subscript(_ key: DeviceKey) -> Origin? { origins[key] }

  private mutating func add(_ device: Device, of node: NodeModel, _ cloud: DataPlaneModel) {
    guard SafeWords.isDevice(device.key.interface),
      device.key.namespace == .root || SafeWords.isNamespace(device.key.namespace)
    else {
      notes.append(
        ReplayNote(
          node: node.name, namespace: device.key.namespace,
          "a device whose name no kernel would take is left out"))
      return
    }
    origins[device.key] = origin(of: device, node, cloud)
  }

  private func origin(of device: Device, _ node: NodeModel, _ cloud: DataPlaneModel) -> Origin {
    let name = device.key.interface.rawValue
    if Self.isGiven(name) { return .given }
    if device.isSwitchInternal || isLocalPort(device, node) { return .switchPort }
    switch device.attachment {
    case .veth(let peer) where SafeWords.isDevice(peer.interface): return .pair(peer)
    case .guest(let index): return .wire(.guest(index))
    case .segment(let index):
      return device.switchPort == nil ? .tunnelEnd(segment: index) : .wire(.segment(index))
    default: break
    }
    switch device.link.kind {
    case "bridge": return .bridge
    case nil, "veth", "tun", "openvswitch": return .wire(.nowhere)
    case let kind?: return .kind(kind)
    }
  }

  private func isLocalPort(_ device: Device, _ node: NodeModel) -> Bool {
    device.key.namespace == .root
      && node.openVSwitch.bridges[BridgeName(device.key.interface.rawValue)] != nil
  }

  /// Devices that come with a namespace or a switch.
  private static func isGiven(_ name: String) -> Bool {
    let own: Set = [
      "lo", "ovs-netdev", "ovs-system", "sit0", "gre0", "gretap0", "erspan0", "tunl0", "ip6tnl0",
      "ip6gre0", "ip_vti0", "ip6_vti0",
    ]
    return own.contains(name)
      || ["vxlan_sys_", "genev_sys_", "gre_sys", "geneve_sys"].contains { name.hasPrefix($0) }
  }
}
