// Whenever a replay's builder or a confirmation in it is killed, `down` leaves nothing behind.
import DataPlane
import Foundation
import Glibc
import Namespaces
import Replay
import Testing

/// Who is killed, and when.
struct Killing: Sendable, CustomStringConvertible {
  enum Victim: String, Sendable { case builder, confirmation }
  let victim: Victim
  /// After its start.
  let seconds: Double
  var description: String { "\(victim.rawValue) after \(seconds) s" }

  /// A few moments; with `OVSIGHT_KILLS` so many random ones of both instead.
  static let all: [Killing] = {
    guard let text = ProcessInfo.processInfo.environment["OVSIGHT_KILLS"], let count = Int(text)
    else {
      return [0.2, 1.5, 4.0].map { Killing(victim: .builder, seconds: $0) }
        + [0.3, 2.0].map { Killing(victim: .confirmation, seconds: $0) }
    }
    return (0..<count).map { index in
      let milliseconds = Int.random(in: 0...6000)
      return Killing(
        victim: index.isMultiple(of: 5) || index.isMultiple(of: 2) ? .confirmation : .builder,
        seconds: Double(milliseconds) / 1000)
    }
  }()
}

@Suite(.serialized, .enabled(if: Replay.obstacle == nil, "a replay \(Replay.obstacle ?? "")"))
struct KilledReplayTests {
  @Test(.timeLimit(.minutes(30)), arguments: Killing.all)
  func nothingIsLeft(_ killing: Killing) throws {
    let host = try PrivateHost()
    defer { host.end() }
    let folder = LiveCloud.freshFolder()
    let snapshot = "/tmp/ovsight-replay-\(UUID().uuidString).db"
    defer { unlink(snapshot) }
    try Command([LiveCloud.program, "import", LiveCloud.fixture, "--output", snapshot]).run()
    let before = try host.belongings()
    let up = [LiveCloud.program, "replay", snapshot, "up", "--state", folder]
    switch killing.victim {
    case .builder: try kill(host.command(up), after: killing.seconds)
    case .confirmation:
      try host.command(up).run()
      let probes = snapshot + ".jsonl"
      defer { unlink(probes) }
      try Self.probes.get().write(toFile: probes, atomically: true, encoding: .utf8)
      let wasAtWork = try kill(
        host.command([
          LiveCloud.program, "trace", snapshot, "--batch", probes, "--confirm", "--state", folder,
        ]), after: killing.seconds)
      #expect(wasAtWork)
      // The cloud itself lives on, and may be asked again.
      #expect(Replay.status(folder).condition == .up)
    }
    #expect(Replay.down(folder))
    #expect(Replay.status(folder).condition == .down)
    #expect(try host.belongings() == before)
    #expect(host.processes(naming: folder) == [])
    #expect(!FileManager.default.fileExists(atPath: folder))
  }

  /// False where it had ended by itself.
  @discardableResult
  private func kill(_ command: Command, after seconds: Double) throws -> Bool {
    let process = try command.start()
    usleep(UInt32(seconds * 1_000_000))
    Glibc.kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
    return status & 0x7f == SIGKILL
  }

  /// Enough for a run that lasts longer than any moment.
  private static let probes = Result {
    let guests = DataPlaneModel(try LiveCloud.facts()).guests.map(\.port)
    let lines = (0..<40).map { index in
      """
      {"id": "\(index)", "from": {"port": "\(guests[index % guests.count])"}, \
      "to": "8.8.8.8", "proto": "udp", "dport": \(1000 + index)}
      """
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
