// Clouds drawn by Neutron's own formulas: what is healthy gives no finding, and where not all guests
// are followed the audit ends with unknown.
import Foundation
import Testing

@Suite struct SyntheticCloudTests {
  /// A cloud with distributed routers, floating IPs and both packet filters, as a snapshot.
  private func snapshot(in folder: ScratchFolder, _ arguments: [String]) throws -> String {
    let generator = Process()
    generator.executableURL = try Program.executable.deletingLastPathComponent()
      .appending(path: "synthetic-cloud")
    generator.arguments = arguments + ["--output", folder.file("cloud")]
    let made = try Program.finish(generator)
    try #require(made.status == 0, "\(made.error)")
    let file = folder.file("cloud.db")
    let imported = try Program.run(["import", folder.file("cloud"), "--output", file])
    try #require(imported.status == 0, "\(imported.error)")
    return file
  }

  private static let small = [
    "--nodes", "3", "--ports", "16", "--ports-per-network", "4", "--networks-per-node", "3",
    "--hybrid-every", "2", "--floating-every", "2",
  ]

  @Test(arguments: ["1", "2", "3"])
  func aHealthyCloudHasNoFindings(_ seed: String) throws {
    let folder = try ScratchFolder()
    let file = try snapshot(in: folder, Self.small + ["--seed", seed])
    let run = try Program.run(["audit", file])
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.contains("0 findings"))
  }

  @Test func whoIsNotFollowedIsNotCalledIsolated() throws {
    let folder = try ScratchFolder()
    let file = try snapshot(in: folder, Self.small)
    let run = try Program.run(["audit", file, "--origins", "5"])
    #expect(run.status == 2)
    #expect(run.output.contains("the packets of 11 of 16 guests were not followed"))
    #expect(run.output.contains("All packets of 6 origins (of 16 guests)"))
    #expect(try Program.run(["audit", file, "--origins", "0"]).status == 2)
  }

  /// On a terminal, which `script` makes; into a file not a byte of it.
  @Test func aTerminalHearsWhatItIsAt() throws {
    let folder = try ScratchFolder()
    let file = try snapshot(in: folder, Self.small)
    func onTerminal(_ arguments: String) throws -> String {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/script")
      process.arguments = [
        "-qec", "\(try Program.executable.path()) \(arguments)", "/dev/null",
      ]
      return try Program.finish(process).output
    }
    let audit = try onTerminal("audit \(file) --origins 5")
    #expect(audit.contains("following the packets of guests: 6 of 6"))
    #expect(audit.contains("trying packets that must arrive: "))
    #expect(audit.contains("rule dhcp-"))
    let imported = try onTerminal("import \(folder.file("cloud")) -o \(folder.file("b.db"))")
    #expect(imported.contains("writing cmp1, "))
    #expect(try Program.run(["audit", file, "--origins", "5"]).error.isEmpty)
  }
}
