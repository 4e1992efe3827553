// Importing part by part gives what writing the whole capture gives, whatever is done at the same time.
import Facts
import Formats
import Foundation
import GRDB
import NetworkTypes
import Snapshot
import Testing

@Suite struct ImportingTests {
  private struct Stop: Error {}

  @discardableResult private func importing(
    _ folders: [String], to path: String, inspect: (CloudFacts) throws -> Void = { _ in },
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> ImportSummary {
    try SnapshotFile.importing(
      CaptureListing(of: folders), to: path, toolVersion: "test", inspect: inspect,
      progress: progress)
  }

  /// Rows of a table or view without their order.
  private func rows(of name: String, in queue: DatabaseQueue) throws -> [String] {
    try queue.read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM \"\(name)\"").map { row in
        row.databaseValues.map(\.description).joined(separator: "|")
      }.sorted()
    }
  }

  @Test func partsGiveWhatTheWholeGives() throws {
    let folder = try TemporaryFolder()
    let (parts, whole) = (folder.file("parts.db"), folder.file("whole.db"))
    let summary = try importing([Fixture.folder], to: parts)
    let facts = try Fixture.facts.get()
    try SnapshotFile.write(try Fixture.capture.get(), facts, to: whole, toolVersion: "test")
    let queues = try [parts, whole].map { try DatabaseQueue(path: $0) }
    let names = try queues[0].read { database in
      try String.fetchAll(
        database,
        sql: "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY 1")
    }
    #expect(names.count > 100 && names.contains("sysctl"))
    // Below the views texts are numbered as they come.
    for name in names where name != "shared_text" && !name.hasSuffix("_row") {
      #expect(try rows(of: name, in: queues[0]) == rows(of: name, in: queues[1]), "\(name)")
    }
    #expect(summary.text(isVerbose: true) == ImportSummary(facts).text(isVerbose: true))
    let strangers = try queues[0].read { try Row.fetchAll($0, sql: "PRAGMA foreign_key_check") }
    #expect(strangers.isEmpty)
  }

  @Test func theSameFoldersGiveTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let paths = ["a.db", "b.db", "c.db"].map { folder.file($0) }
    for path in paths { try importing([Fixture.folder], to: path) }
    let files = paths.map { FileManager.default.contents(atPath: $0) }
    #expect(files[0] != nil && files[0] == files[1] && files[1] == files[2])
  }

  @Test func whatIsKeptIsReadAgainAsItWas() throws {
    let folder = try TemporaryFolder()
    try importing([Fixture.folder], to: folder.file("a.db"))
    let loaded = try SnapshotFile.open(path: folder.file("a.db")).loadCapture()
    let capture = try Fixture.capture.get()
    #expect(loaded.nodes == capture.nodes)
    #expect(loaded.files.map(\.description) == capture.files.map(\.description))
    #expect(loaded.files.map(\.bytes) == capture.files.map(\.bytes))
  }

  @Test func itIsThereWholeOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.db")
    for index in 0..<4 { try folder.write("n\(index)\n", "cloud/n\(index)/root/hostname.txt") }
    #expect(throws: Stop.self) {
      try importing([folder.file("cloud")], to: path) { part in
        if part.nodes.first?.name == "n2" { throw Stop() }
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["cloud"])
    try importing([folder.file("cloud")], to: path)
    let bytes = FileManager.default.contents(atPath: path)
    #expect(throws: Stop.self) {
      try importing([folder.file("cloud")], to: path) { _ in throw Stop() }
    }
    #expect(bytes != nil && FileManager.default.contents(atPath: path) == bytes)
  }

  @Test func partsComeInOrderWithNeutronFirst() throws {
    let folder = try TemporaryFolder()
    for node in ["b", "a", "c"] { try folder.write("\(node)\n", "cloud/\(node)/root/hostname.txt") }
    try folder.write("{\"networks\": []}", "cloud/neutron/networks.json")
    var seen: [String] = []
    var steps: [String] = []
    let summary = try importing(
      [folder.file("cloud")], to: folder.file("a.db"),
      inspect: { seen.append($0.nodes.first?.name.rawValue ?? "neutron") },
      progress: { steps.append("\($0)/\($1)") })
    #expect(seen == ["neutron", "a", "b", "c"])
    #expect(steps == ["0/4", "1/4", "2/4", "3/4", "4/4"])
    #expect(summary.nodes == ["a", "b", "c"])
  }

  @Test func oneSystemUnderTwoNamesIsRefused() throws {
    let folder = try TemporaryFolder()
    for node in ["a", "b"] {
      try folder.write("boot\n", "cloud/\(node)/root/boot_id.txt")
      try folder.write("net:[1]\n", "cloud/\(node)/root/netns_self.txt")
    }
    let cloud = folder.file("cloud")
    #expect(
      throws: CaptureError(
        cloud, "node b is node a of \(cloud) again", wanted: "each node in one folder only")
    ) { try importing([cloud], to: folder.file("a.db")) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["cloud"])
  }

  @Test func missingAnswersAreGapsOnce() throws {
    let folder = try TemporaryFolder()
    for node in ["a", "b"] { try folder.write("\(node)\n", "cloud/\(node)/root/hostname.txt") }
    let summary = try importing([folder.file("cloud")], to: folder.file("a.db"))
    let whole = CloudFacts(parsing: try CaptureFolder.read([folder.file("cloud")]))
    #expect(summary.gaps == whole.gaps)
    #expect(summary.gaps.contains { $0.node == nil })
  }
}
