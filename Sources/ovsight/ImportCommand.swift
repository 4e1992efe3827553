// `ovsight import FOLDER… --output SNAPSHOT`.
import ArgumentParser
import Facts
import Formats
import Snapshot

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Make a snapshot of captured folders.",
    discussion: """
      A FOLDER is a folder of node folders (with neutron/ beside them) or a single node folder; \
      several are merged. SNAPSHOT is replaced in one step, or stays as it is.
      """)

  @Argument(help: "Capture folders.")
  var folders: [String]

  @Option(name: .shortAndLong, help: "The snapshot file to write.")
  var output: String

  @Flag(help: "Also list every ignored file, diagnostic and gap.")
  var verbose = false

  func run() throws {
    let capture = try CaptureFolder.read(folders)
    let facts = CloudFacts(parsing: capture)
    try SnapshotFile.write(capture, facts, to: output, toolVersion: Ovsight.version)
    ImportSummary(facts).text(isVerbose: verbose).forEach(printLine)
  }
}
