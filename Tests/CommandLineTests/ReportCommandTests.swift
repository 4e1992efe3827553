// `report` on the built program: questions, changes and drift have their pages.
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
    #expect(tenants.contains("Proved over all packets that "))
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
