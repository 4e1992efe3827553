// `ovsight-benchmark CLOUD [PART…]`: ours and the peers in one run, as a table. CLOUD is a capture folder,
// best a large one that `synthetic-cloud` made; parts are flows, rules, import, trace.
import Foundation

@main
enum Benchmark {
  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      FileHandle.standardError.write(Data("ovsight-benchmark: \(error)\n".utf8))
      exit(2)
    }
  }

  private static func run(_ arguments: [String]) throws {
    guard let cloud = arguments.first else {
      throw BenchmarkError("wanted: ovsight-benchmark CLOUD [flows] [rules] [import] [trace]")
    }
    let parts =
      arguments.count > 1 ? Array(arguments.dropFirst()) : ["flows", "rules", "import", "trace"]
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("ovsight-benchmark-\(getpid())").path
    try FileManager.default.createDirectory(
      atPath: scratch, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    printRow(["what", "of what", "ours", "peer", "ratio", "wanted"])
    printRow(Array(repeating: "---", count: 6))
    for part in parts {
      for result in try results(part, cloud, scratch) { printRow(result.cells) }
    }
  }

  private static func results(
    _ part: String, _ cloud: String, _ scratch: String
  ) throws -> [Result] {
    switch part {
    case "flows": return try FlowParsing.run(cloud, scratch)
    case "rules": return try RuleParsing.run(scratch)
    case "import":
      let own = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      return try Importing.run(
        cloud, own.deletingLastPathComponent().appendingPathComponent("ovsight").path, scratch)
    case "trace": return try Tracing.run(cloud, scratch)
    default: throw BenchmarkError("\(part): wanted flows, rules, import or trace")
    }
  }

  private static func printRow(_ cells: [String]) {
    let line = "| " + cells.joined(separator: " | ") + " |\n"
    FileHandle.standardOutput.write(Data(line.utf8))
  }
}
