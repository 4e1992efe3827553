// Open vSwitch: what its database configures, and what the datapath makes of it.
import Facts
import GRDB
import NetworkTypes

enum SwitchTables {
  static let all: [ProjectedTable] = [
    bridge, port, interface, databaseRow, openFlowPort, learnedMAC, datapathPort,
    tunnelNeighbour, tunnelListener, tunnelRoute, datapathFlow,
  ]

  private static let bridge = ProjectedTable(
    "ovs_bridge", "A bridge of a node's Open vSwitch, from OVSDB.",
    [
      Column<OnNode<BridgeRecord>>.node(\.node),
      .text("name", "Its name.") { $0.record.name.rawValue },
      .text("uuid", "Its row in OVSDB.") { $0.record.id.rawValue },
      .text("datapath_type", "`netdev` is userspace; empty or `system` the kernel.") {
        $0.record.datapathType
      },
      .optionalText("fail_mode", "`secure` or `standalone`; NULL means standalone.") {
        $0.record.failMode
      },
      .integer("controllers", "How many are configured.") { $0.record.controllers.count },
      .flag("is_multicast_snooping", "IGMP snooping is on.") { $0.record.multicastSnooping },
      .list("protocols", "OpenFlow versions it speaks.") { $0.record.protocols },
      .object("other_config", "As OVSDB has it.") { $0.record.otherConfig },
      .object("external_ids", "As OVSDB has it.") { $0.record.externalIDs },
    ] + .evidence(\.record.evidence),
    indexes: ["node, name"],
    rows: { $0.onDatabases { database in database.bridges } })

  private struct BridgedPort: Sendable {
    let port: SwitchPortRecord
    let bridge: BridgeName?
  }

  private static let port = ProjectedTable(
    "ovs_port", "A port of a bridge, from OVSDB.",
    [
      Column<OnNode<BridgedPort>>.node(\.node),
      .optionalText("bridge", "NULL for a port that no bridge has.") {
        $0.record.bridge?.rawValue
      },
      .text("name", "Its name.") { $0.record.port.name.rawValue },
      .text("uuid", "Its row in OVSDB.") { $0.record.port.id.rawValue },
      .optionalInteger("tag", "Its access VLAN; 4095 is Neutron's dead VLAN; NULL: a trunk.") {
        $0.record.port.tag?.rawValue
      },
      .list("trunks", "VLANs it carries; empty for all.") {
        $0.record.port.trunks.map(\.description)
      },
      .optionalText("vlan_mode", "`access`, `trunk`, …; NULL: by tag and trunks.") {
        $0.record.port.vlanMode
      },
      .optionalText("bond_mode", "Of ports with several interfaces.") {
        $0.record.port.bondMode
      },
      .optionalText("network", "The Neutron network that the agent noted.") {
        $0.record.port.otherConfig["net_uuid"]
      },
      .optionalText("network_type", "`vxlan`, `vlan`, `flat`, … as the agent noted.") {
        $0.record.port.otherConfig["network_type"]
      },
      .optionalText("physical_network", "As the agent noted.") {
        $0.record.port.otherConfig["physical_network"].flatMap { $0 == "None" ? nil : $0 }
      },
      .optionalInteger("segmentation_id", "VNI or VLAN, as the agent noted.") {
        $0.record.port.otherConfig["segmentation_id"].flatMap { Int($0) }
      },
      .object("other_config", "As OVSDB has it.") { $0.record.port.otherConfig },
      .object("external_ids", "As OVSDB has it.") { $0.record.port.externalIDs },
    ] + .evidence(\.record.port.evidence),
    indexes: ["node, name"],
    rows: { source in
      source.onDatabases { database in
        let owners = Dictionary(
          database.bridges.flatMap { bridge in bridge.ports.map { ($0, bridge.name) } },
          uniquingKeysWith: { first, _ in first })
        return database.ports.map { BridgedPort(port: $0, bridge: owners[$0.id]) }
      }
    })

  private struct PortedInterface: Sendable {
    let interface: SwitchInterfaceRecord
    let port: InterfaceName?
  }

  private static let interface = ProjectedTable(
    "ovs_interface", "An interface of a port, from OVSDB.",
    [
      Column<OnNode<PortedInterface>>.node(\.node),
      .optionalText("port", "The port that it is a part of.") { $0.record.port?.rawValue },
      .text("name", "Its name.") { $0.record.interface.name.rawValue },
      .text("uuid", "Its row in OVSDB.") { $0.record.interface.id.rawValue },
      .text("type", "`internal`, `patch`, `vxlan`, …; empty or `system` for kernel devices.") {
        $0.record.interface.type
      },
      .optionalInteger("ofport", "Its OpenFlow number; NULL or -1 where it is not open.") {
        $0.record.interface.ofport
      },
      .optionalText("iface_id", "The Neutron port.") {
        $0.record.interface.externalIDs["iface-id"]
      },
      .optionalText("attached_mac", "The MAC that belongs behind it.") {
        $0.record.interface.externalIDs["attached-mac"]
      },
      .optionalText("vm_uuid", "The server behind it.") {
        $0.record.interface.externalIDs["vm-uuid"] ?? $0.record.interface.externalIDs["vm-id"]
      },
      .optionalText("peer", "Patch ports: the far end.") { $0.record.interface.options["peer"] },
      .optionalText("remote_ip", "Tunnels: the far end.") {
        $0.record.interface.options["remote_ip"]
      },
      .optionalText("local_ip", "Tunnels: the near end.") {
        $0.record.interface.options["local_ip"]
      },
      .optionalText("admin_state", "`up`, `down`.") { $0.record.interface.adminState },
      .optionalText("link_state", "`up`, `down`.") { $0.record.interface.linkState },
      .optionalText("mac", "Its own MAC address.") { $0.record.interface.mac?.description },
      .optionalInteger("mtu_bytes", "In use.") { $0.record.interface.mtuBytes },
      .optionalText("error", "Why it could not be opened.") { $0.record.interface.error },
      .object("options", "As OVSDB has it.") { $0.record.interface.options },
      .object("external_ids", "As OVSDB has it.") { $0.record.interface.externalIDs },
      .object("other_config", "As OVSDB has it.") { $0.record.interface.otherConfig },
    ] + .evidence(\.record.interface.evidence),
    indexes: ["node, name", "node, port", "iface_id"],
    rows: { source in
      source.onDatabases { database in
        let owners = Dictionary(
          database.ports.flatMap { port in port.interfaces.map { ($0, port.name) } },
          uniquingKeysWith: { first, _ in first })
        return database.interfaces.map { PortedInterface(interface: $0, port: owners[$0.id]) }
      }
    })

  private static let databaseRow = ProjectedTable(
    "ovsdb_row", "Any row of OVSDB, whole.",
    [
      Column<OnNode<DatabaseRow>>.node(\.node),
      .text("table_name", "OVSDB's table.") { $0.record.table },
      .text("uuid", "The row.") { $0.record.id.rawValue },
      .object("columns", "Each column as OVSDB JSON text.") { $0.record.columns },
    ] + .evidence(\.record.evidence),
    keptAs: NarrowStorage(
      run: ["node", "table_name", "file"], printed: ["columns"],
      runIndexes: ["node, table_name"]),
    rows: { $0.onDatabases { database in database.rows } })

  private static let openFlowPort = ProjectedTable(
    "openflow_port", "A port as the switch describes it over OpenFlow.",
    [
      Column<OnBridge<(isShow: Bool, port: OpenFlowPortDescription)>>.node(\.node),
      .bridge(\.bridge),
      .text(
        "source", "`dump-ports-desc` or `show`.", check: "source IN ('dump-ports-desc', 'show')",
        emptyText: "'show'"
      ) {
        $0.record.isShow ? "show" : "dump-ports-desc"
      },
      .integer("number", "4294967294 is LOCAL.") { $0.record.port.number },
      .text("name", "Its name.") { $0.record.port.name.rawValue },
      .optionalText("mac", "Its MAC address.") { $0.record.port.mac?.description },
      .list("config", "`PORT_DOWN`, `NO_FLOOD`, ….") { $0.record.port.config.sorted() },
      .list("state", "`LINK_DOWN`, `LIVE`, ….") { $0.record.port.state.sorted() },
    ] + .evidence(\.record.port.evidence),
    keptAs: NarrowStorage(
      run: ["node", "bridge", "source", "file"], shared: ["config", "state"], key: "number",
      runIndexes: ["node, bridge"]),
    rows: { source in
      source.onBridges { bridge in
        bridge.ports.records.map { (false, $0) } + bridge.portsInShow.records.map { (true, $0) }
      }
    })

  private static let learnedMAC = ProjectedTable(
    "ovs_fdb", "A MAC address that a bridge learned.",
    [
      Column<OnBridge<LearnedMAC>>.node(\.node),
      .bridge(\.bridge),
      .text("mac", "Whose it is.") { $0.record.mac.description },
      .integer("vlan", "0 for untagged.") { $0.record.vlan.rawValue },
      .optionalInteger("port", "OpenFlow number; NULL for LOCAL.") { $0.record.port },
      .optionalInteger("age_seconds", "NULL for static entries.") { $0.record.ageSeconds },
    ] + .evidence(\.record.evidence),
    rows: { $0.onBridges(\.learnedMACs.records) })

  private static let datapathPort = ProjectedTable(
    "datapath_port", "A port as the datapath knows it, from `dpif/show`.",
    [
      Column<OnNode<DatapathPort>>.node(\.node),
      .text("datapath", "`system@ovs-system`, `netdev@ovs-netdev`.") { $0.record.datapath },
      .bridge(\.record.bridge),
      .text("name", "Its name.") { $0.record.name.rawValue },
      .optionalInteger("openflow_number", "NULL where none is assigned.") {
        $0.record.openFlowNumber
      },
      .optionalInteger("datapath_number", "NULL for patch ports.") { $0.record.datapathNumber },
      .text("type", "`system`, `internal`, `patch`, `vxlan`, ….") { $0.record.type },
    ] + .evidence(\.record.evidence),
    keptAs: NarrowStorage(
      run: ["node", "datapath", "bridge", "file"], shared: ["type"]),
    rows: { $0.onNodes(\.openVSwitch.datapathPorts.records) })

  private static let tunnelNeighbour = ProjectedTable(
    "tunnel_neighbour", "What the userspace datapath resolved for its tunnels.",
    [
      Column<OnNode<TunnelNeighbour>>.node(\.node),
      .text("address", "The far tunnel end.") { $0.record.address.description },
      .text("mac", "Its MAC address.") { $0.record.mac.description },
      .text("bridge", "Where it is.") { $0.record.bridge.rawValue },
    ] + .evidence(\.record.evidence),
    rows: { $0.onNodes(\.openVSwitch.tunnelNeighbours.records) })

  private static let tunnelListener = ProjectedTable(
    "tunnel_listener", "A tunnel receiver of the userspace datapath.",
    [
      Column<OnNode<TunnelListener>>.node(\.node),
      .text("name", "Its device.") { $0.record.name.rawValue },
      .optionalInteger("datapath_number", "Its number.") { $0.record.datapathNumber },
      .text("text", "As printed.") { $0.record.text },
    ] + .evidence(\.record.evidence),
    rows: { $0.onNodes(\.openVSwitch.tunnelListeners.records) })

  private static let tunnelRoute = ProjectedTable(
    "tunnel_route", "A route that userspace tunnels use.",
    [
      Column<OnNode<TunnelRoute>>.node(\.node),
      .text("destination", "A prefix.") { $0.record.destination.description },
      .text("interface", "The device.") { $0.record.interface.rawValue },
      .optionalText("gateway", "NULL for on-link.") { $0.record.gateway?.description },
      .optionalText("source", "The address that packets leave with.") {
        $0.record.source?.description
      },
      .flag("is_local", "To the node itself.") { $0.record.isLocal },
      .flag("is_cached", "Copied from the kernel.") { $0.record.isCached },
    ] + .evidence(\.record.evidence),
    rows: { $0.onNodes(\.openVSwitch.tunnelRoutes.records) })

  private static let datapathFlow = ProjectedTable(
    "datapath_flow", "A flow that the datapath has cached, from `dpctl/dump-flows`.",
    [
      Column<OnNode<DatapathFlow>>.node(\.node),
      .optionalText("ufid", "NULL where the dump does not tell.") { $0.record.id },
      .text("match", "As printed.") { $0.record.match },
      .text("actions", "As printed.") { $0.record.actions },
      .integer("packets", "How many it took.") { $0.record.packets },
      .integer("bytes", "How many it took.") { $0.record.bytes },
    ] + .evidence(\.record.evidence),
    rows: { $0.onNodes(\.openVSwitch.datapathFlows.records) })
}

extension Column {
  static func bridge(_ value: @escaping @Sendable (Row) -> BridgeName) -> Column {
    .text("bridge", "The bridge.") { value($0).rawValue }
  }
}

extension ProjectionSource {
  func onDatabases<Record>(_ records: (SwitchDatabase) -> [Record]) -> [OnNode<Record>] {
    onNodes { node in node.openVSwitch.database.records.flatMap(records) }
  }
}
