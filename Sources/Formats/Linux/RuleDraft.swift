// A policy routing rule while it is read, key by key, from `ip rule`'s JSON or its plain text.
import Facts
import NetworkTypes

struct RuleDraft {
  let family: AddressFamily
  var unrecognised: [String] = []
  private var priority: UInt32?
  private var isInverted = false
  private var source = Selector()
  private var destination = Selector()
  private var inputInterface: InterfaceName?
  private var outputInterface: InterfaceName?
  private var mark: UInt32?
  private var markMask: UInt32 = .max
  private var tos: UInt8?
  private var ipProtocol: UInt8?
  private var sourcePorts = Ports()
  private var destinationPorts = Ports()
  private var suppressPrefixLength: Int?
  private var action: RoutingRuleAction?

  /// An address and its length, which the JSON has apart; nil for `all`.
  private struct Selector {
    var address: IPAddress?
    var length: Int?
    var prefix: IPPrefix? {
      address.flatMap { IPPrefix($0, length: length ?? $0.family.width) }
    }
  }
  private struct Ports {
    var first: UInt16?
    var last: UInt16?
    var range: PortRange? {
      guard let first, let last else { return nil }
      return PortRange(first: first, last: last)
    }
  }

  init(family: AddressFamily) { self.family = family }

  /// Takes a key as the JSON names it, with its value as printed; false if it is not understood.
  mutating func set(_ key: String, _ value: String) -> Bool {
    switch key {
    case "priority": assign(&priority, UInt32(value))
    case "not": assign(&isInverted, true)
    case "src": setAddress(\.source, value)
    case "srclen": setLength(\.source, value)
    case "dst": setAddress(\.destination, value)
    case "dstlen": setLength(\.destination, value)
    case "iif": assign(&inputInterface, InterfaceName(value))
    case "oif": assign(&outputInterface, InterfaceName(value))
    case "fwmark": assign(&mark, parseNumber(value).flatMap { UInt32(exactly: $0) })
    case "fwmask": assign(&markMask, parseNumber(value).flatMap { UInt32(exactly: $0) })
    case "tos": assign(&tos, differentiatedServices(value))
    case "ipproto": assign(&ipProtocol, Formats.ipProtocol(value))
    case "sport": setPort(\.sourcePorts, value)
    case "sport_start": assign(&sourcePorts.first, UInt16(value))
    case "sport_end": assign(&sourcePorts.last, UInt16(value))
    case "dport": setPort(\.destinationPorts, value)
    case "dport_start": assign(&destinationPorts.first, UInt16(value))
    case "dport_end": assign(&destinationPorts.last, UInt16(value))
    default: setAction(key, value)
    }
  }

  /// The rule; nil where it has no priority.
  func rule(_ evidence: Evidence) -> RoutingRule? {
    guard let priority else { return nil }
    return RoutingRule(
      family: family, priority: priority, isInverted: isInverted, source: source.prefix,
      destination: destination.prefix, inputInterface: inputInterface,
      outputInterface: outputInterface, mark: mark, markMask: markMask, tos: tos,
      ipProtocol: ipProtocol, sourcePorts: sourcePorts.range,
      destinationPorts: destinationPorts.range, suppressPrefixLength: suppressPrefixLength,
      action: action ?? .unrecognised("none"), unrecognised: unrecognised, evidence: evidence)
  }

  private mutating func setAction(_ key: String, _ value: String) -> Bool {
    switch key {
    case "table": action = .lookup(RoutingTableID(printed: value))
    case "suppress_prefixlen": return assign(&suppressPrefixLength, Int(value))
    // A goto whose target does not exist is passed over, as the kernel does.
    case "goto": action = UInt32(value).map { .goto($0) } ?? .nop
    case "nop": action = .nop
    case "action": action = Self.actions[value] ?? .unrecognised(value)
    case "l3mdev":
      action = .unrecognised("lookup [l3mdev-table]")
      return false
    // That a named device or target does not exist; realms, and who made the rule.
    case "iif_detached", "oif_detached", "unresolved", "flow_from", "flow_to", "protocol":
      return true
    default: return false
    }
    if case .unrecognised = action { return false }
    return true
  }

  private static let actions: [String: RoutingRuleAction] = [
    "unreachable": .unreachable, "prohibit": .prohibit, "blackhole": .blackhole, "nop": .nop,
  ]

  /// `all`, `0` (zeros, with a length), or an address.
  private mutating func setAddress(
    _ path: WritableKeyPath<RuleDraft, Selector>, _ value: String
  ) -> Bool {
    if value == "all" { return true }
    let address = value == "0" ? IPAddress(bits: 0, family: family) : IPAddress(value)
    guard let address, address.family == family else { return false }
    self[keyPath: path].address = address
    return true
  }

  private mutating func setLength(
    _ path: WritableKeyPath<RuleDraft, Selector>, _ value: String
  ) -> Bool {
    guard let length = Int(value), (0...family.width).contains(length) else { return false }
    self[keyPath: path].length = length
    return true
  }

  private mutating func setPort(
    _ path: WritableKeyPath<RuleDraft, Ports>, _ value: String
  ) -> Bool {
    guard let port = UInt16(value) else { return false }
    self[keyPath: path] = Ports(first: port, last: port)
    return true
  }
}
