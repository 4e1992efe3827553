// OpenFlow flows and groups of every bridge, taken apart for queries.
import Facts
import GRDB
import NetworkTypes

enum FlowTables {
  static let all: [ProjectedTable] = [
    storedFlow, viewed(match, as: FlowStorage.matchView),
    viewed(action, as: FlowStorage.actionView), group, bucket,
  ]

  /// `flow` and all that it is a view of.
  private static let storedFlow: ProjectedTable = {
    var table = viewed(flow, as: FlowStorage.flowView)
    table.fill = { database, source in
      var writer = try FlowWriter(database)
      for node in source.facts.nodes {
        for (name, bridge) in node.openVSwitch.bridges.sorted(by: { $0.key < $1.key }) {
          try writer.write(bridge.flows.records, of: name, on: node.name, source)
        }
      }
    }
    return table
  }()

  private static func viewed(_ table: ProjectedTable, as view: String) -> ProjectedTable {
    var table = table
    table.statements = [view]
    table.fill = { _, _ in }
    return table
  }

  private typealias BridgeFlow = OnBridge<FlowEntry>

  private struct FlowRow: Sendable {
    let id: Int
    let flow: BridgeFlow
    let text: FlowText
  }

  private static let flow = ProjectedTable(
    "flow", "An OpenFlow flow, from `ovs-ofctl dump-flows`.",
    [
      Column<FlowRow>.key("What `flow_match.flow` and `flow_action.flow` refer to.") { $0.id },
      .node(\.flow.node), .bridge(\.flow.bridge),
      .integer("table_id", "0 is where packets start.") { $0.flow.record.table },
      .integer("priority", "The highest that matches wins.") { $0.flow.record.priority },
      .text("match", "As printed, without the priority; empty matches every packet.") {
        $0.text.match
      },
      .text("actions", "As printed.") { $0.text.actions },
      .text("cookie", "Hexadecimal; Neutron's agents use one a session.") {
        hexadecimal(UInt128($0.flow.record.cookie))
      },
      .optionalInteger("packets", "How many it took.") { $0.flow.record.statistics.packets },
      .optionalInteger("bytes", "How many it took.") { $0.flow.record.statistics.bytes },
      .optionalInteger("duration_milliseconds", "How long it is there.") {
        $0.flow.record.statistics.durationMilliseconds
      },
      .integer("idle_timeout_seconds", "0 means never.") { $0.flow.record.idleTimeoutSeconds },
      .integer("hard_timeout_seconds", "0 means never.") { $0.flow.record.hardTimeoutSeconds },
      .flag("is_understood", "Whether all of its match and actions were.") {
        $0.flow.record.isUnderstood
      },
    ] + .evidence(\.flow.record.evidence),
    indexes: ["node, bridge, table_id"],
    rows: { source in
      flows(source).enumerated().map { index, flow in
        let text = FlowText(source.text(flow.record.evidence))
        return FlowRow(id: index + 1, flow: flow, text: text)
      }
    })

  private static func flows(_ source: ProjectionSource) -> [BridgeFlow] {
    source.onBridges(\.flows.records)
  }

  private static let match = ProjectedTable(
    "flow_match",
    "A field that a flow asks for, in one normal form whatever way it was written: every VLAN "
      + "spelling is `vlan_tci` (id in the lower 12 bits, 4096 set where there is a tag), "
      + "`tcp` is `dl_type` and `nw_proto`.",
    [
      Column<Part<FieldMatch>>.parent("flow") { $0.parent },
      .integer("position", "From 0.") { $0.position },
      .text("field", "By `ovs-ofctl`'s name.") { $0.record.field.name },
      .optionalInteger("value", "NULL where it does not fit 63 bits.") { small($0.record.value) },
      .flag("is_exact", "All bits of the field are asked for.") { $0.record.isExact },
      .text("value_hex", "The value, hexadecimal.") { hexadecimal($0.record.value) },
      .text("mask_hex", "Which bits count, hexadecimal.") { hexadecimal($0.record.mask) },
    ],
    constraints: ["PRIMARY KEY (flow, position)"],
    indexes: ["field, value"],
    rows: { flows($0).parts(\.record.match.fields) })

  private static let action = ProjectedTable(
    "flow_action",
    "An action of a flow; those inside `clone` and `write_actions` stand in its place.",
    [
      Column<Part<ProjectedAction>>.parent("flow") { $0.parent },
      .integer("position", "From 0, in the order in which they run.") { $0.position },
      .text(
        "kind",
        "`output`, `group`, `resubmit`, `goto_table`, `set_vlan`, `push_vlan`, `pop_vlan`, "
          + "`set_tunnel`, `set_field`, `load`, `move`, `ct`, `learn`, `conjunction`, `drop`, …"
      ) { $0.record.kind },
      .optionalInteger("port", "Output and resubmit: OpenFlow number; reserved ones as 32 bits.") {
        $0.record.port
      },
      .optionalText("port_name", "`NORMAL`, `IN_PORT`, … for reserved ports.") {
        $0.record.portName
      },
      .optionalInteger("table_id", "Where resubmit, goto_table and ct go on.") {
        $0.record.table
      },
      .optionalText("field", "What set_field, load and move write.") { $0.record.field },
      .optionalInteger("value", "What is written; for set_vlan the VLAN id; the group's number.") {
        $0.record.value
      },
    ],
    constraints: ["PRIMARY KEY (flow, position)"],
    indexes: ["kind, value", "kind, port"],
    rows: { flows($0).parts { ProjectedAction.all($0.record.actions) } })

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

/// Match and actions of a flow as the dump prints them.
struct FlowText: Sendable {
  let match: String
  let actions: String

  /// `… n_bytes=0, priority=2,in_port=1 actions=drop`: the match is the last word before actions.
  init(_ line: String) {
    guard let range = line.firstRange(of: "actions=") else {
      match = ""
      actions = ""
      return
    }
    actions = String(line[range.upperBound...])
    let words = line[..<range.lowerBound].split(separator: " ")
    // `n_packets=0,` ends in a comma: then there is no match at all.
    guard let last = words.last, !last.hasSuffix(",") else {
      match = ""
      return
    }
    let fields = last.split(separator: ",").filter { !$0.hasPrefix("priority=") }
    match = fields.joined(separator: ",")
  }
}

extension FlowEntry {
  fileprivate var isUnderstood: Bool {
    unrecognised.isEmpty && match.unrecognised.isEmpty
      && ProjectedAction.all(actions).allSatisfy { $0.kind != "unrecognised" }
  }
}
