// Addresses, routes, rules and neighbours → lines for `ip -batch`, a family at a time.
import DataPlane
import Facts
import NetworkTypes

struct AddressCommands {
  let namespace: NamespaceModel
  let family: AddressFamily
  private(set) var lines: [String] = []
  private(set) var notes: [ReplayNote] = []

  init(_ namespace: NamespaceModel, _ family: AddressFamily) {
    self.namespace = namespace
    self.family = family
    addAddresses()
    addRules()
    addRoutes()
    addNeighbours()
  }

  private mutating func note(_ text: String) {
    notes.append(
      ReplayNote(node: namespace.key.node, namespace: namespace.key.namespace, text))
  }

  // MARK: addresses

  private mutating func addAddresses() {
    for record in namespace.facts.addresses.records
    where record.address.address.family == family && SafeWords.isDevice(record.interface) {
      if record.interface == "lo", record.address.address.isLoopback { continue }
      if record.flags.contains("dadfailed") || record.flags.contains("tentative") {
        note("\(record.address) on \(record.interface) is not usable there and is left out")
        continue
      }
      lines.append(address(record))
    }
  }

  private func address(_ record: LinkAddress) -> String {
    let length = record.address.prefixLength
    var line = "addr add "
    line +=
      record.peer.map { "\(record.address.address) peer \($0)/\(length)" } ?? "\(record.address)"
    if let broadcast = record.broadcast { line += " broadcast \(broadcast)" }
    if !record.scope.isEmpty, SafeWords.isPlain(record.scope) { line += " scope \(record.scope)" }
    line += " dev \(record.interface)"
    if family == .ipv6 { line += " nodad" }
    if record.flags.contains("noprefixroute") { line += " noprefixroute" }
    return line
  }

  // MARK: rules

  private mutating func addRules() {
    let section = family == .ipv4 ? namespace.facts.rules4 : namespace.facts.rules6
    guard section.isKnown else { return note("routing rules are not known: \(section.gap!)") }
    lines.append("rule flush")
    for rule in section.records where rule.priority > 0 {
      guard rule.unrecognised.isEmpty, let text = RuleLine.text(rule) else {
        note("routing rule \(rule.priority) is not understood and is left out")
        continue
      }
      lines.append(text)
    }
  }

  // MARK: routes

  /// The main table is emptied first: the kernel made routes of the addresses that the capture may
  /// just not have.
  private mutating func addRoutes() {
    let section = family == .ipv4 ? namespace.facts.routes4 : namespace.facts.routes6
    guard section.isKnown else { return note("routes are not known: \(section.gap!)") }
    lines.append("route flush table main")
    let wanted = section.records.filter { !isOwn($0) }
    // What a gateway is reached through stands before what it leads to.
    let ordered =
      wanted.filter { $0.nextHops.allSatisfy { $0.gateway == nil } }
      + wanted.filter { $0.nextHops.contains { $0.gateway != nil } }
    for route in ordered {
      guard let text = RouteLine.text(route, family) else {
        note("the route to \(route.destination) is not understood and is left out")
        continue
      }
      lines.append(text)
    }
  }

  /// What the kernel itself makes of addresses.
  private func isOwn(_ route: Route) -> Bool {
    let isKernels = route.protocolName == "kernel" || route.protocolName.isEmpty
    let isLoopback = route.nextHops.allSatisfy { $0.interface == "lo" } && family == .ipv6
    return (route.table == .local && isKernels) || (isLoopback && isKernels)
      || route.destination.address.isMulticast
  }

  // MARK: neighbours

  private mutating func addNeighbours() {
    for entry in namespace.facts.neighbours.records
    where entry.address.family == family && SafeWords.isDevice(entry.interface) && entry.isProxy {
      lines.append("neigh add proxy \(entry.address) dev \(entry.interface)")
    }
    lines += Self.neighbours(namespace) { $0 == family }
  }

  /// Entries of a cache, those as stale that the kernel found by itself.
  static func neighbours(
    _ namespace: NamespaceModel, _ isWanted: (AddressFamily) -> Bool = { _ in true }
  ) -> [String] {
    namespace.facts.neighbours.records.compactMap { entry in
      guard isWanted(entry.address.family), SafeWords.isDevice(entry.interface), !entry.isProxy,
        let mac = entry.mac, !entry.address.isMulticast, !entry.states.contains("NOARP"),
        !entry.states.contains("FAILED")
      else { return nil }
      let state = entry.states.contains("PERMANENT") ? "permanent" : "stale"
      return "neigh replace \(entry.address) lladdr \(mac) dev \(entry.interface) nud \(state)"
    }
  }
}

/// A policy routing rule as `ip rule add` takes it.
enum RuleLine {
  static func text(_ rule: RoutingRule) -> String? {
    var words = ["rule add pref \(rule.priority)"]
    if rule.isInverted { words.append("not") }
    words.append("from \(rule.source.map { "\($0)" } ?? "all")")
    if let destination = rule.destination { words.append("to \(destination)") }
    if let device = rule.inputInterface {
      guard SafeWords.isDevice(device) else { return nil }
      words.append("iif \(device)")
    }
    if let device = rule.outputInterface {
      guard SafeWords.isDevice(device) else { return nil }
      words.append("oif \(device)")
    }
    if let mark = rule.mark { words.append("fwmark \(mark)/\(rule.markMask)") }
    if let tos = rule.tos { words.append("tos \(tos)") }
    if let number = rule.ipProtocol { words.append("ipproto \(number)") }
    if let ports = rule.sourcePorts { words.append("sport \(ports.first)-\(ports.last)") }
    if let ports = rule.destinationPorts { words.append("dport \(ports.first)-\(ports.last)") }
    guard let action = action(rule.action) else { return nil }
    words.append(action)
    if let length = rule.suppressPrefixLength { words.append("suppress_prefixlength \(length)") }
    return words.joined(separator: " ")
  }

  private static func action(_ action: RoutingRuleAction) -> String? {
    switch action {
    case .lookup(let table): table.name == nil ? "lookup \(table.rawValue)" : nil
    case .goto(let priority): "goto \(priority)"
    case .nop: "nop"
    case .unreachable: "unreachable"
    case .prohibit: "prohibit"
    case .blackhole: "blackhole"
    case .unrecognised: nil
    }
  }
}

/// A route as `ip route add` takes it.
enum RouteLine {
  static func text(_ route: Route, _ family: AddressFamily) -> String? {
    guard route.unrecognised.isEmpty, route.table.name == nil, let type = type(route.type) else {
      return nil
    }
    // Several routes may share a prefix: one a device, or one a type of service.
    var words = ["route append"]
    if !type.isEmpty { words.append(type) }
    words.append("\(route.destination)")
    if let source = route.source { words.append("from \(source)") }
    let isMultipath = route.nextHops.count > 1
    for hop in route.nextHops {
      guard let text = nextHop(hop, family) else { return nil }
      words.append(isMultipath ? "nexthop \(text) weight \(hop.weight)" : text)
    }
    var options = ["table \(route.table.rawValue)"]
    if SafeWords.isPlain(route.protocolName) { options.append("proto \(route.protocolName)") }
    if SafeWords.isPlain(route.scope), family == .ipv4 { options.append("scope \(route.scope)") }
    if route.metric != 0 { options.append("metric \(route.metric)") }
    if route.tos != 0 { options.append("tos \(route.tos)") }
    if let source = route.preferredSource { options.append("src \(source)") }
    if let mtu = route.mtuBytes { options.append("mtu \(mtu)") }
    // Options stand before the next hops of a multipath route.
    let split = words.firstIndex { $0.hasPrefix("nexthop") } ?? words.endIndex
    words.insert(contentsOf: options, at: split)
    return words.joined(separator: " ")
  }

  private static func nextHop(_ hop: NextHop, _ family: AddressFamily) -> String? {
    var words: [String] = []
    if let gateway = hop.gateway {
      words.append(gateway.family == family ? "via \(gateway)" : "via inet6 \(gateway)")
    }
    if let device = hop.interface {
      guard SafeWords.isDevice(device) else { return nil }
      words.append("dev \(device)")
    }
    if hop.flags.contains("onlink") { words.append("onlink") }
    return words.joined(separator: " ")
  }

  private static func type(_ type: RouteType) -> String? {
    switch type {
    case .unicast: ""
    case .throwing: "throw"
    case .unrecognised: nil
    default: type.rawValue
    }
  }
}
