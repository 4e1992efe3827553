// `ovsight diff A B`.
import ArgumentParser
import Facts
import LogicalModel
import Snapshot

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show what changed between two snapshots.",
    discussion: """
      Nodes, wiring, logical objects, rules, flows, and findings of drift that are new or gone. What \
      changes by itself is left out: counters, ages, cookies, learned entries, process and row ids. \

        ovsight diff yesterday.db today.db --only flows

      Exit code: 0 nothing changed, 1 something did, 2 something could not be compared.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Argument(help: "The snapshot before.", completion: .file())
  var before: String

  @Argument(help: "The snapshot after.", completion: .file())
  var after: String

  @Option(help: "Only these categories; may be given several times. All: \(Self.categories)")
  var only: [DiffCategory] = []

  @Option(help: "text for people, json for programs.")
  var format = Format.text

  private static let categories = DiffCategory.allCases.map(\.rawValue).joined(separator: ", ")

  func run() throws {
    let diff = SnapshotDiff(
      before: try SnapshotFile.open(path: before).loadFacts(),
      after: try SnapshotFile.open(path: after).loadFacts()
    ).only(only)
    switch format {
    case .text: print(diff.text, terminator: "")
    case .json: print(diff.json, terminator: "")
    }
    if !diff.isEmpty { throw ExitCode(1) }
    if !diff.gaps.isEmpty { throw ExitCode(2) }
  }
}

extension DiffCategory: ExpressibleByArgument {}
