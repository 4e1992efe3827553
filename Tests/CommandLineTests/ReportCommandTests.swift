// `report` on the built program: questions, changes and drift have their pages.
import FaultCaptures
import Formats
import Foundation
import Testing

@Suite struct ReportCommandTests {
  @Test func questionsAndChangesHaveTheirPages() throws {
    let folder = try ScratchFolder()
    let snapshot = folder.file("cloud.db")
    #expect(try Program.run(["import", Program.fixture, "--output", snapshot]).status == 0)
    let site = folder.file("site")
    let run = try Program.run([
      "report", snapshot, "--output", site, "--why", "port-b1 internet", "--why",
      "port-a1 port-c1 tcp/22", "--trace", "port-a1 8.8.8.8 icmp", "--diff", snapshot,
    ])
    #expect(run.status == 0, "\(run.error)")
    let works = try text("\(site)/why-1.html")
    #expect(works.contains("Works: it arrives and is answered"))
    #expect(works.contains("What the guest does"))
    #expect(try text("\(site)/why-2.html").contains("Works as configured: "))
    #expect(try text("\(site)/findings.html").contains("findings"))
    #expect(try text("\(site)/changes.html").contains("cloud.db"))
    let tenants = try text("\(site)/tenants.html")
    #expect(tenants.contains("From guest to guest, over all packets that "))
    // Tenants with floating IPs reach each other, past what agents leave open; others do not at all.
    for (word, isThere) in [("exposed", true), ("isolated", true), ("leak", false)] {
      #expect(tenants.contains(" \(word)</span>") == isThere, "\(word)")
    }
    #expect(try text("\(site)/findings.html").contains("--severity info shows them"))
  }

  /// What a page says is what `why` says: the proof of a mend, and what an answer takes for granted.
  @Test(arguments: [
    (
      "06-fip-dnat-missing-dvr", "eip 203.0.113.159", "bad",
      ["Broken: ", "mended alone, the packet arrives and is answered"]
    ),
    (
      "28-mtu-underlay", "port-a4 metadata", "open",
      ["Not known: ", "cannot be tried on a model"]
    ),
    ("34-duplicate-ip", "port-a4 port-a6", "good", ["Works: ", "assuming that "]),
  ])
  func pagesDoNotSayMoreThanWhy(
    _ fault: String, _ question: String, _ standing: String, _ words: [String]
  ) throws {
    let folder = try ScratchFolder()
    try write(try #require(FaultCapture.named(fault)).capture(), to: folder.file("capture"))
    let snapshot = folder.file("cloud.db")
    #expect(
      try Program.run(["import", folder.file("capture"), "--output", snapshot]).status == 0)
    let site = folder.file("site")
    let run = try Program.run([
      "report", snapshot, "--output", site, "--no-isolation", "--why", question,
    ])
    #expect(run.status == 0, "\(run.error)")
    let page = try text("\(site)/why-1.html")
    #expect(page.contains("<div class=\"verdict \(standing)\">"))
    for word in words { #expect(page.contains(word), "\(word)") }
  }

  private func write(_ capture: Capture, to folder: String) throws {
    for file in capture.files {
      let node = file.description.node.map { "/\($0)" } ?? ""
      let path = "\(folder)\(node)/\(file.description.path)"
      try FileManager.default.createDirectory(
        atPath: URL(filePath: path).deletingLastPathComponent().path(),
        withIntermediateDirectories: true)
      try Data(file.bytes).write(to: URL(filePath: path))
    }
  }

  @Test(arguments: [
    ("port-b1 internet tcp/99999", "wanted a port of 0 to 65535"), ("", "wanted 'VM [TARGET]"),
    ("no such vm", "no such"),
  ])
  func badQuestionsAreNamed(_ question: String, _ words: String) throws {
    let folder = try ScratchFolder()
    let snapshot = folder.file("cloud.db")
    #expect(try Program.run(["import", Program.fixture, "--output", snapshot]).status == 0)
    let run = try Program.run([
      "report", snapshot, "--output", folder.file("site"), "--why", question,
    ])
    #expect(run.status == 2)
    #expect(run.error.contains(words), "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("site")))
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }
}
