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

  /// The rules that tell of a kind of planted fault, the first or the second with it.
  private static let rules: [String: Set<String>] = [
    "wrong-vlan-tag": ["port-in-foreign-vlan"],
    "floating-ip-dnat-missing": ["floating-ip-not-translated", "floating-ip-half-translated"],
    "rule-left-behind": ["security-group-rule-not-asked-for"],
    "flood-target-missing": ["flood-list-incomplete"],
    "wrong-segment-inbound": ["segment-in-foreign-vlan"],
    "remote-group-member-missing": ["remote-group-member-refused", "remote-group-incomplete"],
    "vlans-joined": ["flow-delivers-across-networks"],
    "tunnel-port-missing": ["tunnel-missing"],
    "arp-spoofing-open": ["spoofing-allowed", "arp-unprotected"],
    "neighbour-missing": ["dvr-neighbour-missing"],
  ]
  /// What a tunnel that is gone takes with it.
  private static let consequences: Set = ["flow-to-port-that-is-gone", "flood-list-incomplete"]

  private struct Planted: Decodable {
    let kind: String
    let node: String
    let objects: [String: String]
  }
  private struct Found: Decodable {
    struct Finding: Decodable {
      let rule: String
      let subject: String
    }
    let findings: [Finding]
  }

  /// Without a packet being followed: what rules and drift say of what was planted, and of nothing
  /// else.
  @Test(arguments: ["1", "2", "3", "4", "5", "6"])
  func whatIsPlantedIsFoundAndNothingElse(_ seed: String) throws {
    let folder = try ScratchFolder()
    let file = try snapshot(
      in: folder,
      [
        "--nodes", "6", "--ports", "60", "--ports-per-network", "8", "--networks-per-node", "4",
        "--hybrid-every", "2", "--floating-every", "3", "--seed", seed, "--plant", "12",
      ])
    let list = try Data(contentsOf: URL(filePath: folder.file("cloud.planted.json")))
    let planted = try JSONDecoder().decode([Planted].self, from: list)
    #expect(planted.count > 5)
    let run = try Program.run(["audit", file, "--no-isolation", "--format", "json"])
    let found = try JSONDecoder().decode(Found.self, from: Data(run.output.utf8)).findings
    var expected: Set<String> = []
    for fault in planted {
      let rules = try #require(Self.rules[fault.kind], "\(fault.kind)")
      expected.formUnion(rules)
      if fault.kind == "tunnel-port-missing" { expected.formUnion(Self.consequences) }
      let own = found.filter { finding in
        rules.contains(finding.rule)
          && (finding.subject.hasPrefix("\(fault.node) ")
            || fault.objects["address"].map(finding.subject.hasSuffix) == true)
      }
      #expect(!own.isEmpty, "\(fault.kind) on \(fault.node): \(fault.objects)")
    }
    let strange = found.filter { !expected.contains($0.rule) }
    #expect(strange.isEmpty, "\(strange)")
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
