// What the copied files of a node say: configuration of daemons and agents, virtual machines.
import Facts
import GRDB
import NetworkTypes

enum NodeFileTables {
  static let all: [ProjectedTable] = [
    dhcpHost, dhcpOption, dhcpLease, dhcpName, proxySetting, virtualAddress, haState, radvdPrefix,
    agentOption, fipPriority, fipLink, pidFile, domain, domainInterface,
  ]

  private static let dhcpHost = ProjectedTable(
    "dhcp_host", "A client in a dnsmasq's host file.",
    .onNetwork() + [
      Column<OfNetwork<DnsmasqHost>>.list("macs", "Whom it is for.") {
        $0.record.macs.map(\.description)
      },
      .optionalText("name", "The name it gets.") { $0.record.name },
      .list("addresses", "What it gets.") { $0.record.addresses.map(\.description) },
      .list("tags", "`set:` tags that select options.") { $0.record.setTags },
      .list("unrecognised", "Fields that were not understood.") { $0.record.unrecognised },
    ] + .evidence(\.record.evidence),
    rows: { $0.ofNetworks(\.hosts.records) })

  private static let dhcpOption = ProjectedTable(
    "dhcp_option", "An option in a dnsmasq's options file.",
    .onNetwork() + [
      Column<OfNetwork<DnsmasqOption>>.list("tags", "Clients with all of these get it.") {
        $0.record.tags
      },
      .text("code", "`option:router`, `121`, ….") { $0.record.code.description },
      .list("option_values", "Empty: the option is suppressed.") { $0.record.values },
    ] + .evidence(\.record.evidence),
    rows: { $0.ofNetworks(\.options.records) })

  private static let dhcpLease = ProjectedTable(
    "dhcp_lease", "A line of a dnsmasq's leases file.",
    .onNetwork() + [
      Column<OfNetwork<DnsmasqLease>>.optionalInteger("expiry", "Seconds since 1970.") {
        $0.record.expiry
      },
      .optionalText("mac", "The client.") { $0.record.mac?.description },
      .optionalText("address", "What it has.") { $0.record.address?.description },
      .optionalText("name", "As the client or the host file names it.") { $0.record.name },
    ] + .evidence(\.record.evidence),
    rows: { $0.ofNetworks(\.leases.records) })

  private static let dhcpName = ProjectedTable(
    "dhcp_name", "A name that a dnsmasq resolves, of its additional hosts file.",
    .onNetwork() + [
      Column<OfNetwork<DnsmasqAdditionalHost>>.text("address", "The address.") {
        $0.record.address.description
      },
      .list("names", "What it is called.") { $0.record.names },
    ] + .evidence(\.record.evidence),
    rows: { $0.ofNetworks(\.additionalHosts.records) })

  private static let proxySetting = ProjectedTable(
    "metadata_proxy_setting", "A line of a metadata proxy's (haproxy's) configuration.",
    [
      Column<OnNode<(owner: String, setting: HaproxySetting)>>.node(\.node),
      .text("owner", "The router or network that it serves.") { $0.record.owner },
      .text("section", "`global`, `listen listener`, ….") { $0.record.setting.section },
      .text("keyword", "`bind`, `server`, ….") { $0.record.setting.keyword },
      .list("arguments", "As written, secrets masked.") { $0.record.setting.arguments },
    ] + .evidence(\.record.setting.evidence),
    rows: { source in
      source.onNodes { node in
        node.files.metadataProxies.sorted { $0.key < $1.key }.flatMap { owner, section in
          section.records.map { (owner, $0) }
        }
      }
    })

  private struct Virtual: Sendable {
    let router: RouterID
    let instance: VRRPInstance
    let address: VirtualAddress
    let isAnnounced: Bool
  }

  private static let virtualAddress = ProjectedTable(
    "keepalived_address", "An address that keepalived sets on a router's active node.",
    [
      Column<OnNode<Virtual>>.node(\.node),
      .text("router", "The router.") { $0.record.router.rawValue },
      .text("instance", "The vrrp_instance.") { $0.record.instance.name },
      .optionalInteger("virtual_router_id", "VRRP's number of it.") {
        $0.record.instance.virtualRouterID
      },
      .text("address", "Without its length.") { $0.record.address.address.address.description },
      .optionalText("interface", "The device that gets it.") {
        $0.record.address.device?.rawValue
      },
      .flag("is_announced", "In VRRP packets; Neutron's own addresses are not.") {
        $0.record.isAnnounced
      },
    ] + .evidence(\.record.instance.evidence),
    rows: { source in source.onNodes { node in virtualAddresses(node) } })

  private static func virtualAddresses(_ node: NodeFacts) -> [Virtual] {
    node.files.keepalived.sorted { $0.key < $1.key }.flatMap { router, section in
      section.instances.flatMap { instance in
        instance.virtualAddresses.map {
          Virtual(router: router, instance: instance, address: $0, isAnnounced: true)
        }
          + instance.excludedAddresses.map {
            Virtual(router: router, instance: instance, address: $0, isAnnounced: false)
          }
      }
    }
  }

  private static let haState = ProjectedTable(
    "ha_state", "What a node's keepalived last said of a router.",
    [
      Column<OnNode<(router: RouterID, word: FileWord)>>.node(\.node),
      .text("router", "The router.") { $0.record.router.rawValue },
      .text("state", "`primary` (before 2021 `master`), `backup`, `fault`.") {
        $0.record.word.value
      },
    ] + .evidence(\.record.word.evidence),
    rows: { source in
      source.onNodes { node in
        node.files.haStates.sorted { $0.key < $1.key }.flatMap { router, section in
          section.records.map { (router, $0) }
        }
      }
    })

  private static let radvdPrefix = ProjectedTable(
    "radvd_prefix", "A prefix that a router advertises.",
    [
      Column<OnNode<(router: RouterID, interface: RadvdInterface, prefix: RadvdPrefix)>>.node(
        \.node),
      .text("router", "The router.") { $0.record.router.rawValue },
      .text("interface", "Where it advertises.") { $0.record.interface.name.rawValue },
      .text("prefix", "What it advertises.") { $0.record.prefix.prefix.description },
      .flag("is_autonomous", "Guests make addresses of it.") { $0.record.prefix.isAutonomous },
    ] + .evidence(\.record.interface.evidence),
    rows: { source in
      source.onNodes { node in
        node.files.radvd.sorted { $0.key < $1.key }.flatMap { router, section in
          section.records.flatMap { interface in
            interface.prefixes.map { (router, interface, $0) }
          }
        }
      }
    })

  private static let agentOption = ProjectedTable(
    "agent_option", "An option of an agent's or the server's configuration file.",
    [
      Column<OnNode<(path: String, option: IniOption)>>.node(\.node),
      .text("path", "The file on the node.") { $0.record.path },
      .text("section", "Without brackets.") { $0.record.option.section },
      .text("name", "The option.") { $0.record.option.key },
      .text("value", "Secrets masked.") { $0.record.option.value },
    ] + .evidence(\.record.option.evidence),
    indexes: ["node, section, name"],
    rows: { source in
      source.onNodes { node in
        node.files.configurations.sorted { $0.key < $1.key }.flatMap { path, section in
          section.records.map { (path, $0) }
        }
      }
    })

  private static let fipPriority = allocation(
    "fip_priority", "The L3 agent's file: floating IP to priority of its routing rule.",
    \.files.fipPriorities)
  private static let fipLink = allocation(
    "fip_link", "The L3 agent's file: router to the /31 between its namespaces.",
    \.files.fipLinkLocalNetworks)

  private static func allocation(
    _ name: String, _ documentation: String,
    _ section: KeyPath<NodeFacts, Section<AllocatedValue>> & Sendable
  ) -> ProjectedTable {
    ProjectedTable(
      name, documentation,
      [
        Column<OnNode<AllocatedValue>>.node(\.node),
        .text("key", "What it is allocated to.") { $0.record.key },
        .text("value", "What is allocated.") { $0.record.value },
      ] + .evidence(\.record.evidence),
      rows: { $0.onNodes { $0[keyPath: section].records } })
  }

  private static let pidFile = ProjectedTable(
    "pid_file", "A process id that an agent noted.",
    [
      Column<OnNode<(path: String, word: FileWord)>>.node(\.node),
      .text("path", "The file on the node.") { $0.record.path },
      .text("pid", "As written.") { $0.record.word.value },
    ] + .evidence(\.record.word.evidence),
    rows: { source in
      source.onNodes { node in
        node.files.pidFiles.sorted { $0.key < $1.key }.flatMap { path, section in
          section.records.map { (path, $0) }
        }
      }
    })

  private static let domain = ProjectedTable(
    "libvirt_domain", "A virtual machine of a node.",
    [
      Column<Numbered<OnNode<LibvirtDomain>>>.key("What `libvirt_interface` refers to.") { $0.id },
      .node(\.record.node),
      .text("name", "`instance-0000001a`.") { $0.record.record.name },
      .text("uuid", "Nova's id of the server.") { $0.record.record.id.rawValue },
      .optionalText("server_name", "As the tenant named it.") { $0.record.record.nova?.name },
      .optionalText("project", "The tenant.") { $0.record.record.nova?.project?.rawValue },
    ] + .evidence(\.record.record.evidence),
    rows: { domains($0).numbered() })

  private static let domainInterface = ProjectedTable(
    "libvirt_interface", "A network interface of a virtual machine.",
    [
      Column<Part<LibvirtInterface>>.parent("libvirt_domain") { $0.parent },
      .integer("position", "From 0.") { $0.position },
      .optionalText("mac", "The guest's MAC address.") { $0.record.mac?.description },
      .optionalText("target_device", "Its device on the node.") {
        $0.record.targetDevice?.rawValue
      },
      .optionalText("source_bridge", "The bridge that it is plugged into.") {
        $0.record.sourceBridge
      },
      .optionalText("port", "The Neutron port.") { $0.record.interfaceID?.rawValue },
      .optionalText("link_state", "NULL means up.") { $0.record.linkState },
    ],
    constraints: ["PRIMARY KEY (libvirt_domain, position)"],
    rows: { domains($0).parts(\.record.interfaces) })

  private static func domains(_ source: ProjectionSource) -> [OnNode<LibvirtDomain>] {
    source.onNodes { node in
      node.files.domains.sorted { $0.key < $1.key }.flatMap(\.value.records)
    }
  }
}

/// A fact of one network's DHCP server on a node.
struct OfNetwork<Record: Sendable>: Sendable {
  let node: NodeName
  let network: NetworkID
  let record: Record
}

extension ProjectionSource {
  func ofNetworks<Record>(_ records: (DnsmasqFiles) -> [Record]) -> [OfNetwork<Record>] {
    facts.nodes.flatMap { node in
      node.files.dnsmasq.sorted { $0.key < $1.key }.flatMap { network, files in
        records(files).map { OfNetwork(node: node.name, network: network, record: $0) }
      }
    }
  }
}

extension Array {
  /// `node`, `network`.
  static func onNetwork<Record>() -> [Column<OfNetwork<Record>>]
  where Element == Column<OfNetwork<Record>> {
    [
      .node(\.node),
      .text("network", "The Neutron network that it serves.") { $0.network.rawValue },
    ]
  }
}
