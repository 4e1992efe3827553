// How the script gets to a node: the system's own ssh with the user's own configuration, or a shell
// here. Command lines are made of ours and the operator's words, never of a node's.

/// A node to read, as the operator named it.
public struct NodeTarget: Hashable, Sendable {
  public enum Way: Hashable, Sendable {
    case local
    /// What ssh calls the destination, with further arguments of ssh's before it.
    case ssh(destination: String, options: [String])
  }
  /// The name of its capture folder.
  public let name: String
  public let way: Way
  /// Through sudo.
  public let isRaised: Bool
  /// Where it was named, for errors that name two of them: `root@compute1`, `hosts.ini:12`.
  public let source: String

  public init(name: String, way: Way, isRaised: Bool, source: String) {
    self.name = name
    self.way = way
    self.isRaised = isRaised
    self.source = source
  }
}

/// A program with its arguments.
struct ProgramCall: Hashable, Sendable {
  let program: String
  let arguments: [String]
}

extension NodeTarget {
  /// What is run here; the script goes to its standard input.
  func call(_ ssh: SSHSettings) -> ProgramCall {
    let shell = isRaised ? ["sudo", "-n", "sh", "-s"] : ["sh", "-s"]
    switch way {
    case .local: return ProgramCall(program: shell[0], arguments: Array(shell.dropFirst()))
    case .ssh(let destination, let options):
      return ProgramCall(
        program: ssh.program,
        arguments: ssh.arguments + options + ["--", destination, shell.joined(separator: " ")])
    }
  }
}

/// What all connections have in common.
public struct SSHSettings: Hashable, Sendable {
  /// Found in PATH.
  public var program = "ssh"
  /// `-F`; nil for the user's own.
  public var configuration: String?
  /// `-o KEY=VALUE` each; they win over the configuration.
  public var options: [String] = []
  public init() {}

  /// Nobody answers a question, so none is asked: BatchMode, which leaves host key checking on.
  var arguments: [String] {
    let own = ["BatchMode=yes", "ConnectTimeout=15", "ServerAliveInterval=15"]
    return ["-T"] + (configuration.map { ["-F", $0] } ?? [])
      + (options + own).flatMap { ["-o", $0] }
  }
}
