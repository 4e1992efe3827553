// What `ovsight show` can show, and the way from a topic and a name to tables.
import Facts
import NetworkTypes

public enum ShowTopic: String, Sendable, CaseIterable {
  case nodes, networks, subnets, routers, ports, eips
  case securityGroups = "security-groups"
  case dhcp, agents, gaps, drift, trunks
  case vm

  /// Kinds of things that a name may mean for this topic.
  var kinds: Set<ModelItem.Kind> {
    switch self {
    case .nodes, .agents, .gaps: [.node]
    case .networks: [.network, .subnet]
    case .subnets: [.subnet, .network]
    case .routers: [.router, .network, .node]
    case .ports: [.port, .server, .network, .router, .node, .namespace]
    case .eips: [.floatingIP, .port, .server, .router, .node]
    case .securityGroups: [.securityGroup, .port, .server]
    case .dhcp: [.network, .node]
    case .vm: [.server, .port, .floatingIP]
    case .trunks: [.port, .server, .node]
    case .drift:
      [.port, .server, .network, .router, .node, .floatingIP, .securityGroup]
    }
  }
}

/// A name that means nothing here.
public struct UnknownName: Error, Hashable, Sendable, CustomStringConvertible {
  public let name: String
  public let topic: ShowTopic
  public let suggestions: [String]

  public var description: String {
    let shown = TerminalText.escaped(name)
    let kinds = topic.kinds.map(\.rawValue).sorted().joined(separator: ", ")
    let hint =
      suggestions.isEmpty
      ? "" : "; did you mean \(suggestions.map(TerminalText.escaped).joined(separator: ", "))?"
    return "nothing is called '\(shown)': wanted the name, id or address of a \(kinds)\(hint)"
  }
}

/// The items that a name selects; everything where there was no name.
struct Selection {
  /// Nil for everything.
  let items: Set<ModelItem>?
  let found: [ResolvedItem]

  func has(_ item: ModelItem) -> Bool { items?.contains(item) ?? true }
  func has(_ items: [ModelItem]) -> Bool { self.items.map { !$0.isDisjoint(with: items) } ?? true }
  var isEverything: Bool { items == nil }
}

extension CloudModel {
  /// The tables of a topic, all or those of the things that `name` means.
  public func show(
    _ topic: ShowTopic, name: String? = nil, facts: CloudFacts
  ) throws(UnknownName) -> [TextTable] {
    let selection = try select(name, topic)
    var tables = self.tables(of: topic, selection, facts)
    if selection.found.count > 1, let name, !tables.isEmpty {
      tables[0].notes.append("\(selection.found.count) things are called '\(name)'")
    }
    if !hasAPI, topic != .gaps, topic != .nodes, topic != .drift, !tables.isEmpty {
      tables[0].notes.append("without Neutron's API: rebuilt from the nodes, names are missing")
    }
    return tables
  }

  private func select(_ name: String?, _ topic: ShowTopic) throws(UnknownName) -> Selection {
    guard let name else { return Selection(items: nil, found: []) }
    let resolution = resolve(name, among: topic.kinds)
    if case .none(let suggestions) = resolution {
      throw UnknownName(name: name, topic: topic, suggestions: suggestions)
    }
    return Selection(items: Set(resolution.items.map(\.item)), found: resolution.items)
  }

  private func tables(
    of topic: ShowTopic, _ selection: Selection, _ facts: CloudFacts
  ) -> [TextTable] {
    switch topic {
    case .nodes: nodeTables(selection)
    case .networks: networkTables(selection)
    case .subnets: [subnetTable(selection)]
    case .routers: routerTables(selection)
    case .ports: portTables(selection)
    case .eips: floatingTables(selection)
    case .securityGroups: securityTables(selection)
    case .dhcp: dhcpTables(selection)
    case .agents: [agentTable(selection)]
    case .gaps: gapTables(selection, facts)
    case .drift: driftTables(selection, facts)
    case .trunks: [trunkTable(selection)]
    case .vm: serverTables(selection, facts)
    }
  }
}
