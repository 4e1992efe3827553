// Facts as words without their evidence: two captures of one cloud are the same set of them.
import Facts
import NetworkTypes

/// What a replay must hold, a set of words a kind.
struct FactWords {
  private(set) var words: [String: Set<String>] = [:]

  init(_ cloud: CloudFacts) {
    for node in cloud.nodes {
      for namespace in node.namespaces.values { add(namespace, node.name) }
      for bridge in node.openVSwitch.bridges.values { add(bridge, node.name) }
    }
  }

  /// Words that only one of the two has, by kind.
  func differences(from other: FactWords) -> [String] {
    words.keys.sorted().flatMap { kind -> [String] in
      let (mine, theirs) = (words[kind] ?? [], other.words[kind] ?? [])
      return mine.subtracting(theirs).sorted().map { "\(kind), only recorded: \($0)" }
        + theirs.subtracting(mine).sorted().map { "\(kind), only replayed: \($0)" }
    }
  }

  private mutating func add(_ kind: String, _ text: String) {
    words[kind, default: []].insert(text)
  }

  private mutating func add(_ namespace: NamespaceFacts, _ node: NodeName) {
    let place = "\(node)/\(namespace.name)"
    for link in namespace.links.records where link.name != "lo" && link.name != "ovs-netdev" {
      let master = link.master.map { " in \($0)" } ?? ""
      let mac = link.address.map { "\($0)" } ?? ""
      add(
        "link",
        "\(place) \(link.name) \(mac) \(link.mtuBytes) \(link.isUp ? "up" : "down")\(master)")
    }
    for address in namespace.addresses.records {
      add("address", "\(place) \(address.interface) \(address.address) \(address.scope)")
    }
    for route in namespace.routes4.records + namespace.routes6.records
    where !route.destination.address.isMulticast {
      let hops = route.nextHops.map {
        "via \($0.gateway.map { "\($0)" } ?? "-") dev \($0.interface.map { "\($0)" } ?? "-")"
      }
      add(
        "route",
        "\(place) table \(route.table) \(route.type) \(route.destination) \(hops.sorted()) "
          + "\(route.metric) \(route.preferredSource.map { "\($0)" } ?? "-")")
    }
    for rule in namespace.rules4.records + namespace.rules6.records {
      add(
        "rule",
        "\(place) \(rule.family) \(rule.priority) \(rule.source.map { "\($0)" } ?? "all") "
          + "\(rule.inputInterface.map { "\($0)" } ?? "-") \(rule.action)")
    }
    for (family, tables) in [
      (4, namespace.iptables4.records), (6, namespace.iptables6.records),
    ] {
      for table in tables {
        for chain in table.chains {
          add(
            "chain",
            "\(place) \(family) \(table.name) \(chain.name) \(String(describing: chain.policy))")
          for (index, rule) in chain.rules.enumerated() {
            add("packet filter", "\(place) \(family) \(table.name) \(index) \(rule.text)")
          }
        }
      }
    }
    for set in namespace.ipsets.records {
      for member in set.members { add("ipset", "\(place) \(set.name) \(member.elements)") }
    }
    for setting in namespace.sysctls.records where Self.isHeld(setting.name) {
      add("sysctl", "\(place) \(setting.name) \(setting.value)")
    }
  }

  /// The machine's own limits and what the switch's devices pass through are no part of a cloud.
  private static func isHeld(_ name: String) -> Bool {
    name.hasPrefix("net.ipv4.") || name.hasPrefix("net.ipv6.") || name.hasPrefix("net.bridge.")
  }

  private mutating func add(_ bridge: SwitchBridgeFacts, _ node: NodeName) {
    // What the switch learns by itself comes and goes.
    for flow in bridge.flows.records where flow.hardTimeoutSeconds == 0 {
      add("flow", "\(node)/\(bridge.name) \(flow)")
    }
    for group in bridge.groups.records { add("group", "\(node)/\(bridge.name) \(group)") }
    for port in bridge.ports.records {
      add("port", "\(node)/\(bridge.name) \(port.number) \(port.name)")
    }
  }
}
