// What is derived from a snapshot's facts, as tables for rules: the difference between intent and
// nodes (`drift`), and who reaches whom over all packets (`reach`, `leak`, `breakage`). They stand in
// no snapshot: an audit makes them for its own connection, and `audit --sql` prints them, so that
// plain `sqlite3` runs a rule that asks them.
import DataPlane
import Facts
import GRDB
import Isolation
import LogicalModel
import NetworkTypes
import OpenFlow
import PacketSets
import Reachability

/// A table made of facts.
struct DerivedTable: Sendable {
  let name: String
  let documentation: String
  let columns: [(name: String, type: String)]

  var statement: String {
    "CREATE TEMP TABLE \(name) ("
      + columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ") + ")"
  }

  static let all = [drift, driftUnknown, reach, leak, breakage, reachUnknown]

  private static let ends = [
    ("source_kind", "TEXT"), ("source", "TEXT"), ("source_port", "TEXT"),
    ("source_network", "TEXT"), ("source_project", "TEXT"), ("target_kind", "TEXT"),
    ("target", "TEXT"), ("target_port", "TEXT"), ("target_network", "TEXT"),
    ("target_project", "TEXT"), ("target_node", "TEXT"), ("target_namespace", "TEXT"),
    ("target_device", "TEXT"),
  ]
  static let drift = DerivedTable(
    name: "drift",
    documentation: """
      Where nodes differ from what Neutron was asked for, as `show drift` has it; `kind` is \
      missing, extra, different, wrong-node or twice.
      """,
    columns: [
      ("code", "TEXT"), ("kind", "TEXT"), ("severity", "TEXT"), ("object_kind", "TEXT"),
      ("object", "TEXT"), ("name", "TEXT"), ("node", "TEXT"), ("place", "TEXT"),
      ("wanted", "TEXT"), ("found", "TEXT"), ("file", "INTEGER"), ("line", "INTEGER"),
    ])
  static let driftUnknown = DerivedTable(
    name: "drift_unknown", documentation: "Comparisons that could not be made.",
    columns: [("code", "TEXT"), ("node", "TEXT"), ("reason", "TEXT")])
  static let reach = DerivedTable(
    name: "reach",
    documentation: """
      Pairs between which some packet gets, meant or not, frames that are overheard included; kinds \
      are guest, outside, stack (an IP packet that a namespace takes) and device (a frame).
      """, columns: ends)
  static let leak = DerivedTable(
    name: "leak",
    documentation: """
      Packets that get where nobody asked for them: the border they cross, whether agents leave it \
      open everywhere (`exposure`), what the tracer says (confirmed, unknown, disagreement), and one \
      of them.
      """,
    columns: ends + [
      ("border", "TEXT"), ("exposure", "TEXT"), ("severity", "TEXT"), ("verdict", "TEXT"),
      ("packet", "TEXT"), ("file", "INTEGER"), ("line", "INTEGER"),
    ])
  static let breakage = DerivedTable(
    name: "breakage",
    documentation: """
      Packets that were asked for and do not get through: `verdict` is broken, unanswered, \
      wrong-taker or wrong-source.
      """,
    columns: [
      ("kind", "TEXT"), ("verdict", "TEXT"), ("source_port", "TEXT"), ("destination", "TEXT"),
      ("protocol", "TEXT"), ("reason", "TEXT"), ("file", "INTEGER"), ("line", "INTEGER"),
    ])
  static let reachUnknown = DerivedTable(
    name: "reach_unknown", documentation: "What the sets and the tracer could not tell.",
    columns: [("reason", "TEXT")])
}

/// The rows of the derived tables.
public struct DerivedRows: Sendable {
  private var rows: [String: [[DatabaseValue]]] = [:]

  /// Nothing was derived, and rules that need it are unknown.
  init() {
    for code in DriftCode.allCases {
      add(DerivedTable.driftUnknown, [code.rawValue, nil, "nodes were not compared with intent"])
    }
    add(DerivedTable.reachUnknown, [Self.notLookedAt])
  }
  private static let notLookedAt = "nobody looked at all packets"

  /// Nil isolation: nobody looked at packets, and rules that need to know are unknown.
  public init(drift: DriftReport, isolation: IsolationRun?) {
    add(drift)
    if let isolation {
      add(isolation.report, ReachEnds(isolation))
    } else {
      add(DerivedTable.reachUnknown, [Self.notLookedAt])
    }
  }

  private mutating func add(_ table: DerivedTable, _ values: [(any DatabaseValueConvertible)?]) {
    rows[table.name, default: []].append(values.map { $0?.databaseValue ?? .null })
  }

  // MARK: Drift

  private mutating func add(_ report: DriftReport) {
    for finding in report.findings {
      let evidence = finding.actual.evidence.first ?? finding.intended.evidence.first
      add(
        DerivedTable.drift,
        [
          finding.code.rawValue, finding.kind.rawValue, finding.severity.rawValue,
          finding.object.kind.rawValue, finding.object.id, finding.object.name,
          finding.node?.rawValue, finding.place, finding.intended.value, finding.actual.value,
          evidence.map { Int($0.file.rawValue) }, evidence.map { Int($0.line) },
        ])
    }
    if let obstacle = report.obstacle {
      for code in DriftCode.allCases {
        add(DerivedTable.driftUnknown, [code.rawValue, nil, obstacle])
      }
    }
    for unknown in report.unknowns where report.obstacle == nil {
      add(
        DerivedTable.driftUnknown,
        [unknown.code.rawValue, unknown.node?.rawValue, unknown.reason])
    }
  }

  // MARK: Reach

  private mutating func add(_ report: IsolationReport, _ ends: ReachEnds) {
    for (origin, places) in report.reached.sorted(by: { $0.key.asPlace < $1.key.asPlace }) {
      for place in places.sorted() {
        add(DerivedTable.reach, ends.source(origin) + ends.target(place))
      }
    }
    for item in report.leaks {
      let evidence = item.evidence.last
      add(
        DerivedTable.leak,
        ends.source(item.leak.origin) + ends.target(item.leak.place) + [
          item.leak.border.rawValue, item.leak.exposure?.rawValue, item.leak.severity.rawValue,
          item.verdict.word, ends.text(of: item.packet), evidence.map { Int($0.file.rawValue) },
          evidence.map { Int($0.line) },
        ])
    }
    for broken in report.breakage {
      let evidence = broken.reason.evidence.first
      var source: String?
      if case .port(let id) = broken.expectation.probe.origin { source = id.rawValue }
      add(
        DerivedTable.breakage,
        [
          broken.expectation.kind.rawValue, broken.verdict.word, source,
          "\(broken.expectation.probe.destination)", broken.expectation.probe.kind.rawValue,
          broken.reason.text, evidence.map { Int($0.file.rawValue) }, evidence.map { Int($0.line) },
        ])
    }
    let undecided = report.undecided.map { "\($0.0.kind.rawValue): \($0.1.text)" }
    for reason in report.unknowns + Set(undecided).sorted() {
      add(DerivedTable.reachUnknown, [reason])
    }
  }

  // MARK: Into a database

  /// Makes the tables for the connection, empty ones too.
  static func make(in database: Database) throws {
    for table in DerivedTable.all { try database.execute(sql: table.statement) }
  }

  static func drop(in database: Database) throws {
    for table in DerivedTable.all { try database.execute(sql: "DROP TABLE temp.\(table.name)") }
  }

  func install(in database: Database) throws {
    try Self.make(in: database)
    for table in DerivedTable.all {
      let places = table.columns.map { _ in "?" }.joined(separator: ", ")
      let statement = try database.makeStatement(
        sql: "INSERT INTO temp.\(table.name) VALUES (\(places))")
      for row in rows[table.name] ?? [] {
        try statement.execute(arguments: StatementArguments(row))
      }
    }
  }

  /// The same as SQL text, for `sqlite3` to read before a rule.
  public var sql: String {
    var lines: [String] = []
    for table in DerivedTable.all {
      lines += ["-- \(table.documentation)", table.statement + ";"]
      for row in rows[table.name] ?? [] {
        let values = row.map(Self.literal).joined(separator: ", ")
        lines.append("INSERT INTO temp.\(table.name) VALUES (\(values));")
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    [.control, .format, .lineSeparator, .paragraphSeparator]
      .contains(scalar.properties.generalCategory)
  }
  private static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  private static func literal(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .int64(let number): "\(number)"
    // Names are tenants' own: what a terminal would obey goes as bytes.
    case .string(let text) where text.unicodeScalars.contains(where: isControl):
      "CAST(X'" + text.utf8.map(hexadecimal).joined() + "' AS TEXT)"
    case .string(let text): "'" + text.replacing("'", with: "''") + "'"
    default: "NULL"
    }
  }
}

/// The columns of a way's two ends.
private struct ReachEnds {
  private let cloud: DataPlaneModel
  private let intent: NeutronIntent
  private let space: PacketSpace

  init(_ isolation: IsolationRun) {
    cloud = isolation.check.audit.reach.cloud
    intent = isolation.check.audit.intent
    space = isolation.check.audit.reach.space
  }

  func source(_ origin: ReachOrigin) -> [(any DatabaseValueConvertible)?] {
    Array(target(origin.asPlace).prefix(5))
  }

  func target(_ place: ReachPlace) -> [(any DatabaseValueConvertible)?] {
    switch place {
    case .guest(let index):
      let guest = cloud.guests[index]
      var node: String?
      switch guest.plug {
      case .device(let key): node = key.node.rawValue
      case .switchPort(let name, _): node = name.rawValue
      case .nowhere: break
      }
      return [
        "guest", guest.name, guest.port.rawValue, guest.network?.rawValue,
        intent.project(of: index)?.rawValue, node, nil, nil,
      ]
    case .outside(let index):
      let host = cloud.outsideHosts[index]
      return ["outside", host.name, nil, host.network.rawValue, nil, nil, nil, nil]
    case .stack(let key), .device(let key):
      var kind = "device"
      if case .stack = place { kind = "stack" }
      return [
        kind, "\(key)", nil, nil, nil, key.node.rawValue, key.namespace.rawValue,
        key.interface.rawValue,
      ]
    }
  }

  func text(of packet: Packet) -> String? {
    let values = space.values(of: packet)
    let set = space.all(
      of: HeaderField.allCases.map { space.value($0.rawValue, values[$0.rawValue]) })
    return space.lines(of: set, limit: 1).first
  }
}

extension ConfirmedLeak.Verdict {
  fileprivate var word: String {
    switch self {
    case .confirmed: "confirmed"
    case .unknown: "unknown"
    case .disagreement: "disagreement"
    }
  }
}

extension Breakage.Verdict {
  fileprivate var word: String {
    switch self {
    case .broken: "broken"
    case .unanswered: "unanswered"
    case .wrongTaker: "wrong-taker"
    case .wrongSource: "wrong-source"
    }
  }
}
