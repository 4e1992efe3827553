// OpenFlow flows and groups of every bridge, taken apart for queries.
import Facts
import GRDB
import NetworkTypes

enum FlowTables {
  static let all: [ProjectedTable] = [flow, match, action, group, bucket]

  /// `FlowRows` makes what these three look at.
  private static let flow = ProjectedTable(
    "flow", "An OpenFlow flow, from `ovs-ofctl dump-flows`.",
    [
      .key("What `flow_match.flow` and `flow_action.flow` refer to."),
      .text("node", "The node.", emptyText: nil), .text("bridge", "The bridge."),
      .integer("table_id", "0 is where packets start."),
      .integer("priority", "The highest that matches wins."),
      .text("match", "As printed, without the priority; empty matches every packet."),
      .text("actions", "As printed."),
      .text("cookie", "Hexadecimal; Neutron's agents use one a session."),
      .optionalInteger("packets", "How many it took."),
      .optionalInteger("bytes", "How many it took."),
      .optionalInteger("duration_milliseconds", "How long it is there."),
      .integer("idle_timeout_seconds", "0 means never."),
      .integer("hard_timeout_seconds", "0 means never."),
      .flag("is_understood", "Whether all of its match and actions were."),
      .integer("file", "The capture file that says so.", emptyNumber: 1),
      .integer("line", "The line in it, from 1.", emptyNumber: 1),
    ], viewing: FlowStorage.flowView)

  private static let match = ProjectedTable(
    "flow_match",
    "A field that a flow asks for, in one normal form whatever way it was written: every VLAN "
      + "spelling is `vlan_tci` (id in the lower 12 bits, 4096 set where there is a tag), "
      + "`tcp` is `dl_type` and `nw_proto`.",
    [
      .integer("flow", "The row of flow that this one is a part of.", emptyNumber: nil),
      .integer("position", "From 0."), .text("field", "By `ovs-ofctl`'s name."),
      .optionalInteger("value", "NULL where it does not fit 63 bits."),
      .flag("is_exact", "All bits of the field are asked for."),
      .text("value_hex", "The value, hexadecimal."),
      .text("mask_hex", "Which bits count, hexadecimal."),
    ], viewing: FlowStorage.matchView)

  private static let action = ProjectedTable(
    "flow_action",
    "An action of a flow; those inside `clone` and `write_actions` stand in its place.",
    [
      .integer("flow", "The row of flow that this one is a part of.", emptyNumber: nil),
      .integer("position", "From 0, in the order in which they run."),
      .text(
        "kind",
        "`output`, `group`, `resubmit`, `goto_table`, `set_vlan`, `push_vlan`, `pop_vlan`, "
          + "`set_tunnel`, `set_field`, `load`, `move`, `ct`, `learn`, `conjunction`, `drop`, …"),
      .optionalInteger("port", "Output and resubmit: OpenFlow number; reserved ones as 32 bits."),
      .optionalText("port_name", "`NORMAL`, `IN_PORT`, … for reserved ports."),
      .optionalInteger("table_id", "Where resubmit, goto_table and ct go on."),
      .optionalText("field", "What set_field, load and move write."),
      .optionalInteger("value", "What is written; for set_vlan the VLAN id; the group's number."),
    ], viewing: FlowStorage.actionView)

  private static let group = ProjectedTable(
    "flow_group", "An OpenFlow group, from `ovs-ofctl dump-groups`.",
    [
      Column<Numbered<OnBridge<GroupEntry>>>.key("What `flow_group_bucket` refers to.") { $0.id },
      .node(\.record.node), .bridge(\.record.bridge),
      .integer("group_id", "As flows name it.") { $0.record.record.id },
      .text("kind", "`all`, `select`, `indirect`, `ff`.") { $0.record.record.kind.rawValue },
      .optionalText("selection_method", "NULL where the dump does not tell.") {
        $0.record.record.selectionMethod
      },
    ] + .evidence(\.record.record.evidence),
    rows: { $0.onBridges(\.groups.records).numbered() })

  private static let bucket = ProjectedTable(
    "flow_group_bucket", "A bucket of a group.",
    [
      Column<Part<GroupBucket>>.parent("flow_group") { $0.parent },
      .integer("position", "From 0.") { $0.position },
      .optionalInteger("weight", "Its share in a select group.") { $0.record.weight },
      .list("actions", "Kinds of its actions.") {
        ProjectedAction.all($0.record.actions).map(\.kind)
      },
    ],
    constraints: ["PRIMARY KEY (flow_group, position)"],
    rows: { $0.onBridges(\.groups.records).parts(\.record.buckets) })
}

/// `0x1f`.
func hexadecimal(_ value: UInt128) -> String { "0x" + String(value, radix: 16) }

/// Nil above 63 bits, which SQLite's integers do not hold.
func small(_ value: UInt128) -> Int64? { Int64(exactly: value) }
