// What a node says of itself before captures begin there: how its clock goes, and which connection it
// is asked through, whose own packets must not be captured: each would make another.
import Foundation
import Namespaces
import NetworkTypes

struct RemoteNode: Hashable, Sendable {
  /// How far its clock is ahead of ours; less than can be told is 0.
  let skewNanoseconds: Int64
  /// Nil where it is not reached through ssh.
  let connection: ManagementConnection?

  /// Asks the node, through a shell of its own. A question's time is known to half of what it takes,
  /// so the quickest of a few counts.
  init(_ access: NodeAccess) throws {
    var best: (skew: Int64, doubt: Int64)?
    var connection: ManagementConnection?
    for _ in 0..<3 {
      let before = Self.now()
      let text = try Command(access.command(["sh", "-c", Self.question], in: .root)).run()
      let after = Self.now()
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      guard let there = lines.first.flatMap({ Int64($0) }) else {
        throw NamespaceError("its clock answers \(text.prefix(40))")
      }
      connection = lines.dropFirst().first.flatMap { ManagementConnection(String($0)) }
      let doubt = (after - before) / 2
      if doubt < best?.doubt ?? .max { best = (there - (before + after) / 2, doubt) }
    }
    skewNanoseconds = best.map { abs($0.skew) <= $0.doubt ? 0 : $0.skew } ?? 0
    self.connection = connection
  }

  private static let question = "date +%s%N; echo \"$SSH_CONNECTION\""

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// The ends of an ssh connection, as sshd tells its children.
struct ManagementConnection: Hashable, Sendable {
  let client: IPAddress
  let server: IPAddress
  let serverPort: UInt16

  /// Nil for anything but `CLIENT PORT SERVER PORT`: the text comes from a node and becomes part of a
  /// filter.
  init?(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 4, let client = IPAddress(words[0]), UInt16(words[1]) != nil,
      let server = IPAddress(words[2]), let port = UInt16(words[3])
    else { return nil }
    (self.client, self.server, serverPort) = (client, server, port)
  }

  /// All connections between the two, for every capture has one of its own.
  var filter: String { "(host \(client) and host \(server) and tcp port \(serverPort))" }
}
