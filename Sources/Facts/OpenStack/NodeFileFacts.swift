// What the copied files of a node say: the configuration that Neutron's agents wrote for the daemons
// they run, the agents' own, and libvirt's domains. Made by Formats/OpenStack and Formats/Libvirt.
import NetworkTypes

/// The files of one dnsmasq, under `dhcp/<network>/`.
public struct DnsmasqFiles: Hashable, Sendable {
  public var hosts: Section<DnsmasqHost> = .unread
  public var options: Section<DnsmasqOption> = .unread
  public var additionalHosts: Section<DnsmasqAdditionalHost> = .unread
  public var leases: Section<DnsmasqLease> = .unread
  /// One record: the device that it serves.
  public var interface: Section<FileWord> = .unread
  /// One record: the process id.
  public var pid: Section<FileWord> = .unread
  public init() {}
}

/// The files of a node by what they configure; keys are the ids that Neutron puts in their paths.
public struct NodeFileFacts: Sendable {
  public var dnsmasq: [NetworkID: DnsmasqFiles] = [:]
  /// haproxy's configuration, by the id of the router or network it serves.
  public var metadataProxies: [String: Section<HaproxySetting>] = [:]
  public var keepalived: [RouterID: Section<KeepalivedEntry>] = [:]
  /// `ha_confs/<router>/state`, one record: `primary`, `backup`, `fault` (before 2021 `master`).
  public var haStates: [RouterID: Section<FileWord>] = [:]
  public var radvd: [RouterID: Section<RadvdInterface>] = [:]
  /// Agents' and the server's configuration, by absolute path.
  public var configurations: [String: Section<IniOption>] = [:]
  /// Floating IP → priority of its routing rule.
  public var fipPriorities: Section<AllocatedValue> = .unread
  /// Router → the /31 between its qrouter and fip namespaces.
  public var fipLinkLocalNetworks: Section<AllocatedValue> = .unread
  /// By absolute path, one record: a process id.
  public var pidFiles: [String: Section<FileWord>] = [:]
  /// By absolute path, one record.
  public var domains: [String: Section<LibvirtDomain>] = [:]
  public init() {}
}

/// A file whose content is one word.
public struct FileWord: Hashable, Sendable {
  public var value: String
  public var evidence: Evidence
  public init(value: String, evidence: Evidence) {
    self.value = value
    self.evidence = evidence
  }
}

/// A line of the L3 agent's allocation files: `key,value`.
public struct AllocatedValue: Hashable, Sendable {
  public var key: String
  public var value: String
  public var evidence: Evidence
  public init(key: String, value: String, evidence: Evidence) {
    self.key = key
    self.value = value
    self.evidence = evidence
  }
}
