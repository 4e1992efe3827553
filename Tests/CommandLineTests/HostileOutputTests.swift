// A cloud in which everything that a tenant or a node names has a hostile name, through every output
// of the built program. Names stay text: on terminals, in JSON, SQL, XML, graphs and shells.
import Foundation
import Testing

/// The captured cloud, renamed; its snapshot is made once.
private enum HostileCloud {
  /// Escapes, bidirectional marks, quotes of every language, markup, a shell's words, a formula.
  static let name =
    "=cmd|' /C calc'!A0\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{200b}\u{e0041}'\"`$(touch PWNED);--<script>"
    + "alert(1)</script>]]>{{x}}\\\n\r\t|&'; DROP TABLE node; .shell touch PWNED\n"
  static let nodeName = "cmp2\u{1b}[2J'\";$(touch PWNED)\u{202e}<b>"

  static let made = Result {
    let folder = try ScratchFolder()
    let manager = FileManager.default
    try manager.copyItem(atPath: Program.fixture, toPath: folder.file("cloud"))
    try manager.moveItem(
      atPath: folder.file("cloud/cmp2"), toPath: folder.file("cloud/\(nodeName)"))
    for file in try manager.contentsOfDirectory(atPath: folder.file("cloud/neutron"))
    where file.hasSuffix(".json") {
      let path = folder.file("cloud/neutron/\(file)")
      let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
      try JSONSerialization.data(withJSONObject: renamed(json)).write(to: URL(filePath: path))
    }
    let run = try Program.run([
      "import", folder.file("cloud"), "-o", folder.file("a.db"), "--mixed", "--verbose",
    ])
    return (folder, run)
  }

  private static func renamed(_ json: Any) -> Any {
    if let list = json as? [Any] { return list.map(renamed) }
    guard let object = json as? [String: Any] else { return json }
    return object.reduce(into: [String: Any]()) { result, member in
      let isName = ["name", "description", "status", "dns_name", "project_id", "tenant_id"]
        .contains(member.key)
      result[member.key] = isName && member.value is String ? name : renamed(member.value)
    }
  }
}

@Suite struct HostileOutputTests {
  private func run(_ words: String...) throws -> Run {
    let folder = try HostileCloud.made.get().0
    let run = try Program.run(
      words.map { $0 == "SNAPSHOT" ? folder.file("a.db") : $0 }, in: folder.path)
    #expect(run.status < 2 || !run.output.isEmpty, "\(words): \(run.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("PWNED")))
    expectHarmless(run.output, "\(words)")
    expectHarmless(run.error, "\(words)")
    return run
  }

  /// Nothing that a terminal obeys, and nothing that hides text or turns it around.
  private func expectHarmless(_ text: String, _ what: String) {
    let bad = text.unicodeScalars.filter { scalar in
      switch scalar.properties.generalCategory {
      case .control: scalar != "\n"
      case .format, .lineSeparator, .paragraphSeparator, .privateUse: true
      default: false
      }
    }
    #expect(bad.isEmpty, "\(what): \(Set(bad).map { "U+" + String($0.value, radix: 16) })")
  }

  @Test func theImportItself() throws {
    let run = try HostileCloud.made.get().1
    #expect(run.status == 0, "\(run.error)")
    expectHarmless(run.output + run.error, "import")
  }

  @Test(arguments: [
    "nodes", "networks", "subnets", "routers", "ports", "eips", "security-groups", "trunks", "dhcp",
    "agents", "vm", "drift", "gaps",
  ])
  func tables(_ topic: String) throws {
    _ = try run("show", "SNAPSHOT", topic)
    try expectJSON(run("show", "SNAPSHOT", topic, "--format", "json").output)
  }

  private func expectJSON(_ text: String) throws {
    _ = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
  }

  private func port() throws -> String {
    let folder = try HostileCloud.made.get().0
    let text = try Data(contentsOf: URL(filePath: folder.file("cloud/neutron/ports.json")))
    let top = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    let ports = try #require(top["ports"] as? [[String: Any]])
    let own = ports.first { ($0["device_owner"] as? String ?? "").hasPrefix("compute:") }
    return try #require(own?["id"] as? String)
  }

  @Test func answersAboutPackets() throws {
    let port = try port()
    for words in [
      ["trace", "SNAPSHOT", "--from", port, "--to", "8.8.8.8"], ["why", "SNAPSHOT", port],
    ] {
      for format in ["text", "json"] {
        let run = try run(words + ["--format", format])
        if format == "json" { try expectJSON(run.output) }
      }
    }
    _ = try run("reach", "SNAPSHOT", "--from", port)
    try expectJSON(run("reach", "SNAPSHOT", "--from", port, "--format", "json").output)
    _ = try run("reach", "SNAPSHOT")
  }

  private func run(_ words: [String]) throws -> Run {
    let folder = try HostileCloud.made.get().0
    let run = try Program.run(
      words.map { $0 == "SNAPSHOT" ? folder.file("a.db") : $0 }, in: folder.path)
    expectHarmless(run.output + run.error, "\(words)")
    return run
  }

  @Test(arguments: ["text", "json", "sarif", "junit", "prometheus"])
  func audits(_ format: String) throws {
    let output = try run("audit", "SNAPSHOT", "--no-isolation", "--format", format).output
    switch format {
    case "json", "sarif": try expectJSON(output)
    case "junit": #expect(XMLCheck.isWellFormed(output))
    default: break
    }
  }

  @Test(arguments: ["text", "json", "sarif", "junit", "prometheus", "dot", "svg"])
  func reports(_ format: String) throws {
    let output = try run("report", "SNAPSHOT", "--no-isolation", "--format", format).output
    switch format {
    case "json", "sarif": try expectJSON(output)
    case "junit", "svg":
      #expect(XMLCheck.isWellFormed(output))
      #expect(!output.contains("<script>alert"))
    default: break
    }
  }

  /// sqlite3 reads it: no statement of a name's runs, no dot command, no table goes.
  @Test func tablesAsSQL() throws {
    let folder = try HostileCloud.made.get().0
    let sql = try Program.run(["audit", folder.file("a.db"), "--sql", "--no-isolation"])
    #expect(sql.status == 0)
    expectHarmless(sql.output, "--sql")
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/sqlite3") else { return }
    try folder.write(sql.output + "SELECT count(*) > 0 FROM node;\n", "script.sql")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/sqlite3")
    process.arguments = ["-bail", "-readonly", folder.file("a.db")]
    process.currentDirectoryURL = URL(filePath: folder.path)
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: folder.file("script.sql")))
    let answer = try Program.finish(process)
    #expect(answer.error == "")
    #expect(answer.output.hasSuffix("1\n"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("PWNED")))
  }

  @Test func differences() throws {
    let folder = try HostileCloud.made.get().0
    let other = folder.file("b.db")
    #expect(try Program.run(["import", Program.fixture, "-o", other]).status == 0)
    _ = try run(["diff", "SNAPSHOT", other])
    try expectJSON(run(["diff", other, "SNAPSHOT", "--format", "json"]).output)
  }

  /// Also where the name comes from the command line.
  @Test func errors() throws {
    let name = HostileCloud.name
    for words in [
      ["show", "SNAPSHOT", "ports", name],
      ["trace", "SNAPSHOT", "--from", name, "--to", "8.8.8.8"],
      ["why", "SNAPSHOT", name], [name], ["audit", name], ["reach", "SNAPSHOT", "--to", name],
    ] { _ = try run(words) }
  }
}

/// Python's parser, which the collector's tests need too.
private enum XMLCheck {
  static func isWellFormed(_ text: String) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c",
      "import sys, xml.etree.ElementTree as e; e.fromstring(sys.stdin.buffer.read())",
    ]
    let scratch = FileManager.default.temporaryDirectory
      .appending(path: "ovsight-xml-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    guard (try? Data(text.utf8).write(to: scratch)) != nil else { return false }
    process.standardInput = try? FileHandle(forReadingFrom: scratch)
    return (try? Program.finish(process).status) == 0
  }
}
