// Reads single columns out of rows that are kept as OVSDB JSON text: mirrors, controllers and the
// switch's own row have no typed record.
import Facts
import NetworkTypes

/// The few shapes of OVSDB's JSON that the columns used here have.
enum OVSDBText {
  /// The strings of a text in their order, escapes undone where they are single characters.
  static func strings(_ text: String) -> [String] {
    var strings: [String] = []
    var current: String?
    var isEscaped = false
    for character in text {
      if let open = current {
        if isEscaped {
          current = open + String(character)
          isEscaped = false
        } else if character == "\\" {
          isEscaped = true
        } else if character == "\"" {
          strings.append(open)
          current = nil
        } else {
          current = open + String(character)
        }
      } else if character == "\"" {
        current = ""
      }
    }
    return strings
  }

  /// `["map",[["key","value"],…]]`.
  static func map(_ text: String) -> [String: String] {
    let strings = strings(text)
    guard strings.first == "map" else { return [:] }
    var map: [String: String] = [:]
    for index in stride(from: 1, to: strings.count - 1, by: 2) {
      map[strings[index]] = strings[index + 1]
    }
    return map
  }

  /// The UUIDs of a reference or a set of references.
  static func references(_ text: String) -> [RowID] {
    let strings = strings(text)
    return strings.indices.dropFirst().filter { strings[$0 - 1] == "uuid" }
      .map { RowID(strings[$0]) }
  }

  /// The numbers of a scalar or a set.
  static func numbers(_ text: String) -> [Int] {
    text.split { !$0.isNumber && $0 != "-" }.compactMap { Int($0) }
  }
  static func isTrue(_ text: String?) -> Bool { text == "true" }
}

/// What a bridge's controller row says that matters to forwarding.
struct ControllerRow {
  let target: String
  let isConnected: Bool
  let isInBand: Bool
  let evidence: Evidence

  static func all(in rows: [DatabaseRow]) -> [RowID: ControllerRow] {
    let controllers = rows.filter { $0.table == "Controller" }
    return Dictionary(
      controllers.map { ($0.id, ControllerRow($0)) }, uniquingKeysWith: { first, _ in first })
  }

  init(_ row: DatabaseRow) {
    target = row.columns["target"].map { OVSDBText.strings($0).first ?? $0 } ?? ""
    isConnected = OVSDBText.isTrue(row.columns["is_connected"])
    let mode = row.columns["connection_mode"].map(OVSDBText.strings) ?? []
    // Absent means in-band; Unix sockets and listeners need no flows.
    isInBand =
      !mode.contains("out-of-band") && (target.hasPrefix("tcp:") || target.hasPrefix("ssl:"))
    evidence = row.evidence
  }
}

extension Mirror {
  /// Nil when it has no output.
  init?(_ row: DatabaseRow, bundles: [RowID: Int]) {
    func column(_ name: String) -> String { row.columns[name] ?? "" }
    func chosen(_ name: String) -> Set<Int> {
      Set(OVSDBText.references(column(name)).compactMap { bundles[$0] })
    }
    let everything = OVSDBText.isTrue(row.columns["select_all"])
    let vlans = OVSDBText.numbers(column("select_vlan")).compactMap { VLANID($0) }
    name = OVSDBText.strings(column("name")).first ?? ""
    sources = everything ? Set(bundles.values) : chosen("select_src_port")
    destinations = everything ? Set(bundles.values) : chosen("select_dst_port")
    self.vlans = vlans.isEmpty ? nil : Set(vlans)
    if let index = OVSDBText.references(column("output_port")).first.flatMap({ bundles[$0] }) {
      output = .bundle(index)
    } else if let vlan = OVSDBText.numbers(column("output_vlan")).first.flatMap({ VLANID($0) }) {
      output = .vlan(vlan)
    } else {
      return nil
    }
    evidence = row.evidence
  }
}
