// Options of the agents' and the server's configuration files, in oslo.config's format.
import NetworkTypes

/// One option; its value is masked where it is or holds a secret.
public struct IniOption: Hashable, Sendable {
  public var section: String
  public var key: String
  /// Continuation lines joined by line feeds.
  public var value: String
  public var evidence: Evidence
  public init(section: String, key: String, value: String, evidence: Evidence) {
    self.section = section
    self.key = key
    self.value = value
    self.evidence = evidence
  }
}

extension FactSection<[IniOption]> {
  /// Every value of a repeated option, in the order of the file.
  public func values(_ key: String, in section: String) -> [String] {
    let wanted = section.lowercased()
    return records.filter { $0.key == key && $0.section.lowercased() == wanted }.map(\.value)
  }
  /// The value that counts: the last one, as oslo.config reads single-valued options.
  public func value(_ key: String, in section: String) -> String? {
    values(key, in: section).last
  }
  /// A comma-separated list, also over continuation lines.
  public func list(_ key: String, in section: String) -> [String] {
    (value(key, in: section) ?? "").split { $0 == "," || $0 == "\n" }
      .map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
      .filter { !$0.isEmpty }
  }
  /// oslo.config's spellings of a boolean; nil for all else.
  public func flag(_ key: String, in section: String) -> Bool? {
    switch value(key, in: section)?.lowercased() {
    case "true", "1", "on", "yes": true
    case "false", "0", "off", "no": false
    default: nil
    }
  }
}

/// What the data plane and the logical model ask of an agent's configuration.
extension FactSection<[IniOption]> {
  /// `[ovs] bridge_mappings`: physical network → bridge.
  public var bridgeMappings: [String: BridgeName] {
    let pairs = list("bridge_mappings", in: "ovs").compactMap { entry -> (String, BridgeName)? in
      guard let colon = entry.lastIndex(of: ":") else { return nil }
      return (String(entry[..<colon]), BridgeName(String(entry[entry.index(after: colon)...])))
    }
    return Dictionary(pairs) { _, last in last }
  }
  public var tunnelAddress: IPAddress? { value("local_ip", in: "ovs").flatMap { IPAddress($0) } }
  public var tunnelTypes: [String] { list("tunnel_types", in: "agent") }
  /// Nil where unset: the agent's default is `br-int`.
  public var integrationBridge: BridgeName? {
    value("integration_bridge", in: "ovs").map { BridgeName($0) }
  }
  public var tunnelBridge: BridgeName? {
    value("tunnel_bridge", in: "ovs").map { BridgeName($0) }
  }
  public var datapathType: String? { value("datapath_type", in: "ovs") }
  /// `openvswitch`, `iptables_hybrid`, `noop`, or a class path.
  public var firewallDriver: String? { value("firewall_driver", in: "securitygroup") }
  public var isL2PopulationEnabled: Bool? { flag("l2_population", in: "agent") }
  public var isARPResponderEnabled: Bool? { flag("arp_responder", in: "agent") }
  public var isDistributedRoutingEnabled: Bool? {
    flag("enable_distributed_routing", in: "agent")
  }
  /// `[DEFAULT] agent_mode` of the L3 agent; its default is `legacy`.
  public var agentMode: String? { value("agent_mode", in: "DEFAULT") }
  public var interfaceDriver: String? { value("interface_driver", in: "DEFAULT") }
  public var isIsolatedMetadataEnabled: Bool? { flag("enable_isolated_metadata", in: "DEFAULT") }
  public var isMetadataForced: Bool? { flag("force_metadata", in: "DEFAULT") }
  /// `[DEFAULT] host`: how the agents of this node name it to Neutron.
  public var host: String? { value("host", in: "DEFAULT") }
}
