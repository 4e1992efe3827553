// The rows of the format catalogue for Neutron's API and for the nodes' copied files: which path is
// read by which parser into which section. Paths are matched by their tail, because `state_path`,
// containers' volumes and distributions move the front.
import Facts
import NetworkTypes

extension FormatCatalogue {
  package static let openStack: [CaptureFormat] = neutronCollections + neutronKeyed + nodeFiles

  /// `objects` is first: every later row wins over it.
  private static let neutronCollections: [CaptureFormat] = [
    otherObjects,
    .neutron("networks", into: \.networks, NeutronFormat.networks),
    .neutron("subnets", into: \.subnets, NeutronFormat.subnets),
    .neutron("ports", into: \.ports, NeutronFormat.ports),
    .neutron("routers", into: \.routers, NeutronFormat.routers),
    .neutron("floatingips", into: \.floatingIPs, NeutronFormat.floatingIPs),
    .neutron("security-groups", into: \.securityGroups, NeutronFormat.securityGroups),
    .neutron(
      "security-group-rules", into: \.securityGroupRules, NeutronFormat.securityGroupRules),
    .neutron("agents", into: \.agents, NeutronFormat.agents),
    .neutron("trunks", isExpected: false, into: \.trunks, NeutronFormat.trunks),
    .neutron("subnetpools", isExpected: false, into: \.subnetPools, NeutronFormat.subnetPools),
    .neutron(
      "address-scopes", isExpected: false, into: \.addressScopes, NeutronFormat.addressScopes),
    .neutron(
      "address-groups", isExpected: false, into: \.addressGroups, NeutronFormat.addressGroups),
    .neutron("rbac-policies", isExpected: false, into: \.rbacPolicies, NeutronFormat.rbacPolicies),
  ]

  private static let otherObjects = CaptureFormat.keyed(
    "neutron-objects",
    key: { place in
      guard case .neutron(let path) = place else { return nil }
      return path.hasSuffix(".json") ? String(path.dropLast(".json".count)) : nil
    },
    NeutronFormat.objects, store: { $0.neutron.others[$1.key] = $2 })

  private static let neutronKeyed: [CaptureFormat] = [
    .keyed(
      "neutron-port-forwardings",
      key: { neutronKey($0, ["port_forwardings", "port-forwardings"]) },
      NeutronFormat.portForwardings,
      store: { $0.neutron.portForwardings[FloatingIPID($1.key)] = $2 }),
    .keyed(
      "neutron-l3-agents", key: { neutronKey($0, ["l3-agents", "l3_agents"]) },
      NeutronFormat.agents, store: { $0.neutron.routerAgents[RouterID($1.key)] = $2 }),
    .keyed(
      "neutron-dhcp-agents", key: { neutronKey($0, ["dhcp-agents", "dhcp_agents"]) },
      NeutronFormat.agents, store: { $0.neutron.dhcpAgents[NetworkID($1.key)] = $2 }),
  ]

  /// `<folder>/<id>.json` → the id.
  private static func neutronKey(_ place: FilePlace, _ folders: [String]) -> String? {
    guard case .neutron(let path) = place, path.hasSuffix(".json") else { return nil }
    let parts = path.dropLast(".json".count).split(separator: "/")
    guard parts.count == 2, folders.contains(String(parts[0])) else { return nil }
    return String(parts[1])
  }
}

extension FormatCatalogue {
  private static let nodeFiles: [CaptureFormat] = [
    .dnsmasq("host", \.hosts, DnsmasqFormat.hosts),
    .dnsmasq("opts", \.options, DnsmasqFormat.options),
    .dnsmasq("addn_hosts", \.additionalHosts, DnsmasqFormat.additionalHosts),
    .dnsmasq("leases", \.leases, DnsmasqFormat.leases),
    .dnsmasq("interface", \.interface, FileWordFormat.parse),
    .dnsmasq("pid", \.pid, FileWordFormat.processID),
    .copied(
      "metadata-proxy", key: { NodeFilePaths.id(in: $0, folder: "ns-metadata-proxy", ".conf") },
      HaproxyFormat.parse, store: { $0.files.metadataProxies[$1] = $2 }),
    .copied(
      "keepalived", key: NodeFilePaths.keepalived, KeepalivedFormat.parse,
      store: { $0.files.keepalived[RouterID($1)] = $2 }),
    .copied(
      "ha-state", key: NodeFilePaths.haState, FileWordFormat.parse,
      store: { $0.files.haStates[RouterID($1)] = $2 }),
    .copied(
      "radvd", key: { NodeFilePaths.id(in: $0, folder: "ra", ".radvd.conf") }, RadvdFormat.parse,
      store: { $0.files.radvd[RouterID($1)] = $2 }),
    .copied(
      "fip-priorities", key: { $0.hasSuffix("/fip-priorities") ? $0 : nil },
      AllocationFormat.parse, store: { $0.files.fipPriorities = $2 }),
    .copied(
      "fip-linklocal-networks", key: { $0.hasSuffix("/fip-linklocal-networks") ? $0 : nil },
      AllocationFormat.parse, store: { $0.files.fipLinkLocalNetworks = $2 }),
    .copied(
      "pid-file", key: NodeFilePaths.processID, FileWordFormat.processID,
      store: { $0.files.pidFiles[$1] = $2 }),
    .copied(
      "agent-configuration", key: NodeFilePaths.configuration, IniFormat.parse,
      store: { $0.files.configurations[$1] = $2 }),
    .copied(
      "libvirt-domain", key: NodeFilePaths.domain, LibvirtFormat.domains,
      store: { $0.files.domains[$1] = $2 }),
  ]
}

extension CaptureFormat {
  /// A key that a file's place gives, with the node where it has one.
  struct FileKey: Sendable {
    let key: String
    let node: Int?
  }

  /// A file whose section is found by a key in its path; its absence is never a gap.
  static func keyed<Record>(
    _ name: String, key: @escaping @Sendable (FilePlace) -> String?,
    _ parse: @escaping @Sendable (CaptureText) -> Parsed<Record>,
    store: @escaping @Sendable (inout CloudFacts, FileKey, Section<Record>) -> Void
  ) -> CaptureFormat {
    CaptureFormat(
      name: name, canonicalName: name, isExpected: false,
      matches: { place, _ in key(place) != nil }, belongs: { key($0) != nil },
      parse: { text, file in
        let parsed = parse(text)
        return ParsedFile(
          diagnostics: parsed.diagnostics, coverage: parsed.coverage,
          isIncomplete: parsed.isIncomplete
        ) { facts, place, gap in
          guard let found = key(place.place) else { return }
          let section = Section(records: parsed.records, gap: gap, file: file.id)
          store(&facts, FileKey(key: found, node: place.node), section)
        }
      },
      markMissing: { facts, place, gap in
        guard let found = key(place.place) else { return false }
        store(&facts, FileKey(key: found, node: place.node), Section(gap: gap))
        return true
      })
  }

  /// The same for a node's copied file, by its absolute path.
  static func copied<Record>(
    _ name: String, key: @escaping @Sendable (String) -> String?,
    _ parse: @escaping @Sendable (CaptureText) -> Parsed<Record>,
    store: @escaping @Sendable (inout NodeFacts, String, Section<Record>) -> Void
  ) -> CaptureFormat {
    keyed(
      name, key: { if case .copy(let path) = $0 { key(path) } else { nil } }, parse,
      store: { facts, key, section in
        guard let node = key.node else { return }
        store(&facts.nodes[node], key.key, section)
      })
  }

  fileprivate static func dnsmasq<Record>(
    _ file: String, _ section: WritableKeyPath<DnsmasqFiles, Section<Record>> & Sendable,
    _ parse: @escaping @Sendable (CaptureText) -> Parsed<Record>
  ) -> CaptureFormat {
    copied(
      "dnsmasq-\(file)", key: { NodeFilePaths.dnsmasq($0, file) }, parse,
      store: { $0.files.dnsmasq[NetworkID($1), default: DnsmasqFiles()][keyPath: section] = $2 })
  }
}
