// Which deviations can matter to a question: those on nodes that the packet passed or would have to.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes
import Trace

struct Scope {
  let ports: [PortID]
  /// Ports of the routers between the ends.
  private let routerPorts: Set<PortID>
  private let nodes: Set<NodeName>
  /// Namespaces and bridges that the traced packet was in.
  private let visited: Set<String>

  init(
    _ result: TraceResult, _ wanted: IntentVerdict, _ probe: Probe, _ model: CloudModel,
    _ inspection: Inspection
  ) {
    var ports: [PortID] = []
    if case .port(let id) = probe.origin { ports.append(id) }
    if case .allowed(let hops) = wanted { ports += hops.map(\.port) }
    if let target = model.floatingIPs.first(where: { $0.address == probe.destination })?.port {
      ports.append(target)
    }
    var nodes: Set<NodeName> = []
    var visited: Set<String> = []
    for step in result.steps + result.replySteps {
      guard let node = step.place.node else { continue }
      nodes.insert(node)
      visited.insert("\(node)/\(step.place.namespace?.rawValue ?? "")")
    }
    var networks: Set<NetworkID> = []
    for id in ports {
      guard let port = model.port(id) else { continue }
      nodes.formUnion(port.locations.map(\.node))
      if let node = port.boundNode { nodes.insert(node) }
      if let network = port.network { networks.insert(network) }
    }
    let routers = model.routers.filter { router in
      router.interfaces.contains { $0.network.map(networks.contains) ?? false }
        || router.gateway?.network.map(networks.contains) ?? false
        || router.gateway?.addresses.contains(probe.destination) ?? false
    }
    for router in routers { nodes.formUnion(router.places.map(\.node)) }
    for server in model.dhcpServers where networks.contains(server.network) {
      nodes.insert(server.node)
    }
    for floating in model.floatingIPs where floating.address == probe.destination {
      nodes.formUnion(model.router(floating.router)?.places.map(\.node) ?? [])
    }
    // What comes from outside may be taken by whoever is on the external network.
    if case .external = probe.origin { nodes.formUnion(inspection.nodes.keys) }
    if !probe.destination.isPrivate {
      nodes.formUnion(model.routers.flatMap { $0.places.map(\.node) })
    }
    self.ports = ports.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    routerPorts = Set(
      routers.flatMap { router in
        router.interfaces.map(\.port) + router.centralInterfaces.map(\.port)
          + [router.gateway?.port].compactMap { $0 }
      })
    self.nodes = nodes
    self.visited = visited
  }

  /// A port's own deviation matters only to those who use the port or its node's devices.
  func contains(_ deviation: Deviation) -> Bool {
    guard let node = deviation.node else {
      return deviation.port.map(ports.contains) ?? true
    }
    // What cannot be tried on a model must be about an end of the question or a router between them.
    if deviation.changes.isEmpty, let port = deviation.port, !ports.contains(port) {
      return routerPorts.contains(port) && nodes.contains(node)
    }
    return nodes.contains(node)
  }

  /// The lower, the nearer to what was asked about.
  func distance(_ deviation: Deviation) -> Int {
    if let port = deviation.port, ports.contains(port) { return 0 }
    guard let node = deviation.node else { return 3 }
    let space = deviation.namespace?.rawValue ?? NamespaceName.root.rawValue
    return visited.contains("\(node)/\(space)") ? 1 : 2
  }
}
