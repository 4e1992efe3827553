// Import of a whole cloud: time, peak memory, and what the snapshot takes for a flow.
import Foundation

enum Importing {
  static func run(_ cloud: String, _ program: String, _ scratch: String) throws -> [Result] {
    let snapshot = "\(scratch)/cloud.ovsight"
    guard let cost = Child.run(program, ["import", cloud, "--output", snapshot]), cost.exitCode == 0
    else { throw BenchmarkError("\(program) import \(cloud): it failed") }
    let files = Corpus.files(cloud, named: ["ofctl_dump-flows.txt"])
    let (flows, flowBytes) = try files.reduce(into: (0, 0)) { sum, file in
      let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
      sum.0 += bytes.count { $0 == UInt8(ascii: "\n") }
      sum.1 += bytes.count
    }
    let size = try URL(fileURLWithPath: snapshot).resourceValues(forKeys: [.fileSizeKey]).fileSize
    return [
      Result(
        what: "import",
        amount: "\(flows) flows, \(flowBytes >> 20) MiB of them, \(files.count) switches",
        ours: "\(rounded(cost.seconds, 1)) s, \(rounded(cost.processorSeconds, 1)) s of both "
          + "processors, peak \(cost.peakBytes >> 20) MiB, snapshot \((size ?? 0) >> 20) MiB: "
          + "\(rounded(Double(size ?? 0) / Double(max(flows, 1)), 0)) bytes a flow in all",
        wanted: "10 M flows ≤ 60 s, ≤ 100 bytes a flow, ≤ 4 GiB")
    ]
  }
}

struct BenchmarkError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
