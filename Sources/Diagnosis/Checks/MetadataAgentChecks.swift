// Metadata beyond the proxy: the agent that it hands requests to, and Nova, which the agent asks over
// its node's own network. Packets of guests end at the proxy, so no trace of theirs gets here.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes
import Trace

extension Inspection {
  /// The proxy that took a guest's request; nil where it ended elsewhere.
  func metadataProxy(_ result: TraceResult) -> MetadataProxy? {
    guard result.probe.destination == .v4(Diagnostician.metadata), result.probe.kind == .tcp else {
      return nil
    }
    for step in result.steps.reversed() {
      guard case .namespace(let key) = step.place else { continue }
      return model.metadataProxies.first { $0.key == key }
    }
    return nil
  }

  /// Nobody listens on the local socket that the proxy hands requests to; nil where somebody does or
  /// the node's local sockets were not captured.
  func metadataAgentDown(_ proxy: MetadataProxy) -> Deviation? {
    guard let path = metadataSettings(proxy)?.server, path.hasPrefix("/"),
      let sockets = cloud.nodes[proxy.node]?.namespaces[.root]?.facts.sockets.records,
      sockets.contains(where: { $0.transport == "u_str" }),
      !sockets.contains(where: { $0.transport == "u_str" && $0.path == path })
    else { return nil }
    return Deviation(
      .metadataAgentDown, node: proxy.node, object: path,
      "no metadata agent listens on \(path) on \(proxy.node): the proxy answers 503",
      evidence: proxy.evidence, changes: [],
      fix: Fix(
        [Ways.restart(Ways.metadataAgent, on: proxy.node)],
        note: "touches metadata of the guests that this node serves"))
  }

  func metadataSettings(_ proxy: MetadataProxy) -> Section<HaproxySetting>? {
    facts.node(proxy.node)?.files.metadataProxies[proxyID(proxy)]
  }

  // MARK: Nova

  /// Whom the agent of a node asks; nil where its own configuration does not say, or names a host that
  /// cannot be looked up here.
  func metadataBackend(of node: NodeName) -> (address: IPAddress, port: UInt16)? {
    let files = facts.node(node)?.files.configurations ?? [:]
    guard
      let options = files.sorted(by: { $0.key < $1.key }).first(where: {
        $0.key.hasSuffix("/metadata_agent.ini")
      })?.value, options.isKnown
    else { return nil }
    // Before 2017 the option was called nova_metadata_ip.
    let hosts = ["nova_metadata_ip", "nova_metadata_host"].flatMap {
      options.values($0, in: "DEFAULT")
    }
    let port = options.values("nova_metadata_port", in: "DEFAULT").last.flatMap { UInt16($0) }
    guard let address = hosts.last.flatMap({ IPAddress($0) }) else { return nil }
    return (address, port ?? Self.usualMetadataPort)
  }
  /// Nova's default.
  private static let usualMetadataPort: UInt16 = 8775

  /// The largest packet that nodes send on the network that an address is on; nil off-link.
  func neighboursMTU(of address: IPAddress, from node: NodeName) -> Int? {
    func holders(_ name: NodeName) -> [InterfaceName] {
      (cloud.nodes[name]?.namespaces[.root]?.addresses ?? [:]).filter { _, list in
        list.contains {
          $0.address.prefix.contains(address) && $0.address.prefixLength < address.family.width
        }
      }.map(\.key)
    }
    guard !holders(node).isEmpty else { return nil }
    return cloud.nodes.keys.flatMap { name in
      holders(name).compactMap { cloud.device(DeviceKey(name, .root, $0))?.mtuBytes }
    }.max()
  }
}
