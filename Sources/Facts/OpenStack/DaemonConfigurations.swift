// haproxy's and radvd's configuration, as Neutron's agents wrote it.
import NetworkTypes

/// A line of haproxy's configuration. Credentials are masked.
public struct HaproxySetting: Hashable, Sendable {
  /// `global`, `defaults`, `listen listener`, ….
  public var section: String
  public var keyword: String
  public var arguments: [String]
  public var evidence: Evidence
  public init(section: String, keyword: String, arguments: [String], evidence: Evidence) {
    self.section = section
    self.keyword = keyword
    self.arguments = arguments
    self.evidence = evidence
  }
}

extension FactSection<[HaproxySetting]> {
  /// Addresses and ports that the proxy listens on: the address is nil for any.
  public var boundSockets: [(address: IPAddress?, port: UInt16)] {
    records.filter { $0.keyword == "bind" }.compactMap { setting in
      guard let word = setting.arguments.first, let colon = word.lastIndex(of: ":"),
        let port = UInt16(word[word.index(after: colon)...])
      else { return nil }
      let host = word[..<colon].filter { $0 != "[" && $0 != "]" }
      return (IPAddress(host), port)
    }
  }
  /// Where requests go: a local socket's path or `address:port`.
  public var server: String? {
    records.first { $0.keyword == "server" }?.arguments.dropFirst().first
  }
  /// Headers that `http-request` (or old `reqadd`) sets: `X-Neutron-Router-ID` → the router.
  public func header(_ name: String) -> String? {
    for setting in records where setting.keyword == "http-request" {
      let words = setting.arguments
      if words.count > 2, words[0] == "set-header" || words[0] == "add-header", words[1] == name {
        return words[2]
      }
    }
    return nil
  }
}

public struct RadvdPrefix: Hashable, Sendable {
  public var prefix: IPPrefix
  /// `AdvOnLink`, `AdvAutonomous`, …, as written.
  public var options: [String: String]
  public init(prefix: IPPrefix, options: [String: String]) {
    self.prefix = prefix
    self.options = options
  }
  /// Clients make addresses of it; radvd's default is on.
  public var isAutonomous: Bool { options["AdvAutonomous"] != "off" }
  public var isOnLink: Bool { options["AdvOnLink"] != "off" }
}

/// An `interface` block of radvd.
public struct RadvdInterface: Hashable, Sendable {
  public var name: InterfaceName
  /// `AdvSendAdvert`, `AdvManagedFlag`, `AdvLinkMTU`, …, as written.
  public var options: [String: String] = [:]
  public var prefixes: [RadvdPrefix] = []
  public var routes: [IPPrefix] = []
  public var dnsServers: [IPAddress] = []
  /// Statements of no known kind.
  public var unrecognised: [String] = []
  public var evidence: Evidence
  public init(name: InterfaceName, evidence: Evidence) {
    self.name = name
    self.evidence = evidence
  }
  public var isAdvertising: Bool { options["AdvSendAdvert"] == "on" }
  public var linkMTUBytes: Int? { options["AdvLinkMTU"].flatMap { Int($0) } }
}
