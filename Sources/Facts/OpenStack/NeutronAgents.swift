// Neutron's agents and their reported configuration.
import NetworkTypes

public struct NeutronAgent: Hashable, Sendable {
  public var id: String
  /// `Open vSwitch agent`, `L3 agent`, `DHCP agent`, `Metadata agent`, ….
  public var type = ""
  public var binary = ""
  /// As the agent names its host; not always the node's capture folder.
  public var host = ""
  public var isAlive: Bool?
  public var isAdminUp = true
  public var availabilityZone: String?
  public var heartbeat: String?
  /// `active`, `standby`; only in `l3-agents/<router>.json` of an HA router.
  public var haState: String?
  /// Each member of `configurations` as JSON text.
  public var configurations: [String: String] = [:]
  /// Physical network → bridge.
  public var bridgeMappings: [String: BridgeName] = [:]
  public var tunnelTypes: [String] = []
  public var tunnelAddress: IPAddress?
  /// L3 agents: `legacy`, `dvr`, `dvr_snat`, `dvr_no_external`.
  public var agentMode: String?
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(id: String, evidence: Evidence) {
    self.id = id
    self.evidence = evidence
  }
}
