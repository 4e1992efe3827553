// `ovsight import FOLDER… --output SNAPSHOT`.
import ArgumentParser
import Facts
import Formats
import LogicalModel
import Snapshot

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Make a snapshot of captured folders.",
    discussion: """
      A FOLDER is a folder of node folders (with neutron/ beside them), a single node folder, or a \
      sosreport: its folder, its tarball (.tar.xz, .tar.gz), or a folder of several. Several are \
      merged. SNAPSHOT is replaced in one step, or stays as it is.

        ovsight import captures --output cloud.db
        ovsight import sosreport-*.tar.xz neutron --output cloud.db
      """)

  @Argument(help: "Capture folders, sosreports.", completion: .file())
  var folders: [String]

  @Option(name: .shortAndLong, help: "The snapshot file to write.", completion: .file())
  var output: String

  @Flag(help: "Import nodes also where Neutron's answers know nothing of them.")
  var mixed = false

  @Flag(help: "Also list every ignored file, diagnostic and gap.")
  var verbose = false

  func run() throws {
    let progress = TerminalLine()
    progress.show("reading")
    let listing: CaptureListing
    do {
      defer { progress.finish() }
      listing = try CaptureListing(of: folders)
    }
    let summary = try importSnapshot(of: listing, to: output, mixed: mixed)
    summary.text(isVerbose: verbose).forEach(printLine)
  }
}

/// Makes the snapshot and tells a terminal what it is at.
///
/// Throws where a node is of another cloud than Neutron's answers, unless they may be mixed.
func importSnapshot(
  of listing: CaptureListing, to output: String, mixed: Bool
) throws -> ImportSummary {
  let progress = TerminalLine()
  defer { progress.finish() }
  let remaining = RemainingTime()
  var foreigners = ForeignNodeSearch()
  return try SnapshotFile.importing(
    listing, to: output, toolVersion: Ovsight.version,
    inspect: { part in
      if !mixed { try refuse(foreigners.nodes(in: part)) }
    },
    progress: { done, total in
      let name = done < total ? listing.parts[done].node?.rawValue ?? "neutron" : "indexes"
      progress.show("writing \(name), \(done) of \(total)\(remaining.text(done, of: total))")
    })
}

private func refuse(_ foreigners: [ForeignNode]) throws {
  guard let foreign = foreigners.first else { return }
  throw CommandError(
    "node \(foreign.node) is of another cloud than neutron/: none of its \(foreign.portCount) ports "
      + "is in ports.json and it has no agent in agents.json: wanted nodes of one cloud, or --mixed"
  )
}
