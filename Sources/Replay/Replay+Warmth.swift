// What a cloud knows after it ran for a while: where everyone is. Switches learn it of what guests
// and gateways broadcast, tunnels of the underlay's neighbours.
import DataPlane
import Facts
import Foundation
import Namespaces
import NetworkTypes
import OpenFlow

extension Replay {
  /// Back to what a prediction starts from: Linux bridges and learned flows are what they were when
  /// the snapshot was made, switches' MAC tables and guests' neighbour caches are empty, so that
  /// addresses are resolved by those who hold them, routers' are as they were, and everyone is heard
  /// once more.
  public func restoreLearned(_ cloud: DataPlaneModel) throws {
    for namespace in cloud.nodes.values.flatMap(\.namespaces.values).sorted(by: { $0.key < $1.key })
    {
      let bridges = namespace.bridges.keys.filter { SafeWords.isDevice($0) }.sorted()
      guard !bridges.isEmpty else { continue }
      let place = ReplayPlace.namespace(namespace.key)
      try batch(["ip"], bridges.map { "link set dev \($0) type bridge fdb_flush" }, in: place)
      try batch(["bridge"], LinkCommands.learned(namespace), in: place)
    }
    for node in cloud.nodes.values.sorted(by: { $0.name < $1.name })
    where !node.openVSwitch.bridges.isEmpty {
      _ = try command(["ovs-appctl", "fdb/flush"], in: .node(node.name)).result()
      // What was decided with the old table would be kept for half a second.
      _ = try command(["ovs-appctl", "revalidator/purge"], in: .node(node.name)).result()
    }
    try forgetNeighbours(cloud)
    try relearnFlows(cloud)
    greet(cloud)
  }

  /// Flows that a switch had learned and that have run out meanwhile.
  private func relearnFlows(_ cloud: DataPlaneModel) throws {
    for node in cloud.nodes.values.sorted(by: { $0.name < $1.name }) {
      for (bridge, facts) in node.facts.openVSwitch.bridges.sorted(by: { $0.key < $1.key }) {
        let learned = facts.flows.records.filter {
          $0.hardTimeoutSeconds > 0 || $0.idleTimeoutSeconds > 0
        }
        guard !learned.isEmpty, SafeWords.isDevice(InterfaceName(bridge.rawValue)) else { continue }
        let words = [
          "ovs-ofctl", "-O", "OpenFlow15", "--bundle", "add-flows", bridge.rawValue, "-",
        ]
        let text = learned.map { "\($0)\n" }.joined()
        _ = try command(words, in: .node(node.name), input: text).result()
      }
    }
  }

  /// All but what someone set by hand; routers get back what the snapshot holds.
  private func forgetNeighbours(_ cloud: DataPlaneModel) throws {
    let hosts =
      guests.map { ReplayPlace.guest($0) } + cloud.outsideHosts.indices.map { .outside($0) }
    for place in hosts { _ = try command(["ip", "neigh", "flush", "all"], in: place).result() }
    let routers = cloud.nodes.values.flatMap { $0.namespaces.values }
      .filter { $0.key.namespace != .root }.sorted { $0.key < $1.key }
    for namespace in routers {
      let place = ReplayPlace.namespace(namespace.key)
      _ = try command(["ip", "neigh", "flush", "all"], in: place).result()
      try batch(["ip"], AddressCommands.neighbours(namespace), in: place)
    }
  }

  private func batch(_ program: [String], _ lines: [String], in place: ReplayPlace) throws {
    guard !lines.isEmpty else { return }
    let words = program + ["-force", "-batch", "-"]
    _ = try command(words, in: place, input: lines.joined(separator: "\n") + "\n").result()
  }

  /// Each guest and each gateway broadcasts an ARP request that nobody answers, as all of them do
  /// all the time: switches then know their places (for 300 s, Open vSwitch's default).
  public func greet(_ cloud: DataPlaneModel) {
    for guest in cloud.guests {
      guard let source = guest.firstAddress(.ipv4)?.v4 else { continue }
      send(Self.request(from: guest.mac, source), from: "eth0", in: .guest(guest.port))
    }
    for gateway in gateways(cloud) {
      send(
        Self.request(from: gateway.device.mac, gateway.address),
        from: gateway.device.key.interface.rawValue,
        in: .namespace(gateway.device.key.namespaceKey))
    }
    for (index, host) in cloud.outsideHosts.enumerated() {
      guard let source = host.addresses.lazy.compactMap(\.address.v4).first else { continue }
      send(Self.request(from: host.mac, source), from: "eth0", in: .outside(index))
    }
    // Tunnels and four switches in user space take their time.
    usleep(150_000)
  }

  /// Devices that hold an address which some guest routes through.
  private func gateways(_ cloud: DataPlaneModel) -> [(device: Device, address: IPv4Address)] {
    let wanted = Set(cloud.guests.flatMap { $0.routes.compactMap(\.gateway) })
    return cloud.nodes.values.flatMap { $0.namespaces.values }.flatMap { namespace in
      namespace.addresses.compactMap { name, addresses in
        guard let device = namespace.devices[name], device.isUp,
          let address = addresses.first(where: { wanted.contains($0.address.address) }),
          let source = address.address.address.v4
        else { return nil }
        return (device, source)
      }
    }.sorted { $0.device.key < $1.device.key }
  }

  /// A guest that is not plugged or a device that is down greets nobody.
  private func send(_ frame: [UInt8], from device: String, in place: ReplayPlace) {
    try? networkNamespace(of: place).enter { try PacketSocket.send([frame], from: device) }
  }

  private static func request(from mac: MACAddress, _ source: IPv4Address) -> [UInt8] {
    let sender = bytes(mac.rawValue, 6)
    return bytes(0xffff_ffff_ffff, 6) + sender + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + sender
      + bytes(UInt64(source.rawValue), 4) + bytes(0, 6) + bytes(0, 4)
  }
  private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  /// The userspace switch drops a tunnel's first packet while it asks for the far end's address; a
  /// kernel would hold it back. So it is told beforehand, and keeps it for an hour.
  func primeTunnels(_ cloud: DataPlaneModel) throws {
    let owners = tunnelOwners(cloud)
    for node in cloud.nodes.values.sorted(by: { $0.name < $1.name }) {
      let locals = node.tunnelAddresses
      guard !locals.isEmpty else { continue }
      _ = try command(["ovs-appctl", "tnl/neigh/aging", "3600"], in: .node(node.name)).result()
      for local in locals.sorted() {
        guard let own = owners[local], let bridge = bridge(of: own, node),
          let prefix = prefix(of: local, cloud.namespace(own.key.namespaceKey))
        else { continue }
        for (address, device) in owners.sorted(by: { $0.key < $1.key })
        where address != local && prefix.contains(address) {
          let words = [
            "ovs-appctl", "tnl/neigh/set", bridge.rawValue, "\(address)", "\(device.mac)",
          ]
          _ = try command(words, in: .node(node.name)).result()
        }
      }
    }
  }

  /// Devices that hold tunnels' local addresses.
  private func tunnelOwners(_ cloud: DataPlaneModel) -> [IPAddress: Device] {
    var owners: [IPAddress: Device] = [:]
    for node in cloud.nodes.values {
      guard let root = node.namespaces[.root] else { continue }
      for (name, addresses) in root.addresses {
        for address in addresses where node.tunnelAddresses.contains(address.address.address) {
          owners[address.address.address] = root.devices[name]
        }
      }
    }
    return owners
  }

  private func bridge(of device: Device, _ node: NodeModel) -> BridgeName? {
    device.switchPort?.bridge ?? BridgeName(device.key.interface.rawValue)
  }
  private func prefix(of address: IPAddress, _ namespace: NamespaceModel?) -> IPPrefix? {
    namespace?.addresses.values.joined().first { $0.address.address == address }?.address.prefix
  }
}
