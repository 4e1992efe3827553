// Security groups by iptables (hybrid plugging): the chains that a port's rules should make, compared
// both ways with those that the kernel has, and the sets of remote groups.
// Source: neutron/agent/linux/iptables_firewall.py.
import Facts
import NetworkTypes

extension DriftBuilder {
  /// Chains are named by this many characters of a port's id.
  static let chainIDLength = 10

  mutating func compareIPTablesFilters(of node: NodeSwitch) {
    let guests = hybridGuests(on: node)
    guard !guests.isEmpty else { return }
    compareBridgeFilter(node)
    for family in AddressFamily.allCases { compareFilters(of: guests, family, node) }
  }

  /// Guests behind a Linux bridge whose node filters there.
  func hybridGuests(on node: NodeSwitch) -> [(Port, NeutronPort, PortLocation)] {
    let driver = node.agentOptions.compactMap(\.firewallDriver).first
    guard driver.map({ $0.lowercased().contains("iptables") }) ?? true else { return [] }
    return (lookups.guests[node.name] ?? []).compactMap { port in
      guard let record = ports[port.id], record.status == "ACTIVE", record.isAdminUp,
        let location = port.locations.first(where: {
          $0.node == node.name && $0.linuxBridge != nil
        })
      else { return nil }
      return (port, record, location)
    }
  }

  /// Frames through a Linux bridge meet iptables only where the kernel is told so.
  mutating func compareBridgeFilter(_ node: NodeSwitch) {
    guard
      let sysctls = known(
        node.facts.namespaces[.root]?.sysctls, .bridgeFilter, node.name,
        "sysctls of the root namespace")
    else { return }
    for name in ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables"] {
      let own = sysctls.first { $0.name == "net.bridge.\(name)" }
      if own?.value == "1" { continue }
      // Without any `net.bridge` the module is not loaded, unless the capture left them out.
      if own == nil, !sysctls.contains(where: { $0.name.hasPrefix("net.bridge.") }) {
        unknown(.bridgeFilter, node.name, "net.bridge.\(name): not captured")
        continue
      }
      find(
        .bridgeFilter, .different, .critical, object(node: node.name), on: node.name, at: name,
        wanted: DriftSide("1: security groups see bridged frames"),
        found: DriftSide(own?.value ?? "none", [own?.evidence].compactMap { $0 }))
    }
  }

  mutating func compareFilters(
    of guests: [(Port, NeutronPort, PortLocation)], _ family: AddressFamily, _ node: NodeSwitch
  ) {
    guard let root = node.facts.namespaces[.root] else { return }
    let sections =
      family == .ipv4
      ? [root.iptables4, root.iptables4Legacy] : [root.iptables6, root.iptables6Legacy]
    guard root.holdsRules(family) else {
      return unknown(
        .securityRule, node.name, "IPv\(family.rawValue) rules of the root namespace: not captured")
    }
    let read = sections.filter(\.isKnown)
    let tables = read.flatMap(\.records).filter { $0.name == "filter" }.flatMap(filterTables)
    if tables.count > 1 {
      find(
        .securityChain, .twice, .high, object(node: node.name), on: node.name,
        at: "IPv\(family.rawValue)",
        wanted: DriftSide("one family of chains"),
        found: DriftSide(
          list(tables.map { "\($0.wrap)… (\($0.table.backend.rawValue))" }),
          tables.map(\.table.evidence)))
    }
    guard let table = tables.first else {
      if family == .ipv6, Self.isIPv6Off(root) { return }
      for (port, record, _) in guests where isFiltered(record) {
        find(
          .securityChain, .missing, .critical, object(port), on: node.name,
          at: "IPv\(family.rawValue)", wanted: DriftSide("a filter", [record.evidence]),
          found: DriftSide("no chain of Neutron's"))
      }
      return
    }
    for (port, record, location) in guests {
      if isAmbiguous(port, record, node) { continue }
      if isFiltered(record) {
        compareEntry(port, record, location, table, node)
        compareChains(port, record, table, node)
      }
    }
    compareSets(of: guests, family, node, root)
    compareLeftoverChains(table, node)
    if family == .ipv4 { compareZones(of: guests, node, root) }
  }

  /// Agents write no IPv6 rules on a node whose new devices have no IPv6.
  /// Source: neutron/common/ipv6_utils.py.
  private static func isIPv6Off(_ root: NamespaceFacts) -> Bool {
    root.sysctls.records.contains {
      $0.name == "net.ipv6.conf.default.disable_ipv6" && $0.value == "1"
    }
  }

  func filterTables(_ table: IPTablesTable) -> [FilterTable] {
    table.chains.compactMap { chain in
      let name = chain.name.rawValue
      guard name.hasSuffix("-sg-chain") else { return nil }
      return FilterTable(
        table: table, wrap: String(name.dropLast("sg-chain".count)))
    }
  }

  /// Two ports of one node whose ids begin alike share their chains' names.
  mutating func isAmbiguous(
    _ port: Port, _ record: NeutronPort, _ node: NodeSwitch
  ) -> Bool {
    let short = port.id.rawValue.prefix(Self.chainIDLength)
    let same = (portsByChainID[short] ?? []).filter { port in
      port.locations.contains { $0.node == node.name }
    }
    guard same.count > 1 else { return false }
    unknown(
      .securityRule, node.name,
      "ports \(list(same.map(\.id))) share the chains of \(short)")
    return true
  }
}

extension NamespaceFacts {
  /// Whether the rules in force were captured: those of the back end that `iptables-save` shows, or
  /// the other one's where there are any. Without the first an empty second one says nothing.
  func holdsRules(_ family: AddressFamily) -> Bool {
    let (own, legacy) =
      family == .ipv4 ? (iptables4, iptables4Legacy) : (iptables6, iptables6Legacy)
    return own.isKnown
      || legacy.isKnown && legacy.records.contains { $0.chains.contains { !$0.rules.isEmpty } }
  }
}
