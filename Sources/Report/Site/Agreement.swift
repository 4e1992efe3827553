// How often the predictions agree with real engines, as `.ci/agreement` measured it.
import Foundation

struct Agreement: Decodable, Hashable, Sendable {
  struct Row: Decodable, Hashable, Sendable {
    /// The engine, and what was asked of it.
    let judge: String
    let cases: Int
    let agree: Int
    let disagree: Int
    let remark: String
  }
  /// The first seed of the random cases.
  let seed: String
  let rows: [Row]
  /// What no measurement can know.
  let remark: String

  init(json: String) throws { self = try JSONDecoder().decode(Self.self, from: Data(json.utf8)) }
}

extension Agreement {
  var table: LinkTable {
    LinkTable(
      id: "agreement-table", caption: "Predictions beside what real engines did",
      columns: [
        .init("Judged by"), .init("Cases", isNumeric: true), .init("Agree", isNumeric: true),
        .init("Disagree", isNumeric: true), .init("Remark"),
      ],
      rows: rows.map { row in
        [
          .text(row.judge), .text(grouped(row.cases)), .text(grouped(row.agree)),
          .text(grouped(row.disagree)), .text(row.remark),
        ]
      }, isPlain: true)
  }
}
