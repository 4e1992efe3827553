// Routers, floating IPs and port forwardings, as Neutron's API has them.
import NetworkTypes

/// A router's way out.
public struct NeutronGateway: Hashable, Sendable {
  public var network: NetworkID
  public var fixedIPs: [NeutronFixedIP]
  /// Nil where the answer does not say (a tenant's); Neutron's default is true.
  public var isSNATEnabled: Bool?
  public init(network: NetworkID, fixedIPs: [NeutronFixedIP], isSNATEnabled: Bool?) {
    self.network = network
    self.fixedIPs = fixedIPs
    self.isSNATEnabled = isSNATEnabled
  }
}

public struct NeutronRouter: Hashable, Sendable {
  public var id: RouterID
  public var name = ""
  public var project: ProjectID?
  public var isAdminUp = true
  public var status = ""
  /// Nil for a tenant's answer.
  public var isDistributed: Bool?
  public var isHA: Bool?
  public var gateway: NeutronGateway?
  /// `external_gateways` behind the first (multi-homed routers, since 2024.1).
  public var furtherGateways: [NeutronGateway] = []
  public var routes: [HostRoute] = []
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(id: RouterID, evidence: Evidence) {
    self.id = id
    self.evidence = evidence
  }
}

public struct NeutronFloatingIP: Hashable, Sendable {
  public var id: FloatingIPID
  public var address: IPAddress
  public var floatingNetwork: NetworkID
  public var router: RouterID?
  /// Nil where it is not associated, or only carries port forwardings.
  public var port: PortID?
  public var fixedAddress: IPAddress?
  public var status = ""
  public var project: ProjectID?
  /// As embedded in the floating IP; without ids.
  public var portForwardings: [NeutronPortForwarding] = []
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(
    id: FloatingIPID, address: IPAddress, floatingNetwork: NetworkID, evidence: Evidence
  ) {
    self.id = id
    self.address = address
    self.floatingNetwork = floatingNetwork
    self.evidence = evidence
  }
}

public struct NeutronPortForwarding: Hashable, Sendable {
  /// Empty for the copy that is embedded in a floating IP.
  public var id = ""
  /// `tcp`, `udp`, `icmp`.
  public var protocolName: String
  /// Nil for protocols without ports.
  public var externalPorts: PortRange?
  public var internalPorts: PortRange?
  public var internalPort: PortID?
  public var internalAddress: IPAddress?
  public var extra: [String: String] = [:]
  public var evidence: Evidence
  public init(protocolName: String, evidence: Evidence) {
    self.protocolName = protocolName
    self.evidence = evidence
  }
}
