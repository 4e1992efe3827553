// What all checks look at: facts, data plane and logical model of one cloud, with the look-ups that
// they share. Checks are extensions, one file a subject; each returns deviations and changes nothing.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

/// One look over a cloud for deviations.
struct Inspection {
  let facts: CloudFacts
  let cloud: DataPlaneModel
  let model: CloudModel
  let nodes: [NodeName: NodeView]
  /// Guests, routers and services that Neutron has on each overlay or provider network, by node.
  let members: [NetworkID: [NodeName: [Port]]]

  init(_ cloud: DataPlaneModel, _ model: CloudModel) {
    facts = cloud.facts
    self.cloud = cloud
    self.model = model
    let networks = model.networks
    nodes = Dictionary(
      cloud.nodes.values.map { ($0.name, NodeView($0, networks, model)) },
      uniquingKeysWith: { first, _ in first })
    var members: [NetworkID: [NodeName: [Port]]] = [:]
    for port in model.ports {
      guard let network = port.network else { continue }
      for location in port.locations {
        members[network, default: [:]][location.node, default: []].append(port)
      }
    }
    self.members = members
  }

  /// All deviations of the nodes, in no particular order.
  func deviations(on scope: Set<NodeName>) -> [Deviation] {
    let views = nodes.values.filter { scope.contains($0.name) }.sorted { $0.name < $1.name }
    var found: [Deviation] = []
    for view in views {
      found += wiring(of: view) + links(of: view) + patches(of: view) + uplinks(of: view)
      found += tunnels(of: view) + tunnelTables(of: view) + physicalTables(of: view)
      found += hybridFilter(of: view) + remoteGroups(of: view) + filterZones(of: view)
      found += routers(of: view) + dhcpServers(of: view) + metadataProxies(of: view)
      found += mtus(of: view)
    }
    return found + unplaced() + duplicates(scope)
  }

  func title(_ network: NetworkID?) -> String {
    model.network(network)?.label ?? network?.rawValue ?? "an unknown network"
  }
}
