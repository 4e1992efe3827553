// Routes, policy rules and neighbours of a namespace, from `ip -j route/rule/neigh`.
import NetworkTypes

/// A routing table by its number; `ip` prints the well-known three by name.
public struct RoutingTableID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// 0 (`unspec`) for a table that is known by name only.
  public let rawValue: UInt32
  /// A name of the node's /etc/iproute2/rt_tables, where `ip` printed that in place of the number.
  ///
  /// `ip` prints one table always by the same name and no two by one, so a name tells tables of
  /// one node apart as well as a number does.
  public let name: String?
  public init(_ rawValue: UInt32) {
    self.rawValue = rawValue
    name = nil
  }
  /// Whatever `ip` prints for a table: a well-known name, a number, or a name of the node's own.
  public init(printed text: String) {
    if let known = RoutingTableID(text) {
      self = known
    } else {
      rawValue = 0
      name = text
    }
  }
  public static let unspecified = RoutingTableID(0)
  public static let main = RoutingTableID(254)
  public static let local = RoutingTableID(255)
  public static let defaultTable = RoutingTableID(253)

  /// `main`, `local`, `default`, `unspec` or a number; a name of /etc/iproute2/rt_tables gives nil.
  public init?(_ text: String) {
    switch text {
    case "main": self = .main
    case "local": self = .local
    case "default": self = .defaultTable
    case "unspec": self = .unspecified
    default:
      guard let number = UInt32(text) else { return nil }
      self.init(number)
    }
  }
  public static func < (a: Self, b: Self) -> Bool {
    (a.rawValue, a.name ?? "") < (b.rawValue, b.name ?? "")
  }
  public var description: String {
    switch self {
    case .main: "main"
    case .local: "local"
    case .defaultTable: "default"
    default: name ?? "\(rawValue)"
    }
  }
}

public struct NextHop: Hashable, Sendable {
  /// Nil for on-link.
  public var gateway: IPAddress?
  public var interface: InterfaceName?
  /// 1...256.
  public var weight: Int
  public var flags: Set<String>
  public init(
    gateway: IPAddress?, interface: InterfaceName?, weight: Int = 1, flags: Set<String> = []
  ) {
    self.gateway = gateway
    self.interface = interface
    self.weight = weight
    self.flags = flags
  }
}

public enum RouteType: String, Hashable, Sendable {
  case unicast, local, broadcast, multicast, anycast, unreachable, prohibit, blackhole, throwing
  case unrecognised
}

/// A route of any table and family.
public struct Route: Hashable, Sendable {
  public var table: RoutingTableID
  public var destination: IPPrefix
  /// IPv6 `from` routes.
  public var source: IPPrefix?
  public var type: RouteType
  public var nextHops: [NextHop]
  public var preferredSource: IPAddress?
  public var metric: UInt32
  public var tos: UInt8
  /// `global`, `link`, `host`, …; empty where `ip` leaves it out (global for unicast).
  public var scope: String
  public var protocolName: String
  public var mtuBytes: Int?
  public var flags: Set<String>
  /// Parts that the way of a packet depends on and that were not understood (an encapsulation, a
  /// nexthop object without its gateway), as printed; where the route leads is then unknown.
  public var unrecognised: [String]
  public var evidence: Evidence
  public init(
    table: RoutingTableID, destination: IPPrefix, source: IPPrefix? = nil,
    type: RouteType = .unicast, nextHops: [NextHop], preferredSource: IPAddress? = nil,
    metric: UInt32 = 0, tos: UInt8 = 0, scope: String = "", protocolName: String = "",
    mtuBytes: Int? = nil, flags: Set<String> = [], unrecognised: [String] = [],
    evidence: Evidence
  ) {
    self.table = table
    self.destination = destination
    self.source = source
    self.type = type
    self.nextHops = nextHops
    self.preferredSource = preferredSource
    self.metric = metric
    self.tos = tos
    self.scope = scope
    self.protocolName = protocolName
    self.mtuBytes = mtuBytes
    self.flags = flags
    self.unrecognised = unrecognised
    self.evidence = evidence
  }
}

public enum RoutingRuleAction: Hashable, Sendable {
  case lookup(RoutingTableID)
  case goto(UInt32)
  case nop, unreachable, prohibit, blackhole
  case unrecognised(String)
}

/// A policy routing rule; all given selectors must match.
public struct RoutingRule: Hashable, Sendable {
  public var family: AddressFamily
  public var priority: UInt32
  /// `not`: the selectors' verdict is inverted.
  public var isInverted: Bool
  public var source: IPPrefix?
  public var destination: IPPrefix?
  public var inputInterface: InterfaceName?
  public var outputInterface: InterfaceName?
  public var mark: UInt32?
  public var markMask: UInt32
  public var tos: UInt8?
  public var ipProtocol: UInt8?
  public var sourcePorts: PortRange?
  public var destinationPorts: PortRange?
  /// `suppress_prefixlength`: routes of this length or shorter do not count.
  public var suppressPrefixLength: Int?
  public var action: RoutingRuleAction
  /// Selectors that were not understood, as printed; the rule's verdict is then unknown.
  public var unrecognised: [String]
  public var evidence: Evidence
  public init(
    family: AddressFamily, priority: UInt32, isInverted: Bool = false, source: IPPrefix? = nil,
    destination: IPPrefix? = nil, inputInterface: InterfaceName? = nil,
    outputInterface: InterfaceName? = nil, mark: UInt32? = nil, markMask: UInt32 = .max,
    tos: UInt8? = nil, ipProtocol: UInt8? = nil, sourcePorts: PortRange? = nil,
    destinationPorts: PortRange? = nil, suppressPrefixLength: Int? = nil,
    action: RoutingRuleAction, unrecognised: [String] = [], evidence: Evidence
  ) {
    self.family = family
    self.priority = priority
    self.isInverted = isInverted
    self.source = source
    self.destination = destination
    self.inputInterface = inputInterface
    self.outputInterface = outputInterface
    self.mark = mark
    self.markMask = markMask
    self.tos = tos
    self.ipProtocol = ipProtocol
    self.sourcePorts = sourcePorts
    self.destinationPorts = destinationPorts
    self.suppressPrefixLength = suppressPrefixLength
    self.action = action
    self.unrecognised = unrecognised
    self.evidence = evidence
  }
}

/// A neighbour cache entry (ARP or ND), or a proxy entry.
public struct Neighbour: Hashable, Sendable {
  public var address: IPAddress
  public var interface: InterfaceName
  public var mac: MACAddress?
  /// `PERMANENT`, `REACHABLE`, `STALE`, `DELAY`, `PROBE`, `FAILED`, `INCOMPLETE`, `NOARP`.
  public var states: Set<String>
  public var isProxy: Bool
  public var isRouter: Bool
  public var evidence: Evidence
  public init(
    address: IPAddress, interface: InterfaceName, mac: MACAddress?, states: Set<String>,
    isProxy: Bool = false, isRouter: Bool = false, evidence: Evidence
  ) {
    self.address = address
    self.interface = interface
    self.mac = mac
    self.states = states
    self.isProxy = isProxy
    self.isRouter = isRouter
    self.evidence = evidence
  }

  /// Set by hand, for good: nobody is asked.
  public var isFixed: Bool { !states.isDisjoint(with: ["PERMANENT", "NOARP"]) }
  /// The kernel sends to it, though it may ask whether it still holds.
  public var isUsable: Bool {
    !states.isDisjoint(with: ["REACHABLE", "STALE", "DELAY", "PROBE"])
  }
}
