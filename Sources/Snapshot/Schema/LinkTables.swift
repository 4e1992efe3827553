// Devices, addresses and Linux bridges of every namespace.
import Facts
import GRDB
import NetworkTypes

enum LinkTables {
  static let all: [ProjectedTable] = [link, address, bridgePort, bridgeForwarding, bridgeVLAN]

  private static let link = ProjectedTable(
    "link", "A network device of a namespace, from `ip -d link`.",
    .location() + [
      Column<InNamespace<Link>>.integer("ifindex", "The kernel's number of it.") {
        $0.record.index
      },
      .text("name", "Its name.") { $0.record.name.rawValue },
      .optionalText(
        "kind", "`veth`, `bridge`, `tun`, `vxlan`, `openvswitch`, …; NULL for physical devices."
      ) { $0.record.kind },
      .flag("is_up", "Administratively up.") { $0.record.isUp },
      .list("flags", "The kernel's flags: `UP`, `LOWER_UP`, `NO-CARRIER`, ….") {
        $0.record.flags.sorted()
      },
      .integer("mtu_bytes", "The largest packet it takes.") { $0.record.mtuBytes },
      .text("oper_state", "`UP`, `DOWN`, `UNKNOWN`, `LOWERLAYERDOWN`, ….") {
        $0.record.operState
      },
      .text("link_type", "`ether`, `loopback`, ….") { $0.record.linkType },
      .optionalText("mac", "Its MAC address.") { $0.record.address?.description },
      .optionalText("master", "The bridge, bond or VRF that it is enslaved to.") {
        $0.record.master?.rawValue
      },
      .optionalText("peer_name", "A peer or lower device in the same namespace.") {
        $0.record.peerName?.rawValue
      },
      .optionalInteger("peer_ifindex", "The peer's number in another namespace.") {
        $0.record.peerIndex
      },
      .optionalInteger("peer_nsid", "The peer's namespace, as this one numbers it.") {
        $0.record.peerNamespaceID
      },
      .integer("promiscuity", "How many users want every frame.") { $0.record.promiscuity },
      .optionalText("alias", "A free text of the administrator.") { $0.record.alias },
      .object("attributes", "What the kind adds: `stp_state`, `slave.state`, ….") {
        $0.record.attributes
      },
      .optionalInteger("rx_packets", "Received.") { $0.record.statistics?.receivedPackets },
      .optionalInteger("rx_bytes", "Received.") { $0.record.statistics?.receivedBytes },
      .optionalInteger("rx_dropped", "Received and dropped.") {
        $0.record.statistics?.receiveDropped
      },
      .optionalInteger("tx_packets", "Sent.") { $0.record.statistics?.sentPackets },
      .optionalInteger("tx_bytes", "Sent.") { $0.record.statistics?.sentBytes },
      .optionalInteger("tx_dropped", "Dropped before they were sent.") {
        $0.record.statistics?.sendDropped
      },
    ] + .evidence(\.record.evidence),
    constraints: [ProjectedTable.inNamespace],
    keptAs: NarrowStorage(
      run: ["node", "namespace", "file"],
      shared: ["kind", "flags", "oper_state", "link_type", "attributes"], key: "name",
      runIndexes: ["node, namespace"], rowIndexes: ["mac"]),
    rows: { $0.inNamespaces(\.links.records) })

  private static let address = ProjectedTable(
    "address", "An address on a device, from `ip addr`.",
    .location() + [
      Column<InNamespace<LinkAddress>>.text("interface", "The device.") {
        $0.record.interface.rawValue
      },
      .family { $0.record.address.address.family },
      .text("address", "Without its length.") { $0.record.address.address.description },
      .integer("prefix_length", "Of the network on the link.") { $0.record.address.prefixLength },
      .text("prefix", "The network on the link: `192.0.2.0/24`.") {
        $0.record.address.prefix.description
      },
      .optionalText("peer", "The far end of a point-to-point address.") {
        $0.record.peer?.description
      },
      .text("scope", "`global`, `link`, `host`, ….") { $0.record.scope },
      .list("flags", "`tentative`, `dadfailed`, `secondary`, `dynamic`, ….") {
        $0.record.flags.sorted()
      },
    ] + .evidence(\.record.evidence),
    constraints: [ProjectedTable.inNamespace],
    keptAs: NarrowStorage(
      run: ["node", "namespace", "file"], shared: ["prefix", "scope", "flags"],
      key: "interface", runIndexes: ["node, namespace"],
      rowIndexes: ["address"]),
    rows: { $0.inNamespaces(\.addresses.records) })

  private static let bridgePort = ProjectedTable(
    "bridge_port", "A port of a Linux bridge, from `bridge -d link`.",
    .location() + [
      Column<InNamespace<BridgePort>>.text("interface", "The port's device.") {
        $0.record.interface.rawValue
      },
      .text("bridge", "The bridge.") { $0.record.bridge.rawValue },
      .text("state", "`forwarding`, `disabled`, `blocking`, ….") { $0.record.state },
      .object("options", "`hairpin`, `learning`, `flood`, `isolated`, …, each `on` or `off`.") {
        $0.record.options.mapValues { $0 ? "on" : "off" }
      },
    ] + .evidence(\.record.evidence),
    constraints: [ProjectedTable.inNamespace],
    rows: { $0.inNamespaces(\.bridgePorts.records) })

  private static let bridgeForwarding = ProjectedTable(
    "bridge_fdb", "An entry of a Linux bridge's or VXLAN device's forwarding table.",
    .location() + [
      Column<InNamespace<BridgeForwardingEntry>>.text("mac", "The destination.") {
        $0.record.mac.description
      },
      .text("interface", "The device that frames to it leave by.") {
        $0.record.interface.rawValue
      },
      .optionalText("bridge", "The bridge that learned it.") { $0.record.bridge?.rawValue },
      .optionalInteger("vlan", "The VLAN it is known in.") { $0.record.vlan?.rawValue },
      .text("state", "`permanent`, `static`, `stale` or empty.") { $0.record.state },
      .list("flags", "`self`, `master`, `extern_learn`, ….") { $0.record.flags.sorted() },
      .optionalText("remote", "VXLAN: the far tunnel end.") { $0.record.remote?.description },
      .optionalInteger("vni", "VXLAN: the network.") { $0.record.vni },
    ] + .evidence(\.record.evidence),
    constraints: [ProjectedTable.inNamespace],
    rows: { $0.inNamespaces(\.bridgeForwarding.records) })

  private static let bridgeVLAN = ProjectedTable(
    "bridge_vlan", "VLANs that a port of a VLAN-aware Linux bridge is a member of.",
    .location() + [
      Column<InNamespace<BridgePortVLAN>>.text("interface", "The port's device.") {
        $0.record.interface.rawValue
      },
      .integer("first_vlan", "Inclusive.") { $0.record.first.rawValue },
      .integer("last_vlan", "Inclusive.") { $0.record.last.rawValue },
      .flag("is_pvid", "Untagged frames belong to it.") { $0.record.isPVID },
      .flag("is_egress_untagged", "Its frames leave untagged.") { $0.record.isEgressUntagged },
    ] + .evidence(\.record.evidence),
    constraints: [ProjectedTable.inNamespace],
    rows: { $0.inNamespaces(\.bridgeVLANs.records) })
}

extension ProjectedTable {
  /// A table constraint: the row's namespace is one of the node's.
  static let inNamespace = "FOREIGN KEY (node, namespace) REFERENCES namespace(node, name)"
}

extension Column {
  /// 4 or 6.
  static func family(_ value: @escaping @Sendable (Row) -> AddressFamily) -> Column {
    .integer("family", "4 or 6.", check: "family IN (4, 6)", emptyNumber: "4") { value($0).version }
  }
}

extension AddressFamily {
  /// 4 or 6, as operators call the families.
  var version: Int { self == .ipv4 ? 4 : 6 }
}
