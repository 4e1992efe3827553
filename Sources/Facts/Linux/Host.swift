// Processes, sockets, sysctls and namespaces of a node.
import NetworkTypes

/// One sysctl, by its dotted name: `net.ipv4.conf.all.rp_filter`.
public struct Sysctl: Hashable, Sendable {
  public var name: String
  public var value: String
  public var evidence: Evidence
  public init(name: String, value: String, evidence: Evidence) {
    self.name = name
    self.value = value
    self.evidence = evidence
  }

  /// A device's part of a name: `sysctl` prints `/` for a dot of a device, as dots part its names.
  ///
  /// `net.ipv4.conf.eth0/100.rp_filter` is of `eth0.100`.
  public static func component(of interface: InterfaceName) -> String {
    String(interface.rawValue.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
  }
}

/// A listening or unconnected socket, from `ss -H -lntup`.
public struct ListeningSocket: Hashable, Sendable {
  /// `tcp`, `udp`, `u_str`, …
  public var transport: String
  public var state: String
  /// Nil for a wildcard of both families (`*`) and for local sockets.
  public var address: IPAddress?
  /// Nil for a wildcard port.
  public var port: UInt16?
  /// `%eth0` behind the address.
  public var interface: InterfaceName?
  /// A path or abstract name for local sockets.
  public var path: String?
  public var peer: String
  public var processes: [SocketProcess]
  public var evidence: Evidence
  public init(
    transport: String, state: String, address: IPAddress?, port: UInt16?,
    interface: InterfaceName? = nil, path: String? = nil, peer: String = "",
    processes: [SocketProcess] = [], evidence: Evidence
  ) {
    self.transport = transport
    self.state = state
    self.address = address
    self.port = port
    self.interface = interface
    self.path = path
    self.peer = peer
    self.processes = processes
    self.evidence = evidence
  }
}

public struct SocketProcess: Hashable, Sendable {
  public var name: String
  public var pid: Int
  public init(name: String, pid: Int) {
    self.name = name
    self.pid = pid
  }
}

/// A process, from `ps -eww -o pid,ppid,user,etimes,args`.
public struct Process: Hashable, Sendable {
  public var pid: Int
  public var parent: Int
  public var user: String
  /// Since it started; nil where that was not asked for.
  public var elapsedSeconds: Int?
  public var arguments: String
  public var evidence: Evidence
  public init(
    pid: Int, parent: Int, user: String, elapsedSeconds: Int?, arguments: String,
    evidence: Evidence
  ) {
    self.pid = pid
    self.parent = parent
    self.user = user
    self.elapsedSeconds = elapsedSeconds
    self.arguments = arguments
    self.evidence = evidence
  }
}

/// A named namespace, from `ip netns list`.
public struct NamespaceListing: Hashable, Sendable {
  public var name: NamespaceName
  /// As seen from the root namespace; nil where none is assigned.
  public var id: Int?
  public var evidence: Evidence
  public init(name: NamespaceName, id: Int?, evidence: Evidence) {
    self.name = name
    self.id = id
    self.evidence = evidence
  }
}
