// What a node says of itself: names, kernel, clock, static host names, and its network namespaces.
import NetworkTypes

/// A node's own name, from `hostname`.
public struct HostName: Hashable, Sendable {
  public var name: String
  public var evidence: Evidence
  public init(name: String, evidence: Evidence) {
    self.name = name
    self.evidence = evidence
  }
}

/// The kernel that a node runs, from `uname -a`.
public struct KernelIdentity: Hashable, Sendable {
  /// `Linux`.
  public var system: String
  public var hostName: String
  /// `6.1.0-13-amd64`.
  public var release: String
  /// Build number, options and date, as printed.
  public var version: String
  /// `x86_64`; empty where it is not told.
  public var machine: String
  public var evidence: Evidence
  public init(
    system: String, hostName: String, release: String, version: String, machine: String,
    evidence: Evidence
  ) {
    self.system = system
    self.hostName = hostName
    self.release = release
    self.version = version
    self.machine = machine
    self.evidence = evidence
  }
}

/// When a node was captured, from `date -u +%FT%TZ`.
public struct CaptureTime: Hashable, Sendable {
  /// UTC to the second: `2024-02-29T23:59:60Z`.
  public var utc: String
  public var evidence: Evidence
  public init(utc: String, evidence: Evidence) {
    self.utc = utc
    self.evidence = evidence
  }
}

/// How long a node has run, from `uptime`.
public struct Uptime: Hashable, Sendable {
  /// To the minute, as `uptime` prints it.
  public var elapsedSeconds: Int
  /// Over 1, 5 and 15 minutes.
  public var loadAverages: [Double]
  public var evidence: Evidence
  public init(elapsedSeconds: Int, loadAverages: [Double], evidence: Evidence) {
    self.elapsedSeconds = elapsedSeconds
    self.loadAverages = loadAverages
    self.evidence = evidence
  }
}

/// A line of /etc/hosts.
public struct StaticHost: Hashable, Sendable {
  public var address: IPAddress
  /// The canonical name first, then aliases.
  public var names: [String]
  public var evidence: Evidence
  public init(address: IPAddress, names: [String], evidence: Evidence) {
    self.address = address
    self.names = names
    self.evidence = evidence
  }
}

/// A network namespace that processes run in or that a file holds, from `lsns -J -t net`.
public struct NetworkNamespace: Hashable, Sendable {
  /// The number that /proc/<pid>/ns/net shows; one namespace, one inode.
  public var inode: UInt64
  public var processCount: Int
  /// The lowest process in it.
  public var pid: Int?
  public var user: String
  /// As the initial namespace numbers it (`link-netnsid` of its links); nil where unassigned.
  public var id: Int?
  /// Files that hold it: `/run/netns/<name>`.
  public var mountPoints: [String]
  public var command: String
  public var evidence: Evidence
  public init(
    inode: UInt64, processCount: Int, pid: Int?, user: String, id: Int?, mountPoints: [String],
    command: String, evidence: Evidence
  ) {
    self.inode = inode
    self.processCount = processCount
    self.pid = pid
    self.user = user
    self.id = id
    self.mountPoints = mountPoints
    self.command = command
    self.evidence = evidence
  }
  /// The name that `ip netns` knows it by.
  public var name: NamespaceName? {
    mountPoints.lazy.compactMap { path in
      let parts = path.split(separator: "/")
      guard parts.count > 2, parts[parts.count - 2] == "netns" else { return nil }
      return parts.last.map { NamespaceName(String($0)) }
    }.first
  }
}
