// How a snapshot keeps flows: numbers in narrow rows, what they have in common once. The views `flow`,
// `flow_match` and `flow_action` give them back as people ask for them.
import Facts
import NetworkTypes

/// A table that rows are written to directly.
struct StoredTable: Sendable {
  let name: String
  let documentation: String
  let columnDocumentation: [(name: String, documentation: String)]
  /// `CREATE TABLE` and its indexes.
  let statements: [String]

  init(
    _ name: String, _ documentation: String,
    _ columns: [(name: String, declaration: String, documentation: String)], key: String? = nil,
    indexes: [String] = []
  ) {
    self.name = name
    self.documentation = documentation
    columnDocumentation = columns.map { ($0.name, $0.documentation) }
    var body = columns.map { "  \($0.name) \($0.declaration)" }
    if let key { body.append("  PRIMARY KEY (\(key))") }
    statements =
      [
        "CREATE TABLE \(name) (\n\(body.joined(separator: ",\n"))\n) STRICT"
          + (key == nil ? "" : ", WITHOUT ROWID")
      ]
      + indexes.map { index in
        let suffix = index.filter { $0 != " " }.replacing(",", with: "_")
        return "CREATE INDEX \(name)_by_\(suffix) ON \(name) (\(index))"
      }
  }
}

/// The tables below the flows' views.
enum FlowStorage {
  static let tables: [StoredTable] = [run, shape, shapeField, actionList, actionPart, cookie, row]

  private static let run = StoredTable(
    "flow_run", "Flows of one table that stand together in a dump.",
    [
      ("id", "INTEGER PRIMARY KEY", "What `flow_row.run` refers to."),
      ("node", "TEXT NOT NULL", "The node."), ("bridge", "TEXT NOT NULL", "The bridge."),
      ("table_id", "INTEGER NOT NULL", "0 is where packets start."),
      ("file", "INTEGER NOT NULL", "`capture_file.id` of the dump."),
      ("first_flow", "INTEGER NOT NULL", "Of `flow_row.id`."),
      ("last_flow", "INTEGER NOT NULL", "Of `flow_row.id`; all between are of the run."),
    ], indexes: ["node, bridge, table_id"])

  private static let shape = StoredTable(
    "flow_shape", "A match without its numbers.",
    [
      ("id", "INTEGER PRIMARY KEY", "What `flow_row.shape` refers to."),
      ("pattern", "TEXT NOT NULL", "As printed, with `%s` in place of each number."),
      (
        "kinds", "TEXT NOT NULL",
        "How each number is printed: d decimal, x hexadecimal, m an Ethernet, 4 an IPv4 address."
      ),
    ])

  private static let shapeField = StoredTable(
    "flow_shape_field", "A field that the flows of a shape ask for.",
    [
      ("shape", "INTEGER NOT NULL", "`flow_shape.id`."),
      ("position", "INTEGER NOT NULL", "From 0."),
      ("field", "TEXT NOT NULL", "By `ovs-ofctl`'s name."),
      ("slot", "INTEGER NOT NULL", "Which number of the flow is its value; 0 for none."),
      ("value", "INTEGER", "What is added to that number; without one the value."),
      ("value_hex", "TEXT NOT NULL", "The same, hexadecimal."),
      ("mask_hex", "TEXT NOT NULL", "Which bits count, hexadecimal."),
      ("is_exact", "INTEGER NOT NULL", "All bits of the field are asked for."),
    ], key: "shape, position", indexes: ["field, shape"])

  private static let actionList = StoredTable(
    "flow_action_list", "Actions that many flows have.",
    [
      ("id", "INTEGER PRIMARY KEY", "What `flow_row.actions` refers to."),
      ("text", "TEXT NOT NULL", "As printed."),
    ])

  private static let actionPart = StoredTable(
    "flow_action_part", "An action of a list; `flow_action` says what the columns mean.",
    [
      ("list", "INTEGER NOT NULL", "`flow_action_list.id`."),
      ("position", "INTEGER NOT NULL", "From 0."), ("kind", "TEXT NOT NULL", "What it does."),
      ("port", "INTEGER", "Output and resubmit."), ("port_name", "TEXT", "Of reserved ports."),
      ("table_id", "INTEGER", "Where it goes on."), ("field", "TEXT", "What it writes."),
      ("value", "INTEGER", "What is written."),
    ], key: "list, position", indexes: ["kind, value", "kind, port"])

  private static let cookie = StoredTable(
    "flow_cookie", "A cookie that flows have.",
    [
      ("id", "INTEGER PRIMARY KEY", "What `flow_row.cookie` refers to."),
      ("cookie", "TEXT NOT NULL", "Hexadecimal."),
    ])

  private static let row = StoredTable(
    "flow_row", "A flow as numbers; the view `flow` reads better.",
    [
      ("id", "INTEGER PRIMARY KEY", "`flow.id`."), ("run", "INTEGER NOT NULL", "`flow_run.id`."),
      ("priority", "INTEGER NOT NULL", "The highest that matches wins."),
      ("shape", "INTEGER NOT NULL", "`flow_shape.id`."),
      ("actions", "INTEGER NOT NULL", "`flow_action_list.id`."),
      ("cookie", "INTEGER NOT NULL", "`flow_cookie.id`."),
      ("packets", "INTEGER", "How many it took."),
      ("bytes", "INTEGER", "How many it took."),
      ("duration_milliseconds", "INTEGER", "How long it is there."),
      ("idle_timeout_seconds", "INTEGER NOT NULL", "0 means never."),
      ("hard_timeout_seconds", "INTEGER NOT NULL", "0 means never."),
      ("is_understood", "INTEGER NOT NULL", "Whether all of its match and actions were."),
      ("line", "INTEGER NOT NULL", "Of the run's file, from 1."),
    ]
      + (1...PrintedMatch.slotCount).map {
        ("value\($0)", "INTEGER", "The shape's number \($0), NULL where it has fewer.")
      })

  /// `printf` of no pattern is NULL.
  static let flowView = """
    CREATE VIEW flow AS
    SELECT r.id, d.node, d.bridge, d.table_id, r.priority,
      coalesce(printf(s.pattern, \((1...PrintedMatch.slotCount).map(printed).joined(separator: ", "))), '') AS match,
      a.text AS actions, c.cookie, r.packets, r.bytes, r.duration_milliseconds,
      r.idle_timeout_seconds, r.hard_timeout_seconds, r.is_understood, d.file, r.line
    FROM flow_run d
    JOIN flow_row r ON r.run = d.id AND r.id BETWEEN d.first_flow AND d.last_flow
    JOIN flow_shape s ON s.id = r.shape
    JOIN flow_action_list a ON a.id = r.actions
    JOIN flow_cookie c ON c.id = r.cookie
    """

  static let matchView = """
    CREATE VIEW flow_match AS
    SELECT r.id AS flow, p.position, p.field,
      CASE WHEN p.slot = 0 THEN p.value ELSE p.value + \(slot) END AS value, p.is_exact,
      CASE WHEN p.slot = 0 THEN p.value_hex ELSE printf('0x%x', p.value + \(slot)) END AS value_hex,
      p.mask_hex
    FROM flow_row r JOIN flow_shape_field p ON p.shape = r.shape
    """

  static let actionView = """
    CREATE VIEW flow_action AS
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
