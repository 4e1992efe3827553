// What one dnsmasq serves: its host, options, additional hosts and leases files.
import NetworkTypes

/// A `--dhcp-hostsfile` line: which client gets which address, name and tags.
public struct DnsmasqHost: Hashable, Sendable {
  /// Usually one; a pattern with `*` is kept in `unrecognised`.
  public var macs: [MACAddress] = []
  public var clientID: String?
  public var name: String?
  public var addresses: [IPAddress] = []
  /// `set:` tags that select options.
  public var setTags: [String] = []
  /// `tag:` (or old `net:`) conditions.
  public var matchTags: [String] = []
  public var leaseTime: String?
  public var isIgnored = false
  /// Fields of no known kind.
  public var unrecognised: [String] = []
  public var evidence: Evidence
  public init(evidence: Evidence) { self.evidence = evidence }
}

/// Which option a `--dhcp-optsfile` line sets.
public enum DnsmasqOptionCode: Hashable, Sendable, CustomStringConvertible {
  /// `option:router`.
  case named(String)
  case number(Int)
  /// `option6:dns-server`.
  case named6(String)
  case number6(Int)
  public var description: String {
    switch self {
    case .named(let name): "option:\(name)"
    case .number(let number): "\(number)"
    case .named6(let name): "option6:\(name)"
    case .number6(let number): "option6:\(number)"
    }
  }
}

/// A `--dhcp-optsfile` line: an option for clients with all of `tags`.
public struct DnsmasqOption: Hashable, Sendable {
  /// `tag:` conditions, `!x` for a negated one.
  public var tags: [String]
  public var code: DnsmasqOptionCode
  /// Between commas; empty means that the option is suppressed.
  public var values: [String]
  /// `encap:`, `vi-encap:`, `vendor:` prefixes, as written.
  public var qualifiers: [String]
  public var evidence: Evidence
  public init(
    tags: [String], code: DnsmasqOptionCode, values: [String], qualifiers: [String] = [],
    evidence: Evidence
  ) {
    self.tags = tags
    self.code = code
    self.values = values
    self.qualifiers = qualifiers
    self.evidence = evidence
  }

  /// Values that are addresses, brackets of IPv6 taken off.
  public var addresses: [IPAddress] {
    values.compactMap { IPAddress($0.drop { $0 == "[" }.prefix { $0 != "]" }) }
  }
  /// The routes of option 121 (or Microsoft's 249); nil for another option or a malformed list.
  public var classlessRoutes: [HostRoute]? {
    let isRoutes =
      code == .named("classless-static-route") || code == .number(121) || code == .number(249)
    guard isRoutes, values.count.isMultiple(of: 2) else { return nil }
    var routes: [HostRoute] = []
    for index in stride(from: 0, to: values.count, by: 2) {
      guard let destination = IPPrefix(values[index]), let hop = IPAddress(values[index + 1])
      else { return nil }
      routes.append(HostRoute(destination: destination, nextHop: hop))
    }
    return routes
  }
}

/// An `--addn-hosts` line, as in /etc/hosts.
public struct DnsmasqAdditionalHost: Hashable, Sendable {
  public var address: IPAddress
  public var names: [String]
  public var evidence: Evidence
  public init(address: IPAddress, names: [String], evidence: Evidence) {
    self.address = address
    self.names = names
    self.evidence = evidence
  }
}

/// A line of the leases file.
public struct DnsmasqLease: Hashable, Sendable {
  /// Seconds since 1970; 0 for one that never ends; for a `duid` line nil.
  public var expiry: UInt64?
  /// IPv4: the client's MAC.
  public var mac: MACAddress?
  /// IPv6: the identity association, `T` before it for temporary addresses.
  public var identityAssociation: String?
  public var address: IPAddress?
  /// Nil for `*`.
  public var name: String?
  /// Client id, for IPv6 the DUID; nil for `*`.
  public var clientID: String?
  /// The server's own DUID, of the `duid` line.
  public var serverDUID: String?
  public var evidence: Evidence
  public init(evidence: Evidence) { self.evidence = evidence }
}
