// `ovsight trace SNAPSHOT --from … --to …` for people, `--batch` for programs.
import ArgumentParser
import DataPlane
import Dispatch
import Facts
import Formats
import NetworkTypes
import Snapshot
import Trace

struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Predict the path of a packet, and of the answer to it.",
    discussion: """
      Exit codes: 0 delivered, 1 not delivered, 2 could not tell. With --batch: 0 where every \
      probe was answered.
      """)

  @Argument(help: "A snapshot file made by `ovsight import`.")
  var snapshot: String

  @Option(
    help: "Batch: a file of probes, one JSON object a line (`-`: standard input).")
  var batch: String

  @Option(help: "jsonl")
  var format: String = "jsonl"

  func run() async throws {
    let facts = try SnapshotFile.open(path: snapshot).loadFacts()
    let tracer = Tracer(DataPlaneModel(facts))
    let probes: [Probe]
    do {
      probes = try ProbeFile.parse(try readFile(batch))
    } catch let error as ProbeError {
      throw CommandError("\(batch): \(error)")
    }
    let answers = await traceAll(probes, tracer)
    for answer in answers { print(answer) }
  }

  /// All answers as JSON lines in the order of the probes, worked on by all cores.
  private func traceAll(_ probes: [Probe], _ tracer: Tracer) async -> [String] {
    let chunk = 32
    let starts = Array(stride(from: 0, to: probes.count, by: chunk))
    return await withTaskGroup(of: (Int, [String]).self) { group in
      for start in starts {
        group.addTask {
          let slice = probes[start..<min(start + chunk, probes.count)]
          return (start, slice.map { tracer.trace($0).json(tracer.cloud.facts).rendered })
        }
      }
      var parts: [Int: [String]] = [:]
      for await (start, lines) in group { parts[start] = lines }
      return starts.flatMap { parts[$0] ?? [] }
    }
  }
}
