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
    guard let request = fullRequest(proxy, backend), let reason = request.reason else {
      return [Premise(.metadataBackend, text, check: check)]
    }
    return [
      Premise(
        .metadataBackend,
        "\(text) with small packets only: \(reason.text), and its neighbours send as many",
        evidence: reason.evidence, cause: .mtuTooSmall, check: check)
    ]
  }

  /// The agent's full packet to Nova, where it is too large for the way; nil where it is not.
  private func fullRequest(
    _ proxy: MetadataProxy, _ backend: (address: IPAddress, port: UInt16)
  ) -> TraceResult? {
    guard let full = inspection.neighboursMTU(of: backend.address, from: proxy.node) else {
      return nil
    }
    let request = trace(backendProbe(proxy.node, backend, full))
    let code = request.reason.flatMap { DropCode(rawValue: $0.code) }
    return code == .mtuExceeded ? request : nil
  }

  /// The request behind a guest's own packets, where only small ones get through; nil where all do.
  ///
  /// Connections agree on a size that fits when they begin: whether the agent's are older than the
  /// MTU is not in a capture, so the cause is named and the verdict left open.
  func metadataRequest(behind result: TraceResult) -> Diagnosis? {
    guard let proxy = inspection.metadataProxy(result),
      let backend = inspection.metadataBackend(of: proxy.node),
      let request = fullRequest(proxy, backend)
    else { return nil }
    var diagnosis = Diagnosis(probe: request.probe, before: request)
    let intended = deviations.first {
      $0.code == .mtuTooSmall && $0.node == proxy.node && $0.namespace == .root
    }
    diagnosis.causes =
      (intended ?? inspection.obstacles(request).first).map {
        [Cause($0, .untried)]
      } ?? []
    diagnosis.note =
      "the proxy takes the request, and full packets between the metadata agent of "
      + "\(proxy.node) and Nova at \(backend.address) are lost; whether its connections are older "
      + "than the MTU, and so use them, is not in a capture"
    return diagnosis
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
