// A replayed cloud as a place to confirm in: every device of it is watched, guests' own among them.
import DataPlane
import Namespaces
import NetworkTypes
import Replay

extension ConfirmField {
  /// All devices of a replay.
  public init(_ replay: Replay, _ cloud: DataPlaneModel) throws {
    self.init(points: [], guests: [:], namespaces: [:], outside: [])
    for node in cloud.nodes.values.sorted(by: { $0.name < $1.name }) {
      for namespace in node.namespaces.values.sorted(by: { $0.key < $1.key }) {
        let file = try replay.networkNamespace(of: .namespace(namespace.key))
        namespaces[namespace.key] = file
        for device in namespace.devices.values.sorted(by: { $0.key < $1.key })
        where device.isUp && device.link.linkType != "loopback" {
          points.append(
            CapturePoint(
              place: .device(device.key), namespace: file, device: device.key.interface.rawValue))
        }
      }
    }
    for port in replay.guests {
      let file = try replay.networkNamespace(of: .guest(port))
      guests[port] = file
      points.append(CapturePoint(place: .guest(port), namespace: file, device: "eth0"))
    }
    for (index, host) in cloud.outsideHosts.enumerated() {
      let file = try replay.networkNamespace(of: .outside(index))
      outside.append(file)
      points.append(CapturePoint(place: .outside(host.name), namespace: file, device: "eth0"))
    }
  }
}
