// The snapshot file: what goes in comes out, what is wrong is said, what was there stays.
import Facts
import Formats
import Foundation
import GRDB
import NetworkTypes
import Snapshot
import Testing

@Suite struct SnapshotFileTests {
  private func error(_ path: String) -> String? {
    do throws(SnapshotError) {
      _ = try SnapshotFile.open(path: path).loadFacts()
      return nil
    } catch { return error.description }
  }

  private func small() -> Capture {
    let file = RawFile(node: "n1", path: "root/hostname.txt", bytes: Array("alpha\n".utf8))
    return Capture(
      sources: ["cloud"], nodes: ["n1"], files: [file],
      unreadable: [Gap(node: "n1", path: "root/ps.txt", reason: "cannot be read: no")])
  }

  private func write(_ capture: Capture, to path: String) throws {
    try SnapshotFile.write(
      capture, CloudFacts(parsing: capture), to: path, toolVersion: "test")
  }

  @Test func whatGoesInComesOut() throws {
    let folder = try TemporaryFolder()
    let capture = try Fixture.capture.get()
    try write(capture, to: folder.file("a.db"))
    let snapshot = try SnapshotFile.open(path: folder.file("a.db"))
    let loaded = try snapshot.loadCapture()
    #expect(loaded.nodes == capture.nodes)
    #expect(loaded.sources == ["healthy-cloud"])
    #expect(loaded.files.map(\.description) == capture.files.map(\.description))
    #expect(loaded.files.map(\.bytes) == capture.files.map(\.bytes))
    let facts = try snapshot.loadFacts()
    #expect(facts.coverage == (try Fixture.facts.get()).coverage)
  }

  @Test func whatCouldNotBeReadStaysAGap() throws {
    let folder = try TemporaryFolder()
    try write(small(), to: folder.file("a.db"))
    let facts = try SnapshotFile.open(path: folder.file("a.db")).loadFacts()
    #expect(facts.gaps.map(\.description).contains("n1 root/ps.txt: cannot be read: no"))
    #expect(facts.nodes[0].processes.gap?.reason == "cannot be read: no")
  }

  @Test func onlyItsOwnerMayReadIt() throws {
    let folder = try TemporaryFolder()
    try write(small(), to: folder.file("a.db"))
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("a.db"))
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.db"])
  }

  @Test func theSameCaptureGivesTheSameFile() throws {
    let folder = try TemporaryFolder()
    try write(small(), to: folder.file("a.db"))
    try write(small(), to: folder.file("b.db"))
    let files = ["a.db", "b.db"].map { FileManager.default.contents(atPath: folder.file($0)) }
    #expect(files[0] == files[1])
  }

  @Test func aFileThatIsNoSnapshotSaysSo() throws {
    let folder = try TemporaryFolder()
    let none = folder.file("none.db")
    #expect(error(none) == "\(none): no such file: wanted a snapshot made by 'ovsight import'")
    let text = try folder.write("some notes\n", "notes.txt")
    #expect(
      error(text) == "\(text): not an ovsight snapshot: wanted a snapshot made by 'ovsight import'")
    let other = folder.file("other.db")
    try DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE t (a)") }
    #expect(
      error(other)
        == "\(other): not an ovsight snapshot: wanted a snapshot made by 'ovsight import'")
    #expect(
      error(folder.path)
        == "\(folder.path): not an ovsight snapshot: wanted a snapshot made by 'ovsight import'")
  }

  @Test func anotherSchemaVersionSaysWhatToDo() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.db")
    try write(small(), to: path)
    try DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 99") }
    #expect(
      error(path) == "\(path): schema version 99: wanted version \(SnapshotSchema.version); "
        + "import the capture again with this ovsight")
  }

  @Test func aCutSnapshotIsDamaged() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.db")
    try write(small(), to: path)
    let bytes = try #require(FileManager.default.contents(atPath: path))
    for count in [4096, bytes.count / 2, bytes.count - 4096] {
      try bytes.prefix(count).write(to: URL(filePath: path))
      let message = try #require(error(path))
      #expect(message.hasPrefix("\(path): is damaged: "))
      #expect(message.hasSuffix(": wanted a snapshot made by 'ovsight import'"))
    }
  }

  @Test func otherPeoplesFilesAreNotOverwritten() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("some notes\n", "notes.txt")
    #expect(
      throws: SnapshotError(
        path, "is there and is no ovsight snapshot, so it stays as it is",
        wanted: "a new file or a snapshot to replace")
    ) { try write(small(), to: path) }
    #expect(folder.text("notes.txt") == "some notes\n")
  }

  @Test func aFolderThatIsNotThereCannotBeWrittenTo() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("none/a.db")
    #expect(
      throws: SnapshotError(
        path, "cannot be written: no such file or directory", wanted: "a folder to write to")
    ) { try write(small(), to: path) }
  }

  @Test func whatAKilledImportLeftIsRemoved() throws {
    let folder = try TemporaryFolder()
    try folder.write("half a snapshot", ".a.db.partial-abc123")
    try folder.write("another's", ".b.db.partial-abc123")
    try write(small(), to: folder.file("a.db"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        ".b.db.partial-abc123", "a.db",
      ])
  }
}
