// `ovsight why SNAPSHOT VM [TARGET]`: the cause, the fix, and the proof.
import ArgumentParser
import Diagnosis
import Facts
import Formats
import NetworkTypes
import Snapshot
import Trace

struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Say why a packet does not arrive, and what mends it.",
    discussion: """
      With --batch: a file of probes, one JSON object a line, is answered by one JSON object a \
      line in the same order.

      Exit codes: 0 it works, 1 it does not, 2 could not tell, or bad usage.
      """)

  @Argument(help: "A snapshot file made by `ovsight import`.")
  var snapshot: String?

  @Option(help: "A file of probes, one JSON object a line (`-`: standard input).")
  var batch: String?

  @Option(help: "text or json.")
  var format: TextOrJSON = .text

  @Flag(help: "List the codes of causes with their meaning in place of an answer.")
  var codes = false

  func run() throws {
    guard let snapshot else { return }
    let facts = try SnapshotFile.open(path: snapshot).loadFacts()
    let diagnostician = Diagnostician(facts)
    if let batch {
      let probes: [Probe]
      do {
        probes = try ProbeFile.parse(try readFile(batch))
      } catch let error as ProbeError {
        throw CommandError("\(batch): \(error)")
      }
      for probe in probes { print(diagnostician.diagnose(probe).json(facts).rendered) }
    }
    for deviation in diagnostician.deviations where batch == nil { printLine("\(deviation.code.rawValue) \(deviation.text)") }
  }
}
