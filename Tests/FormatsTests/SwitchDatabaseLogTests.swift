// `conf.db` beside what a live ovsdb-server says of the same database.
import Facts
import Foundation
import Namespaces
import NetworkTypes
import Testing

@testable import Formats

@Suite struct SwitchDatabaseLogTests {
  @Test(.enabled(if: LiveDatabase.isInstalled, "needs ovsdb-server and ovs-vsctl"))
  func theFileSaysWhatTheServerSays() throws {
    let live = try LiveDatabase()
    defer { live.stop() }
    try live.change(["add-br", "br-int", "--", "set", "bridge", "br-int", "fail_mode=secure"])
    try live.change([
      "add-port", "br-int", "qvo1", "tag=3", "--", "set", "interface", "qvo1",
      "external_ids:iface-id=7d39c5e7", "external_ids:attached-mac=\"fa:16:3e:00:00:01\"",
      "--", "set", "port", "qvo1", "other_config:net_uuid=a", "other_config:segmentation_id=7",
    ])
    try live.change(["add-port", "br-int", "gone", "trunks=1,2,3"])
    try live.change(["add-port", "br-int", "trunk", "trunks=1,2,3"])
    // Sets and maps that change are written as differences.
    try live.change([
      "remove", "port", "trunk", "trunks", "2", "--", "add", "port", "trunk", "trunks", "9",
    ])
    try live.change([
      "set", "port", "qvo1", "tag=4095", "other_config:segmentation_id=8", "--", "remove", "port",
      "qvo1", "other_config", "net_uuid",
    ])
    try live.change([
      "add-port", "br-int", "vxlan1", "--", "set", "interface", "vxlan1", "type=vxlan",
      "options:remote_ip=192.0.2.7", "options:key=flow",
    ])
    try live.change(["del-port", "gone"])
    let wanted = SwitchDatabaseFormat.parse(CaptureText(try live.dump()))
    let bytes = Array(try Data(contentsOf: live.file))
    let read = SwitchDatabaseLogFormat.parse(CaptureText(file: CaptureFileID(0), bytes: bytes))
    #expect(read.diagnostics.isEmpty, "\(read.diagnostics.map(\.message))")
    #expect(!read.isIncomplete)
    #expect(read.coverage.lostBytes == 0)
    let (server, file) = (try #require(wanted.records.first), try #require(read.records.first))
    #expect(shape(file) == shape(server))
    #expect(file.ports.count == 4)
    #expect(file.ports.first { $0.name == "trunk" }?.trunks.map(\.rawValue).sorted() == [1, 3, 9])
    #expect(file.ports.first { $0.name == "qvo1" }?.otherConfig == ["segmentation_id": "8"])
  }

  /// What of a database is on disk.
  private func shape(_ database: SwitchDatabase) -> [String] {
    database.bridges.map {
      "bridge \($0.name) \($0.failMode ?? "-") \($0.ports.map(\.rawValue).sorted())"
    }.sorted()
      + database.ports.map {
        "port \($0.name) \($0.tag.map { "\($0)" } ?? "-") \($0.trunks.map(\.rawValue).sorted()) "
          + "\($0.interfaces.map(\.rawValue)) \($0.otherConfig.sorted { $0.key < $1.key })"
      }.sorted()
      + database.interfaces.map {
        "interface \($0.name) \($0.type) \($0.options.sorted { $0.key < $1.key }) "
          + "\($0.externalIDs.sorted { $0.key < $1.key })"
      }.sorted()
  }

  @Test func wholeRecordsAreRead() throws {
    let text =
      "OVSDB JSON 34 0\n{\"Open_vSwitch\":{\"1\":{\"a\":true}}}\nOVSDB JSON 30 0\n"
      + "{\"Bridge\":{\"2\":{\"name\":\"b\"}}}\nOVSDB JSON 21 0\n{\"Bridge\":{\"2\":null}}"
    for (end, bridges) in [(50, 0), (96, 1), (text.utf8.count, 0)] {
      let cut = Array(text.utf8.prefix(end))
      let parsed = SwitchDatabaseLogFormat.parse(CaptureText(file: CaptureFileID(0), bytes: cut))
      #expect(parsed.records.first?.bridges.count == bridges, "\(end)")
      #expect(parsed.coverage.lostBytes == 0)
    }
  }

  /// Without the schema a change of a set would be taken for the set.
  @Test func aFileWithoutItsSchemaIsIncomplete() {
    let text = "OVSDB JSON 34 0\n{\"Open_vSwitch\":{\"1\":{\"a\":true}}}\n"
    let parsed = SwitchDatabaseLogFormat.parse(CaptureText(text))
    #expect(parsed.isIncomplete)
    #expect(parsed.diagnostics.map(\.id) == ["ovsdb-log/no-schema"])
  }

  @Test(arguments: [
    "", "garbage", "OVSDB JSON 5 0\n{}", "OVSDB JSON x 0\n{}", "OVSDB JSON 2 0\n{]",
  ])
  func whatIsNoDatabaseIsNamed(_ text: String) {
    let parsed = SwitchDatabaseLogFormat.parse(CaptureText(text))
    #expect(parsed.isIncomplete)
    #expect(!parsed.diagnostics.isEmpty)
    #expect(parsed.coverage.lostBytes == 0)
  }
}

/// A database of its own, served for one test.
private struct LiveDatabase {
  let file: URL
  private let folder: URL
  private let server: pid_t
  private static let tools = [
    "/usr/bin/ovsdb-tool", "/usr/sbin/ovsdb-server", "/usr/bin/ovs-vsctl",
  ]
  static var isInstalled: Bool { tools.allSatisfy(FileManager.default.isExecutableFile) }
  private var socket: String { "unix:\(folder.path)/db.sock" }

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ovsight-db-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    file = folder.appendingPathComponent("conf.db")
    try Command([
      Self.tools[0], "create", file.path, "/usr/share/openvswitch/vswitch.ovsschema",
    ]).run()
    server = try Command([
      Self.tools[1], file.path, "--remote=punix:\(folder.path)/db.sock",
      "--unixctl=\(folder.path)/ctl", "--log-file=\(folder.path)/log",
    ]).start()
    for _ in 0..<500 where !FileManager.default.fileExists(atPath: "\(folder.path)/db.sock") {
      usleep(10_000)
    }
    try change(["init"])
  }

  func change(_ words: [String]) throws {
    try Command([Self.tools[2], "--no-wait", "--db=\(socket)"] + words).run()
  }

  func dump() throws -> String {
    try Command(["ovsdb-client", "-f", "json", "dump", socket, "Open_vSwitch"]).run()
  }

  func stop() {
    kill(server, SIGKILL)
    var status: Int32 = 0
    waitpid(server, &status, 0)
    try? FileManager.default.removeItem(at: folder)
  }
}
