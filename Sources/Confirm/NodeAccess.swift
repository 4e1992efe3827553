// A way onto a node that is not on this machine: the words that run a command there.
import NetworkTypes

/// `ssh root@compute1`, or anything else that runs the words behind it on a node.
public struct NodeAccess: Hashable, Sendable {
  public let words: [String]
  /// The far side hands what it gets to a shell, as ssh's does.
  public let goesThroughShell: Bool

  /// Nil for an empty text; words are parted by spaces.
  public init?(_ text: String) {
    words = text.split(separator: " ").map(String.init)
    guard let program = words.first else { return nil }
    goesThroughShell = program == "ssh" || program.hasSuffix("/ssh")
  }

  /// The words that run a command in a namespace of the node.
  public func command(_ command: [String], in namespace: NamespaceName) -> [String] {
    let inside =
      namespace == .root ? command : ["ip", "netns", "exec", namespace.rawValue] + command
    return words + (goesThroughShell ? inside.map(Self.quoted) : inside)
  }

  /// One word for a POSIX shell, whatever is in it.
  static func quoted(_ word: String) -> String {
    "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
