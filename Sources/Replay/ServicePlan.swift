// What listens where in a replay: the sockets that the nodes had open, DHCP and metadata among
// them, and one listener for everything in each guest and outside. Written to a file that the
// service process reads.
import DataPlane
import Facts
import Foundation
import Namespaces
import NetworkTypes
import OpenFlow

/// All listeners, by network namespace.
public struct ServicePlan: Codable, Sendable {
  struct Place: Codable, Sendable {
    /// A file that names the network namespace.
    var path: String
    var listeners: [Listener] = []
  }
  struct Listener: Codable, Sendable {
    enum Role: Codable, Sendable {
      /// Accepts, or sends datagrams back.
      case plain
      /// Answers HTTP with the instance's id, by source address.
      case metadata(instances: [String: String])
      case dhcp(DHCPService)
      /// Takes and says nothing. The userspace switch reads tunnel packets beside the kernel, which
      /// would refuse them.
      case sink
    }
    /// `tcp` or `udp`.
    var transport: String
    /// Nil for any address.
    var address: String?
    var port: UInt16
    var device: String?
    var role: Role
  }
  var places: [Place] = []

  static let fileName = "services.json"

  init(_ cloud: DataPlaneModel, _ machine: Machine, _ state: ReplayState) {
    for node in cloud.nodes.values.sorted(by: { $0.name < $1.name }) {
      for namespace in node.namespaces.values.sorted(by: { $0.key < $1.key }) {
        let listeners = Self.listeners(of: namespace, node, cloud)
        guard !listeners.isEmpty,
          let path = try? machine.file(.node(node.name, namespace.key.namespace))
        else { continue }
        places.append(Place(path: path, listeners: listeners))
      }
    }
    for name in state.guests.values.sorted() + state.outside {
      guard let path = try? machine.file(.shared(name)) else { continue }
      let all = ["tcp", "udp"].map {
        Listener(transport: $0, port: EndHost.anyPort, role: .plain)
      }
      places.append(Place(path: path, listeners: all))
    }
  }

  private static func listeners(
    of namespace: NamespaceModel, _ node: NodeModel, _ cloud: DataPlaneModel
  ) -> [Listener] {
    let tunnels = namespace.key.namespace == .root ? tunnelPorts(of: node) : []
    let sinks = tunnels.sorted().map { Listener(transport: "udp", port: $0, role: .sink) }
    return sinks
      + namespace.facts.sockets.records.compactMap { socket in
        guard ["tcp", "udp"].contains(socket.transport), let port = socket.port,
          socket.transport == "udp" || socket.state == "LISTEN",
          socket.transport == "tcp" || !tunnels.contains(port)
        else { return nil }
        return Listener(
          transport: socket.transport,
          address: socket.address.flatMap { $0.isUnspecified ? nil : "\($0)" }, port: port,
          device: socket.interface?.rawValue, role: role(of: socket, namespace, node, cloud))
      }
  }

  private static func tunnelPorts(of node: NodeModel) -> Set<UInt16> {
    Set(
      node.openVSwitch.bridges.values.flatMap(\.ports.values).compactMap { port in
        if case .tunnel(let tunnel) = port.kind { tunnel.destinationPort } else { nil }
      }.filter { $0 > 0 })
  }

  private static func role(
    of socket: ListeningSocket, _ namespace: NamespaceModel, _ node: NodeModel,
    _ cloud: DataPlaneModel
  ) -> Listener.Role {
    if socket.transport == "udp", socket.port == 67,
      let service = DHCPService(namespace, node)
    {
      return .dhcp(service)
    }
    if socket.transport == "tcp", socket.processes.contains(where: { $0.name == "haproxy" }) {
      return .metadata(instances: instances(behind: namespace, cloud))
    }
    return .plain
  }

  /// Servers by the addresses that they ask from: those on the networks of the namespace's devices.
  private static func instances(behind namespace: NamespaceModel, _ cloud: DataPlaneModel)
    -> [String: String]
  {
    let macs = Set(namespace.devices.values.map(\.mac))
    let ports = cloud.facts.neutron.ports.records
    let networks = Set(ports.filter { $0.mac.map(macs.contains) ?? false }.map(\.network))
    let pairs = ports.filter {
      networks.contains($0.network) && !$0.deviceOwner.hasPrefix("network:")
    }.flatMap { port in port.fixedIPs.map { ("\($0.address)", port.deviceID) } }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  /// Starts the process that serves all this; it ends with the replay.
  func start(_ program: String, _ machine: Machine) throws {
    let path = "\(machine.folder)/\(Self.fileName)"
    guard
      FileManager.default.createFile(
        atPath: path, contents: try JSONEncoder().encode(self),
        attributes: [.posixPermissions: 0o600])
    else { throw NamespaceError("\(path): cannot be written") }
    // The replay's processes, the host's files: so it dies with the former and finds the latter.
    let words = ["nsenter", "-t", "\(machine.first.id)", "-p", "--", program, "serve-replay", path]
    _ = try Command(
      words, environment: [Machine.mark: machine.folder, Machine.role: "services"]
    ).start()
    for _ in 0..<500 {
      if FileManager.default.fileExists(atPath: path + ".ready") {
        unlink(path + ".ready")
        return
      }
      usleep(10_000)
    }
    throw NamespaceError("\(program): the service process does not come up")
  }

  static func load(_ path: String) throws -> ServicePlan {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw NamespaceError("\(path): cannot be read")
    }
    return try JSONDecoder().decode(ServicePlan.self, from: data)
  }
}
