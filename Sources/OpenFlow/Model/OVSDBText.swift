// Reads single columns out of rows that are kept as OVSDB JSON text: controllers have no typed
// record.
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
