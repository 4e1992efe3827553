// A Linux bridge of a namespace: its ports, their state, and its captured forwarding table.
import Facts
import NetworkTypes

/// A port of a Linux bridge.
public struct LinuxBridgePort: Sendable {
  public let device: InterfaceName
  public let isForwarding: Bool
  public let options: [String: Bool]
  public let evidence: Evidence
  public func option(_ name: String, default value: Bool) -> Bool { options[name] ?? value }
}

/// A Linux bridge; VLAN filtering is on only where the device says so.
public struct LinuxBridgeModel: Sendable {
  public let name: InterfaceName
  public let ports: [LinuxBridgePort]
  /// 0 means that nothing is learnt and all unicast to others is flooded (os-vif's qbr bridges).
  public let ageingSeconds: Int
  public let filtersVLANs: Bool
  public let isUp: Bool
  /// Learned and static entries of the capture, without the ports' own addresses.
  public let captured: [MACAddress: InterfaceName]
  public let evidence: Evidence

  init(_ bridge: Link, in facts: NamespaceFacts) {
    name = bridge.name
    isUp = bridge.isUp
    evidence = bridge.evidence
    // `ageing_time` is in hundredths of a second; the kernel's default is 300 s.
    ageingSeconds = (bridge.attributes["ageing_time"].flatMap(Int.init) ?? 30000) / 100
    filtersVLANs = bridge.attributes["vlan_filtering"] == "1"
    let states = Dictionary(
      facts.bridgePorts.records.map { ($0.interface, $0) }, uniquingKeysWith: { a, _ in a })
    ports = facts.links.records.filter { $0.master == bridge.name }.map { link in
      let record = states[link.name]
      let state = record?.state ?? link.attributes["slave.state"] ?? "forwarding"
      return LinuxBridgePort(
        device: link.name, isForwarding: state == "forwarding" || state == "3",
        options: record?.options ?? [:], evidence: record?.evidence ?? link.evidence)
    }
    var captured: [MACAddress: InterfaceName] = [:]
    for entry in facts.bridgeForwarding.records
    where entry.bridge == bridge.name && entry.state != "permanent" {
      captured[entry.mac] = entry.interface
    }
    self.captured = captured
  }

  public func port(_ device: InterfaceName) -> LinuxBridgePort? {
    ports.first { $0.device == device }
  }

  /// Whether it remembers who was heard on a port.
  public func learns(on port: LinuxBridgePort) -> Bool {
    ageingSeconds > 0 && port.option("learning", default: true)
  }
}
