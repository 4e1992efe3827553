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
    defer { progress.finish() }
    progress.show("reading")
    let capture = try CaptureFolder.read(folders)
    progress.show("parsing \(capture.files.count) files of \(capture.nodes.count) nodes")
    let facts = CloudFacts(parsing: capture)
    if !mixed { try refuseForeignNodes(in: facts) }
    try SnapshotFile.write(
      capture, facts, to: output, toolVersion: Ovsight.version
    ) { done, total, table in
      progress.show("writing \(table), table \(done + 1) of \(total)")
    }
    progress.finish()
    ImportSummary(facts).text(isVerbose: verbose).forEach(printLine)
  }
}

/// Throws where a node is of another cloud than Neutron's answers.
func refuseForeignNodes(in facts: CloudFacts) throws {
  guard let foreign = facts.foreignNodes.first else { return }
  throw CommandError(
    "node \(foreign.node) is of another cloud than neutron/: none of its \(foreign.portCount) ports "
      + "is in ports.json and it has no agent in agents.json: wanted nodes of one cloud, or --mixed"
  )
}
