// All rows that a part of a capture gives. Made of its facts on any thread, in any order; written by
// SnapshotWriter in the order of the parts.
import Facts
import Formats
import NetworkTypes

/// Rows of every table, with the numbers of the part.
struct PartRows: Sendable {
  let batches: [RowBatch]
  let flows: FlowRows
  /// What cells of the role `sharedText` number.
  let texts: [String]
  let fileCount: Int

  /// All but those of `CaptureTables.closing`.
  init(_ source: ProjectionSource) {
    let closing = Set(CaptureTables.closing.map(\.name))
    self.init(source, SnapshotSchema.tables.filter { !closing.contains($0.name) })
  }

  init(_ source: ProjectionSource, _ tables: [ProjectedTable]) {
    var texts = PartTexts()
    batches = tables.flatMap { $0.rows(source, &texts) }.filter { $0.rowCount > 0 }
    flows = FlowRows(source)
    self.texts = texts.texts
    fileCount = source.capture.files.count
  }
}
