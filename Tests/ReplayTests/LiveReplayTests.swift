// A cloud that comes to life: it is what was captured, its packets go where real ones went, and
// nothing of it is left afterwards, whenever and however it ends.
import DataPlane
import Facts
import Foundation
import Namespaces
import NetworkTypes
import Replay
import Testing

@Suite(.serialized, .enabled(if: Replay.obstacle == nil, "a replay \(Replay.obstacle ?? "")"))
struct LiveReplayTests {
  @Test(.timeLimit(.minutes(30)), arguments: LiveCloud.captures)
  func whatIsCollectedFromAReplayIsWhatWasReplayed(_ capture: String) throws {
    let facts = try LiveCloud.facts(capture)
    let cloud = DataPlaneModel(facts)
    try LiveCloud.withReplay(of: cloud) { replay in
      #expect(replay.notes == [])
      #expect(replay.guests.count == cloud.guests.count)
      let again = try Recollection(replay, facts).facts()
      for (kind, least) in [
        ("address", 100), ("flow", 300), ("link", 60), ("packet filter", 300), ("port", 40),
        ("route", 100), ("rule", 60), ("sysctl", 1000), ("ipset", 1),
      ] {
        #expect(FactWords(again).words[kind]?.count ?? 0 >= least, "\(kind)")
      }
      let differences = FactWords(facts).differences(from: FactWords(again))
      #expect(differences.isEmpty, "\(differences.prefix(30).joined(separator: "\n"))")
      guard capture == LiveCloud.fixture else { return }
      try guestsReachWhatTheyReached(replay, cloud)
      try aNodeSeesItself(replay)
    }
  }

  /// A guest, its gateway, its neighbours on the other node, the outside, DHCP and metadata.
  private func guestsReachWhatTheyReached(_ replay: Replay, _ cloud: DataPlaneModel) throws {
    let guest = try #require(
      cloud.guests.first { guest in
        guest.routes.contains { $0.gateway != nil && $0.destination.length == 0 }
      })
    let gateway = try #require(guest.routes.first { $0.destination.length == 0 }?.gateway)
    for target in ["\(gateway)", "8.8.8.8"] {
      let words = ["ping", "-n", "-c", "1", "-W", "3", target]
      #expect(
        try replay.command(words, in: .guest(guest.port)).result().isSuccess,
        "\(guest.name) pings \(target)")
    }
  }

  private func aNodeSeesItself(_ replay: Replay) throws {
    let names = try replay.run(["ip", "netns", "list"], in: .node("net1"))
    #expect(names.contains("qdhcp-"))
    #expect(try replay.run(["hostname"], in: .node("net1")) == "net1\n")
    #expect(try replay.run(["ovs-vsctl", "list-br"], in: .node("cmp1")).contains("br-int\n"))
  }

  @Test func aFolderHoldsOneReplay() throws {
    let folder = LiveCloud.freshFolder()
    #expect(Replay.status(folder).condition == .down)
    #expect(throws: NamespaceError.self) { try Replay.open(folder) }
    // What was never up goes down without complaint.
    #expect(Replay.down(folder))
    // What a killed builder leaves half written goes, what is somebody else's stays.
    let other = "\(folder)/notes.txt"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in ["state.json.new", "services.json", "services.json.ready", "notes.txt"] {
      #expect(FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil))
    }
    #expect(Replay.down(folder))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["notes.txt"])
    unlink(other)
    #expect(Replay.down(folder))
    #expect(!FileManager.default.fileExists(atPath: folder))
  }
}
