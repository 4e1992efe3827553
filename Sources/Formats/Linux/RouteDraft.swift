// A route while it is read, key by key, from `ip route`'s JSON or its plain text.
import Facts
import NetworkTypes

struct RouteDraft {
  let family: AddressFamily
  var destination: IPPrefix?
  var source: IPPrefix?
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

  init(family: AddressFamily) { self.family = family }

  /// Takes a key as the JSON names it, with its value as printed; false if it is not understood.
  mutating func set(_ key: String, _ value: String) -> Bool {
    switch key {
    case "dst": return destination != nil || assign(&destination, prefix(value)) || isEncapsulated
    case "from": return assign(&source, prefix(value))
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
    default: return isEncapsulated || Self.inconsequential.contains(key)
    }
    return true
  }

  /// The route; nil (and a remark for what is missing) where it has no destination.
  func route(_ evidence: Evidence, _ log: inout ParseLog) -> Route? {
    guard let destination else { return nil }
    var unrecognised = unrecognised
    if let nextHopID, hops.isEmpty {
      unrecognised.append("nhid \(nextHopID)")
      log.remark(
        "route/nexthop-object", .warning, line: Int(evidence.line), evidence.bytes,
        "nexthop object \(nextHopID) is named and not shown")
    }
    return Route(
      table: table, destination: destination, source: source, type: type, nextHops: hops,
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

  /// `default`, `0/8` (what IPv4 prints for zeros), an address or a prefix.
  private func prefix(_ text: String) -> IPPrefix? {
    if text == "default" || text == "any" || text == "all" { return .everything(family) }
    if text.hasPrefix("0/"), let length = Int(text.dropFirst(2)) {
      return IPPrefix(IPAddress(bits: 0, family: family), length: length)
    }
    guard let prefix = IPPrefix(text), prefix.family == family else { return nil }
    return prefix
  }

  /// Ages, realms, TCP metrics and hints to hardware: they choose no way.
  private static let inconsequential: Set<String> = [
    "advmss", "age", "congctl", "congestion", "cwnd", "error", "expires", "fastopen_no_cookie",
    "features", "hoplimit", "initcwnd", "initrwnd", "ipid", "mark", "pref", "quickack", "realms",
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
