// `trace … --confirm`: the probe is really sent in the snapshot's replay, and watched at every hop.
import Confirm
import DataPlane
import Facts
import NetworkTypes
import Replay
import Trace

/// A confirmation against the replay that runs in a folder.
struct ConfirmRun {
  let replay: Replay
  let tracer: Tracer
  let field: ConfirmField

  init(_ tracer: Tracer, folder: String) throws {
    guard Replay.status(folder).condition == .up else {
      throw CommandError(
        "--confirm: no replay of this snapshot is up: wanted `ovsight replay SNAPSHOT up` first")
    }
    replay = try Replay.open(folder)
    self.tracer = tracer
    field = try replay.confirmField(tracer.cloud)
  }

  func confirm(_ probe: Probe) throws -> ConfirmReport {
    let session = ConfirmSession(tracer, field, kind: probe.kind)
    try replay.restoreLearned(tracer.cloud)
    return session.confirm(probe)
  }

  /// Probes of one kind share their captures.
  func confirm(all probes: [Probe], _ use: (Probe, ConfirmReport) -> Void) throws {
    for kind in ProbeProtocol.allCases {
      let group = probes.filter { $0.kind == kind }
      guard !group.isEmpty else { continue }
      let session = ConfirmSession(tracer, field, kind: kind)
      for probe in group {
        // Each prediction starts from the snapshot, so each probe does.
        try replay.restoreLearned(tracer.cloud)
        use(probe, session.confirm(probe))
      }
    }
  }
}

extension Replay {
  /// All devices of the replay, as places to capture at and to send from.
  func confirmField(_ cloud: DataPlaneModel) throws -> ConfirmField {
    var field = ConfirmField(points: [], guests: [:], namespaces: [:], outside: [])
    for node in cloud.nodes.values.sorted(by: { $0.name < $1.name }) {
      for namespace in node.namespaces.values.sorted(by: { $0.key < $1.key }) {
        let file = try networkNamespace(of: .namespace(namespace.key))
        field.namespaces[namespace.key] = file
        for device in namespace.devices.values.sorted(by: { $0.key < $1.key })
        where device.isUp && device.link.linkType != "loopback" {
          field.points.append(
            CapturePoint(
              place: .device(device.key), namespace: file, device: device.key.interface.rawValue))
        }
      }
    }
    for port in guests {
      let file = try networkNamespace(of: .guest(port))
      field.guests[port] = file
      field.points.append(CapturePoint(place: .guest(port), namespace: file, device: "eth0"))
    }
    for (index, host) in cloud.outsideHosts.enumerated() {
      let file = try networkNamespace(of: .outside(index))
      field.outside.append(file)
      field.points.append(
        CapturePoint(place: .outside(host.name), namespace: file, device: "eth0"))
    }
    return field
  }
}
