// What was captured, and how well it was understood: files, coverage, diagnostics, gaps.
import Facts
import Formats
import Foundation
import GRDB
import NetworkTypes

enum CaptureTables {
  static let all: [ProjectedTable] = [
    node, captureFile, namespace, coverage, diagnostic, gap,
  ]
  /// Those whose rows are in an order of the whole capture's: written when all else is.
  static let closing: [ProjectedTable] = [diagnostic, gap]

  private static let node = ProjectedTable(
    "node", "A host of the cloud, by the name of its capture folder.",
    [
      Column<NodeFacts>(
        name: "name", declaration: "TEXT PRIMARY KEY", documentation: "Its capture folder's name.",
        value: { $0.name.rawValue.databaseValue }),
      .optionalText("hostname", "What `hostname` printed.") { $0.hostname },
      .optionalText("captured_at", "When it was captured, UTC, as its own clock says.") {
        $0.capturedAt
      },
    ],
    rows: { $0.facts.nodes })

  private static let namespace = ProjectedTable(
    "namespace", "A network namespace of a node, captured or only listed.",
    [
      Column<OnNode<(name: NamespaceName, id: Int?, isCaptured: Bool)>>.node(\.node),
      .text("name", "`root` is the namespace that the node boots in.") { $0.record.name.rawValue },
      .optionalInteger("nsid", "Its number as seen from the root namespace.") { $0.record.id },
      .flag("is_captured", "Whether anything of it was captured.") { $0.record.isCaptured },
    ],
    constraints: ["PRIMARY KEY (node, name)"],
    rows: { source in
      source.onNodes { node in
        let listed = Dictionary(
          node.namespaceListings.records.map { ($0.name, $0.id) }, uniquingKeysWith: { $1 })
        let captured = node.namespaces.filter { $0.value.links.file != nil }.keys
        return Set(node.namespaces.keys).union(listed.keys).sorted().map {
          ($0, listed[$0] ?? nil, captured.contains($0))
        }
      }
    })

  private struct NamedFile: Sendable {
    let file: RawFile
    let format: String?
  }

  private static let captureFile = ProjectedTable(
    "capture_file",
    "A captured file, verbatim but for masked secrets. All other tables are made of these.",
    [
      Column<NamedFile>(
        name: "id", declaration: "INTEGER PRIMARY KEY",
        documentation: "What `file` columns refer to.", role: .file,
        value: { Int64($0.file.description.id.rawValue).databaseValue }),
      .optionalText(
        "node", "The node; NULL for the Neutron API's answers.",
        check: "node IS NOT NULL OR path LIKE 'neutron/%'"
      ) { $0.file.description.node?.rawValue },
      .text("path", "Relative to the node's folder.", check: "path <> ''") {
        $0.file.description.path
      },
      .optionalText("format", "The format that it was read as; NULL: unknown, kept and ignored.") {
        $0.format
      },
      .integer("size_bytes", "Before compression.", check: "size_bytes >= 0") {
        $0.file.content.count
      },
      .optionalText("command_line", "The command that wrote it; NULL for a copied file.") {
        $0.file.description.command?.commandLine
      },
      .optionalInteger("exit_code", "How the command ended.") {
        $0.file.description.command?.exitCode
      },
      .optionalText("standard_error", "The first line that the command wrote to standard error.") {
        $0.file.description.command?.standardError
      },
      .optionalText("started_at", "When the command began, UTC, as the node's own clock says.") {
        $0.file.description.command?.startedAt
      },
      Column(
        name: "content", declaration: "BLOB NOT NULL",
        documentation: "A zlib stream of the file's bytes.", emptyValue: "x''",
        value: { RawBytes.blob($0.file.content) }),
    ],
    constraints: [
      "UNIQUE (node, path)", "FOREIGN KEY (node) REFERENCES node(name)",
      "CHECK ((command_line IS NULL) = (exit_code IS NULL))",
    ],
    indexes: ["format, node"],
    rows: { source in
      zip(source.capture.files, source.facts.formatNames).map { NamedFile(file: $0, format: $1) }
    })

  private static let coverage = ProjectedTable(
    "coverage", "How the bytes of a file of a known format were accounted for.",
    [
      Column<(file: CaptureFileID, coverage: Coverage)>(
        name: "file", declaration: "INTEGER PRIMARY KEY REFERENCES capture_file(id)",
        documentation: "The file.", role: .file,
        value: { Int64($0.file.rawValue).databaseValue }),
      .integer("total_bytes", "The file's size.") { $0.coverage.totalBytes },
      .integer("fact_bytes", "Became fields of facts.") { $0.coverage.factBytes },
      .integer("structural_bytes", "Headings, comments, punctuation between facts.") {
        $0.coverage.structuralBytes
      },
      .integer("diagnosed_bytes", "Could not be read; a diagnostic names them.") {
        $0.coverage.diagnosedBytes
      },
      .integer("lost_bytes", "Neither of these; anything but 0 is a defect of ovsight.") {
        $0.coverage.lostBytes
      },
      .integer("records", "Facts made of the file.", check: "records >= 0") {
        $0.coverage.records
      },
    ],
    constraints: [
      "CHECK (total_bytes = fact_bytes + structural_bytes + diagnosed_bytes + lost_bytes)"
    ],
    rows: { source in
      zip(source.facts.files, source.facts.coverage).compactMap { file, coverage in
        coverage.map { (file.id, $0) }
      }
    })

  private static let diagnostic = ProjectedTable(
    "diagnostic", "Something in a capture file that is not as expected.",
    [
      Column<Diagnostic>.text("code", "Stable across releases: `openflow/bad-address`.") { $0.id },
      .text(
        "severity",
        "`note`: of no consequence; `warning`: answers that depend on it are unknown; "
          + "`error`: the record could not be read.",
        check: "severity IN ('note', 'warning', 'error')", emptyText: "'note'"
      ) { $0.severity.rawValue },
      .integer("column_number", "In bytes from 1; 0 for the whole line.") { $0.column },
      .text("message", "What was found and what was wanted.") { $0.message },
    ] + .evidence(\.evidence),
    rows: { $0.facts.diagnostics })

  private static let gap = ProjectedTable(
    "gap", "Something that the capture lacks; answers that need it are unknown.",
    [
      Column<(gap: Gap, isUnreadable: Bool)>.optionalText("node", "The node, where it is one's.") {
        $0.gap.node?.rawValue
      },
      .text("path", "The file that should be there, relative to the node's folder.") {
        $0.gap.path
      },
      .optionalText("format", "The format of that file.") { formatName(of: $0.gap) },
      .text("reason", "Why it is not there, or not whole.") { $0.gap.reason },
      .flag("is_unreadable", "It was in the folder and could not be read.") { $0.isUnreadable },
    ],
    indexes: ["format, node"],
    rows: { source in
      let unreadable = Set(source.capture.unreadable)
      return source.facts.gaps.map { ($0, unreadable.contains($0)) }
    })

  private static func formatName(of gap: Gap) -> String? {
    let file = CaptureFile(
      id: CaptureFileID(-1), node: gap.node, path: gap.path, sizeBytes: 0, command: nil)
    return FormatCatalogue.row(for: file)?.name
  }
}

/// Raw bytes as the snapshot keeps them.
enum RawBytes {
  static func blob(_ content: FileContent) -> DatabaseValue {
    content.stream.map { Data($0).databaseValue } ?? .null
  }
}
