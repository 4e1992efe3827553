// Nodes elsewhere as a place to confirm in: on the namespaces that the prediction visits and on the
// nodes' own, where a packet that goes astray shows.
import DataPlane
import NetworkTypes
import Trace

extension ConfirmField {
  /// - Parameter access: ways onto nodes; a node without one is not watched.
  public init(
    _ access: [NodeName: NodeAccess], watching result: TraceResult, _ cloud: DataPlaneModel
  ) {
    self.init(points: [], guests: [:], namespaces: [:], outside: [])
    let visited = Set((result.path + result.replyPath).map(\.device.namespaceKey))
    for (name, way) in access.sorted(by: { $0.key < $1.key }) {
      guard let node = cloud.nodes[name] else { continue }
      for namespace in node.namespaces.values.sorted(by: { $0.key < $1.key })
      where namespace.key.namespace == .root || visited.contains(namespace.key) {
        remote.append(RemoteNamespace(key: namespace.key, access: way))
      }
    }
  }
}
