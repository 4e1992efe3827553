// How a snapshot keeps flows: numbers in narrow rows, what they have in common once. The views `flow`,
// `flow_match` and `flow_action` give them back as people ask for them.
import Facts
import NetworkTypes

/// The tables below the flows' views.
enum FlowStorage {
  static let tables: [StoredTable] = [run, shape, shapeField, actionList, actionPart, cookie, row]

  private static let run = StoredTable(
    "flow_run", "Flows of one table that stand together in a dump.",
    [
      .key("What `flow_row.run` refers to."),
      .text("node", "The node."), .text("bridge", "The bridge."),
      .integer("table_id", "0 is where packets start."),
      .integer("file", "`capture_file.id` of the dump."),
      .integer("first_flow", "Of `flow_row.id`."),
      .integer("last_flow", "Of `flow_row.id`; all between are of the run."),
    ], indexes: ["node, bridge, table_id"])

  private static let shape = StoredTable(
    "flow_shape", "A match without its numbers.",
    [
      .key("What `flow_row.shape` refers to."),
      .text("pattern", "As printed, with `%s` in place of each number."),
      .text(
        "kinds",
        "How each number is printed: d decimal, x hexadecimal, m an Ethernet, 4 an IPv4 address."),
    ])

  private static let shapeField = StoredTable(
    "flow_shape_field", "A field that the flows of a shape ask for.",
    [
      .integer("shape", "`flow_shape.id`."),
      .integer("position", "From 0."),
      .text("field", "By `ovs-ofctl`'s name."),
      .integer("slot", "Which number of the flow is its value; 0 for none."),
      .optionalInteger("value", "What is added to that number; without one the value."),
      .text("value_hex", "The same, hexadecimal."),
      .text("mask_hex", "Which bits count, hexadecimal."),
      .flag("is_exact", "All bits of the field are asked for."),
    ], key: "shape, position", indexes: ["field, shape"])

  private static let actionList = StoredTable(
    "flow_action_list", "Actions that many flows have.",
    [
      .key("What `flow_row.actions` refers to."),
      .text("text", "As printed."),
    ])

  private static let actionPart = StoredTable(
    "flow_action_part", "An action of a list; `flow_action` says what the columns mean.",
    [
      .integer("list", "`flow_action_list.id`."),
      .integer("position", "From 0."), .text("kind", "What it does."),
      .optionalInteger("port", "Output and resubmit."),
      .optionalText("port_name", "Of reserved ports."),
      .optionalInteger("table_id", "Where it goes on."), .optionalText("field", "What it writes."),
      .optionalInteger("value", "What is written."),
    ], key: "list, position", indexes: ["kind, value", "kind, port"])

  private static let cookie = StoredTable(
    "flow_cookie", "A cookie that flows have.",
    [
      .key("What `flow_row.cookie` refers to."),
      .text("cookie", "Hexadecimal."),
    ])

  private static let row = StoredTable(
    "flow_row", "A flow as numbers; the view `flow` reads better.",
    [
      .key("`flow.id`."), .integer("run", "`flow_run.id`."),
      .integer("priority", "The highest that matches wins."),
      .integer("shape", "`flow_shape.id`."),
      .integer("actions", "`flow_action_list.id`."),
      .integer("cookie", "`flow_cookie.id`."),
      .optionalInteger("packets", "How many it took."),
      .optionalInteger("bytes", "How many it took."),
      .optionalInteger("duration_milliseconds", "How long it is there."),
      .integer("idle_timeout_seconds", "0 means never."),
      .integer("hard_timeout_seconds", "0 means never."),
      .flag("is_understood", "Whether all of its match and actions were."),
      .integer("line", "Of the run's file, from 1."),
    ]
      + (1...PrintedMatch.slotCount).map {
        .optionalInteger("value\($0)", "The shape's number \($0), NULL where it has fewer.")
      })

  /// `printf` of no pattern is NULL. The outer joins always find their row: they say that no plan
  /// begins with what is shared, and that what a query does not name need not be looked up. The
  /// likelihoods say that a run is a small part of all flows, which SQLite has no statistics for.
  static let flowView = """
    SELECT r.id, d.node, d.bridge, d.table_id, r.priority,
      coalesce(printf(s.pattern, \((1...PrintedMatch.slotCount).map(printed).joined(separator: ", "))), '') AS match,
      a.text AS actions, c.cookie, r.packets, r.bytes, r.duration_milliseconds,
      r.idle_timeout_seconds, r.hard_timeout_seconds, r.is_understood, d.file, r.line
    FROM flow_run d
    JOIN flow_row r ON d.id = +r.run AND likelihood(r.id >= d.first_flow, 0.02)
      AND likelihood(r.id <= d.last_flow, 0.02)
    LEFT JOIN flow_shape s ON s.id = r.shape
    LEFT JOIN flow_action_list a ON a.id = r.actions
    LEFT JOIN flow_cookie c ON c.id = r.cookie
    """

  static let matchView = """
    SELECT r.id AS flow, p.position, p.field,
      CASE WHEN p.slot = 0 THEN p.value ELSE p.value + \(slot) END AS value, p.is_exact,
      CASE WHEN p.slot = 0 THEN p.value_hex ELSE printf('0x%x', p.value + \(slot)) END AS value_hex,
      p.mask_hex
    FROM flow_row r JOIN flow_shape_field p ON p.shape = r.shape
    """

  static let actionView = """
    SELECT r.id AS flow, p.position, p.kind, p.port, p.port_name, p.table_id, p.field, p.value
    FROM flow_row r JOIN flow_action_part p ON p.list = r.actions
    """

  private static let slot =
    "CASE p.slot "
    + (1...PrintedMatch.slotCount).map { "WHEN \($0) THEN r.value\($0)" }.joined(separator: " ")
    + " END"

  private static func printed(_ slot: Int) -> String {
    let value = "r.value\(slot)"
    func octets(_ count: Int) -> String {
      (0..<count).reversed().map { "\(value) >> \($0 * 8) & 255" }.joined(separator: ", ")
    }
    return """
      CASE substr(s.kinds, \(slot), 1) WHEN 'd' THEN \(value) WHEN 'x' THEN printf('0x%x', \(value))
        WHEN 'm' THEN printf('%02x:%02x:%02x:%02x:%02x:%02x', \(octets(6)))
        WHEN '4' THEN printf('%d.%d.%d.%d', \(octets(4))) END
      """
  }
}
