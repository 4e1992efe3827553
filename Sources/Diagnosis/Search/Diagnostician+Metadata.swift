// A guest's packets for metadata end at the proxy; what a request needs beyond it is asked here: the
// agent, and the agent's own way to Nova.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes
import Trace

extension Diagnostician {
  /// The way of a request beyond its proxy: what full packets from Nova would meet is met by full
  /// packets to it.
  func metadataPremises(_ result: TraceResult) -> [Premise] {
    guard let proxy = inspection.metadataProxy(result),
      let backend = inspection.metadataBackend(of: proxy.node)
    else { return [] }
    let text =
      "the metadata agent of \(proxy.node) hears Nova at \(backend.address):\(backend.port)"
    let host = backend.address.family == .ipv6 ? "[\(backend.address)]" : "\(backend.address)"
    let check = "\(proxy.node)# curl -m 5 http://\(host):\(backend.port)/"
    guard let full = inspection.neighboursMTU(of: backend.address, from: proxy.node),
      let reason = trace(backendProbe(proxy.node, backend, full)).reason,
      DropCode(rawValue: reason.code) == .mtuExceeded
    else { return [Premise(.metadataBackend, text, check: check)] }
    return [
      Premise(
        .metadataBackend,
        "\(text) with small packets only: \(reason.text), and its neighbours send as many",
        evidence: reason.evidence, cause: .mtuTooSmall, check: check)
    ]
  }

  /// What stops a service that took the packet from answering as its user expects.
  func serviceFault(behind result: TraceResult) -> Deviation? {
    guard let proxy = inspection.metadataProxy(result) else { return nil }
    if let down = inspection.metadataAgentDown(proxy) { return down }
    guard let backend = inspection.metadataBackend(of: proxy.node) else { return nil }
    let request = trace(backendProbe(proxy.node, backend, nil))
    // Who does not answer ARP may be a node that was not captured.
    guard request.outcome == .dropped || request.outcome == .rejected, let reason = request.reason
    else { return nil }
    let obstacle = inspection.obstacles(request).first
    return Deviation(
      .metadataBackendLost, node: proxy.node, object: "\(backend.address):\(backend.port)",
      "the metadata agent of \(proxy.node) does not reach Nova at \(backend.address):"
        + "\(backend.port): \(reason.text)", evidence: reason.evidence, changes: [],
      fix: obstacle?.fix
        ?? Fix([], note: "mend the node's own way to \(backend.address), or nova_metadata_host"))
  }

  private func backendProbe(
    _ node: NodeName, _ backend: (address: IPAddress, port: UInt16), _ lengthBytes: Int?
  ) -> Probe {
    var probe = Probe(
      origin: .namespace(NamespaceKey(node, .root)), destination: backend.address, kind: .tcp)
    probe.destinationPort = backend.port
    probe.lengthBytes = lengthBytes
    return probe
  }
}
