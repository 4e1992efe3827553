// Rows of the format catalogue: what Open vSwitch says through ovs-ofctl, ovs-appctl and its database.
import Facts
import NetworkTypes

extension FormatCatalogue {
  static let openVSwitch: [CaptureFormat] = database + datapath + bridges

  private static let database: [CaptureFormat] = [
    .openVSwitch(
      "ovsdb-dump", "ovsdb-client_dump.json",
      WordPattern("ovsdb-client dump"), into: \.database, SwitchDatabaseFormat.parse),
    // Stands in for the dump, and leaves its gap: what is never written to disk is not in it.
    .plain(
      "ovsdb-log", "conf.db", WordPattern("conf.db"),
      belongs: \.isOpenVSwitch, SwitchDatabaseLogFormat.parse,
      store: { facts, place, records, _ in
        guard let node = place.node, facts.nodes[node].openVSwitch.database.file == nil,
          facts.nodes[node].openVSwitch.database.records.first?.isSummary != false
        else { return }
        facts.nodes[node].openVSwitch.database.records = records
      }),
    // Stands in for both: a summary lacks most columns.
    .plain(
      "ovs-vsctl-show", "ovs-vsctl_show.txt", WordPattern("ovs-vsctl show"),
      belongs: \.isOpenVSwitch, SwitchSummaryFormat.parse,
      store: { facts, place, records, _ in
        guard let node = place.node, facts.nodes[node].openVSwitch.database.file == nil,
          facts.nodes[node].openVSwitch.database.records.isEmpty
        else { return }
        facts.nodes[node].openVSwitch.database.records = records
      }),
    .plain(
      "ovs-version", "ovs-vsctl_--version.txt", WordPattern("ovs-vsctl --version|-V"),
      belongs: \.isOpenVSwitch, SwitchVersionFormat.parse,
      store: { facts, place, records, _ in
        if let node = place.node { facts.nodes[node].openVSwitch.version = records.first }
      }),
  ]

  private static let datapath: [CaptureFormat] = [
    .openVSwitch(
      "dpif-show", "dpif_show.txt", WordPattern("dpif show"),
      into: \.datapathPorts, DatapathPortsFormat.parse),
    .openVSwitch(
      "dpctl-dump-flows", "dpctl_dump-flows_-m.txt", isExpected: false,
      WordPattern("dpctl dump-flows"), into: \.datapathFlows,
      DatapathFlowsFormat.parse),
    .openVSwitch(
      "tnl-neigh-show", "tnl_neigh_show.txt", isExpected: false,
      WordPattern("tnl neigh|arp show"), into: \.tunnelNeighbours,
      TunnelNeighbourFormat.parse),
    .openVSwitch(
      "tnl-ports-show", "tnl_ports_show.txt", isExpected: false,
      WordPattern("tnl ports show"), into: \.tunnelListeners,
      TunnelListenerFormat.parse),
    .openVSwitch(
      "ovs-route-show", "ovs_route_show.txt", isExpected: false,
      WordPattern("ovs route show"), into: \.tunnelRoutes, TunnelRouteFormat.parse),
  ]

  private static let bridges: [CaptureFormat] = [
    .namedBridge(
      "openflow-flows", "ofctl_dump-flows.txt", WordPattern("ovs-ofctl|ofctl dump-flows"),
      into: \.flows
    ) { OpenFlowFlowsFormat.parse($0, names: $1) },
    .namedBridge(
      "openflow-groups", "ofctl_dump-groups.txt", WordPattern("ovs-ofctl|ofctl dump-groups"),
      into: \.groups
    ) { OpenFlowGroupsFormat.parse($0, names: $1) },
    // Only OpenFlow 1.5 tells selection methods.
    .namedBridge(
      "openflow-groups-15", "ofctl_-O_OpenFlow15_dump-groups.txt", isExpected: false,
      WordPattern("ovs-ofctl|ofctl dump-groups OpenFlow15"), into: \.groups
    ) { OpenFlowGroupsFormat.parse($0, names: $1) },
    .bridge(
      "openflow-ports", "ofctl_dump-ports-desc.txt",
      WordPattern("ovs-ofctl|ofctl dump-ports-desc"), into: \.ports, OpenFlowPortsFormat.parse),
    .bridge(
      "openflow-show", "ofctl_show.txt", WordPattern("ovs-ofctl|ofctl show"), into: \.portsInShow,
      OpenFlowPortsFormat.parse),
    // Only OpenFlow 1.0 tells NO_FLOOD.
    .bridge(
      "openflow-show-10", "ofctl_-O_OpenFlow10_show.txt", isExpected: false,
      WordPattern("ovs-ofctl|ofctl show OpenFlow10"), into: \.portsInShow,
      OpenFlowPortsFormat.parse),
    .bridge(
      "fdb-show", "fdb_show.txt", WordPattern("fdb show"), into: \.learnedMACs,
      LearnedMACFormat.parse),
  ]
}
