// A real ovs-vswitchd on a dummy datapath in a folder of its own: the judge of the evaluator.
import Facts
import Formats
import Foundation
import NetworkTypes
import OpenFlow

package final class LiveSwitch {
  package static let daemon = "/usr/sbin/ovs-vswitchd"
  package static let schema = "/usr/share/openvswitch/vswitch.ovsschema"
  /// Nil where Open vSwitch is installed.
  package static var whyMissing: String? {
    for path in [daemon, "/usr/sbin/ovsdb-server", schema]
    where !FileManager.default.fileExists(atPath: path) {
      return "openvswitch-switch is not installed: no \(path)"
    }
    return nil
  }

  /// The bridge that tunnelled packets leave through.
  package static let underlay = "under"
  package static let underlayAddress = IPAddress("192.0.2.9")

  package let folder: URL
  package let control: UnixControl
  private var processes: [ChildProcess] = []

  package init() throws {
    let name = "ovs-\(UInt32.random(in: 0...UInt32.max))"
    folder = URL(fileURLWithPath: "/tmp").appendingPathComponent(name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let socket = folder.appendingPathComponent("vs.ctl").path
    do {
      try Self.run("ovsdb-tool", ["create", "\(folder.path)/conf.db", Self.schema], in: folder)
      processes.append(
        try Self.start(
          "/usr/sbin/ovsdb-server",
          [
            "\(folder.path)/conf.db", "--remote=punix:\(folder.path)/db.sock",
            "--unixctl=\(folder.path)/ovsdb.ctl", "--log-file=\(folder.path)/ovsdb.log",
          ], in: folder))
      try Self.wait(for: "\(folder.path)/db.sock")
      // The socket's file is there before anybody listens.
      try Self.run(
        "ovs-vsctl",
        ["--retry", "--timeout=240", "--db=unix:\(folder.path)/db.sock", "--no-wait", "init"],
        in: folder)
      processes.append(
        try Self.start(
          Self.daemon,
          [
            "unix:\(folder.path)/db.sock", "--enable-dummy", "--disable-system",
            "--disable-system-route", "--unixctl=\(socket)", "--log-file=\(folder.path)/vs.log",
          ], in: folder))
      try Self.wait(for: socket)
      control = try UnixControl(path: socket)
    } catch {
      for process in processes { process.terminate() }
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  /// Of ovs-vswitchd.
  package var processID: Int32? { processes.last?.id }
  package var isAlive: Bool { (try? control.call("version")) != nil }
  package var hasDatabase: Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent("db.sock").path)
  }
  package var lastWords: String {
    let log = try? String(contentsOfFile: "\(folder.path)/vs.log", encoding: .utf8)
    return log?.split(separator: "\n").suffix(3).joined(separator: "\n") ?? ""
  }

  /// Ends the daemons and takes the folder away.
  package func stop() {
    for process in processes {
      // A daemon that is lost in a trace does not listen to anything gentler.
      process.kill()
      _ = process.wait()
    }
    try? FileManager.default.removeItem(at: folder)
  }

  // MARK: Commands

  package func vsctl(_ arguments: [String]) throws {
    _ = try Self.run(
      "ovs-vsctl", ["--timeout=240", "--db=unix:\(folder.path)/db.sock"] + arguments, in: folder)
  }
  package func ofctl(_ version: String, _ command: String, _ bridge: String, _ rest: [String] = [])
    throws -> String
  {
    try Self.run(
      "ovs-ofctl",
      ["--timeout=240", "-O", version, command, "unix:\(folder.path)/\(bridge).mgmt"] + rest,
      in: folder)
  }
  package func file(_ name: String, _ text: String) throws -> String {
    let path = folder.appendingPathComponent(name)
    try text.write(to: path, atomically: true, encoding: .utf8)
    return path.path
  }

  // MARK: What a collector would capture

  package func facts(of bridges: [String]) throws -> OpenVSwitchFacts {
    var facts = OpenVSwitchFacts()
    let dump = try Self.run(
      "ovsdb-client", ["-f", "json", "dump", "unix:\(folder.path)/db.sock", "Open_vSwitch"],
      in: folder)
    facts.database = Section(records: SwitchDatabaseFormat.parse(CaptureText(dump)).records)
    facts.datapathPorts = Section(
      records: DatapathPortsFormat.parse(CaptureText(try control.call("dpif/show"))).records)
    for bridge in bridges { facts.bridges[BridgeName(bridge)] = try self.bridge(bridge) }
    return facts
  }

  private func bridge(_ name: String) throws -> SwitchBridgeFacts {
    var facts = SwitchBridgeFacts(name: BridgeName(name))
    // First, so that this connection is gone by the traces: while one of OpenFlow 1.0 is open,
    // the switch sends what matches nothing to it.
    let show = try ofctl("OpenFlow10", "show", name)
    facts.portsInShow = Section(records: OpenFlowPortsFormat.parse(CaptureText(show)).records)
    let flows = try ofctl("OpenFlow14", "dump-flows", name)
    facts.flows = FactSection(records: OpenFlowFlowsFormat.parse(CaptureText(flows)).records)
    let groups = try ofctl("OpenFlow15", "dump-groups", name)
    facts.groups = Section(records: OpenFlowGroupsFormat.parse(CaptureText(groups)).records)
    let ports = try ofctl("OpenFlow14", "dump-ports-desc", name)
    facts.ports = Section(records: OpenFlowPortsFormat.parse(CaptureText(ports)).records)
    let macs = try control.call("fdb/show", [name])
    facts.learnedMACs = Section(records: LearnedMACFormat.parse(CaptureText(macs)).records)
    return facts
  }

  // MARK: Processes

  private static func environment(_ folder: URL) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment
    for name in ["OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR"] { environment[name] = folder.path }
    return environment
  }
  private static func start(_ program: String, _ arguments: [String], in folder: URL) throws
    -> ChildProcess
  {
    try ChildProcess(
      program, arguments, environment: environment(folder), output: nil, errors: nil)
  }
  @discardableResult
  package static func run(_ program: String, _ arguments: [String], in folder: URL) throws -> String
  {
    let output = folder.appendingPathComponent("stdout").path
    let errors = folder.appendingPathComponent("stderr").path
    let child = try ChildProcess(
      program, arguments, environment: environment(folder), output: output, errors: errors)
    guard child.wait() == 0 else {
      let text = try String(contentsOfFile: errors, encoding: .utf8)
      throw ControlError(description: "\(program) \(arguments.joined(separator: " ")): \(text)")
    }
    return try String(contentsOfFile: output, encoding: .utf8)
  }
  private static func wait(for path: String) throws {
    for _ in 0..<500 {
      if FileManager.default.fileExists(atPath: path) { return }
      Thread.sleep(forTimeInterval: 0.02)
    }
    throw ControlError(description: "\(path) did not appear")
  }
}
