// A route while it is read, key by key, from `ip route`'s JSON or its plain text.
import Facts
import NetworkTypes

struct RouteDraft {
  /// Nil where a file has routes of both.
  private let family: AddressFamily?
  private var destination: Block?
  private var source: Block?
  var type = RouteType.unicast
  var table = RoutingTableID.main
  /// The only hop, or the flags of a route with several.
  var hop = NextHop(gateway: nil, interface: nil)
  var nextHops: [NextHop] = []
  var preferredSource: IPAddress?
  var metric: UInt32 = 0
  var tos: UInt8 = 0
  var scope = ""
  var protocolName = ""
  var mtuBytes: Int?
  var unrecognised: [String] = []
  private(set) var isEncapsulated = false
  private var nextHopID: String?
  /// A word that only IPv6 routes have.
  private var hasIPv6Word = false

  /// A prefix, or the leading zeros that `ip` prints without family: `default`, `0/8`.
  private enum Block {
    case prefix(IPPrefix)
    case zeros(length: Int)
  }

  init(family: AddressFamily?) { self.family = family }

  /// Takes a key as the JSON names it, with its value as printed; false if it is not understood.
  mutating func set(_ key: String, _ value: String) -> Bool {
    switch key {
    case "dst": return destination != nil || assign(&destination, block(value)) || isEncapsulated
    case "from": return assign(&source, block(value))
    case "type": return setType(value)
    case "table": table = RoutingTableID(printed: value)
    case "gateway": return assign(&hop.gateway, IPAddress(value))
    case "dev": hop.interface = InterfaceName(value)
    case "prefsrc": return assign(&preferredSource, IPAddress(value))
    case "metric": return assign(&metric, UInt32(value))
    case "tos": return isEncapsulated || assign(&tos, differentiatedServices(value))
    case "scope": scope = value
    case "protocol": protocolName = value
    case "mtu": return assign(&mtuBytes, Int(value))
    case "nhid": nextHopID = value
    case "encap":
      isEncapsulated = true
      return false
    case "deleted": return false
    case "pref", "error", "expires": hasIPv6Word = true
    default: return isEncapsulated || Self.inconsequential.contains(key)
    }
    return true
  }

  /// The route; nil (and a remark for what is missing) where it has no destination.
  func route(_ evidence: Evidence, _ log: inout ParseLog) -> Route? {
    let family = family ?? deducedFamily
    guard let destination = destination.flatMap({ prefix($0, family) }) else { return nil }
    var unrecognised = unrecognised
    if let nextHopID, hops.isEmpty {
      unrecognised.append("nhid \(nextHopID)")
      log.remark(
        "route/nexthop-object", .warning, line: Int(evidence.line), evidence.bytes,
        "nexthop object \(nextHopID) is named and not shown")
    }
    return Route(
      table: table, destination: destination, source: source.flatMap { prefix($0, family) },
      type: type, nextHops: hops,
      preferredSource: preferredSource, metric: metric, tos: tos, scope: scope,
      protocolName: protocolName, mtuBytes: mtuBytes, flags: hop.flags,
      unrecognised: unrecognised, evidence: evidence)
  }

  private var hops: [NextHop] {
    if !nextHops.isEmpty { return nextHops }
    return hop.gateway == nil && hop.interface == nil ? [] : [hop]
  }

  private mutating func setType(_ value: String) -> Bool {
    let known = value == "throw" ? .throwing : RouteType(rawValue: value)
    let isWord = value != RouteType.throwing.rawValue && value != RouteType.unrecognised.rawValue
    type = isWord ? known ?? .unrecognised : .unrecognised
    return type != .unrecognised
  }

  private func block(_ text: String) -> Block? {
    if text == "default" || text == "any" || text == "all" { return .zeros(length: 0) }
    if text.hasPrefix("0/") { return Int(text.dropFirst(2)).map { .zeros(length: $0) } }
    guard let prefix = IPPrefix(text) else { return nil }
    return family == nil || prefix.family == family ? .prefix(prefix) : nil
  }

  private func prefix(_ block: Block, _ family: AddressFamily) -> IPPrefix? {
    switch block {
    case .prefix(let prefix): prefix
    case .zeros(let length): IPPrefix(IPAddress(bits: 0, family: family), length: length)
    }
  }

  /// Of a route whose destination does not tell: by its addresses, then by what each family always
  /// prints. IPv6 has a preference; IPv4 has a scope where there is no gateway.
  private var deducedFamily: AddressFamily {
    for block in [destination, source] {
      if case .prefix(let prefix) = block { return prefix.family }
    }
    if let preferredSource { return preferredSource.family }
    if hasIPv6Word { return .ipv6 }
    if let gateway = hop.gateway ?? nextHops.first?.gateway { return gateway.family }
    if !scope.isEmpty { return .ipv4 }
    return hop.interface == nil ? .ipv4 : .ipv6
  }

  /// Ages, realms, TCP metrics and hints to hardware: they choose no way.
  private static let inconsequential: Set<String> = [
    "advmss", "age", "congctl", "congestion", "cwnd", "fastopen_no_cookie",
    "features", "hoplimit", "initcwnd", "initrwnd", "ipid", "mark", "quickack", "realms",
    "reordering", "rto_min", "rtt", "rttvar", "ssthresh", "ts", "tsage", "ttl-propogate", "uid",
    "used", "users", "window",
  ]
}

/// Stores a value that could be read; false if it could not.
func assign<Value>(_ target: inout Value?, _ value: Value?) -> Bool {
  guard let value else { return false }
  target = value
  return true
}
func assign<Value>(_ target: inout Value, _ value: Value?) -> Bool {
  guard let value else { return false }
  target = value
  return true
}
