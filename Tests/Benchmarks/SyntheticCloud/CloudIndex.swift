// What of the cloud concerns which node, worked out once. Feeds NodePlan.

/// Objects by the node that holds them.
struct CloudIndex {
  var guests: [[Ref<Port>]]
  var dhcp: [[Ref<Network>]]
  /// Routers with a namespace on the node, whatever their kind.
  var routers: [[Ref<Router>]]
  /// By network: the nodes with a device of it, sorted.
  var nodes: [[Ref<Node>]]

  init(_ cloud: Cloud) {
    guests = Array(repeating: [], count: cloud.nodes.count)
    dhcp = guests.map { _ in [] }
    routers = guests.map { _ in [] }
    var present: [Set<Ref<Node>>] = Array(repeating: [], count: cloud.networks.count)
    for port in cloud.ports.refs {
      guard let node = cloud.ports[port].node else { continue }
      present[cloud.ports[port].network.index].insert(node)
      switch cloud.ports[port].owner {
      case .guest: guests[node.index].append(port)
      case .dhcp: dhcp[node.index].append(cloud.ports[port].network)
      default: break
      }
    }
    for router in cloud.routers.refs {
      let object = cloud.routers[router]
      let places = object.kind == .distributed ? object.places : object.agents
      for node in places {
        routers[node.index].append(router)
        for network in object.networks { present[network.index].insert(node) }
      }
    }
    nodes = present.map { $0.sorted { $0.index < $1.index } }
  }
}
