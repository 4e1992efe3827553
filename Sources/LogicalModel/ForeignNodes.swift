// Nodes that are of another cloud than Neutron's answers: a snapshot of both would answer questions
// about neither. Feeds the import.
import Facts
import NetworkTypes

/// A node that Neutron knows nothing of.
public struct ForeignNode: Hashable, Sendable {
  public let node: NodeName
  /// Ports that its switch says are Neutron's (`external_ids:iface-id`).
  public let portCount: Int
}

/// Finds foreign nodes part by part: Neutron's answers first, then node after node.
public struct ForeignNodeSearch: Sendable {
  /// Nil where either answer is missing: nothing is known then.
  private var known: (ports: Set<String>, hosts: Set<String>)?

  public init() {}

  /// The part's nodes whose switch has ports of Neutron's, none of which is in `neutron/ports.json`, and
  /// whose names no agent in `neutron/agents.json` has; sorted.
  public mutating func nodes(in part: CloudFacts) -> [ForeignNode] {
    let neutron = part.neutron
    if neutron.ports.isKnown, neutron.agents.isKnown {
      known = (
        Set(neutron.ports.records.map { $0.id.rawValue }),
        Set(neutron.agents.records.map(\.host).filter { !$0.isEmpty }.map(shortName))
      )
    }
    guard let known else { return [] }
    return part.nodes.compactMap { node in
      let ports = node.openVSwitch.database.records.flatMap(\.interfaces)
        .compactMap { $0.externalIDs["iface-id"] }
      let names = Set(
        ([node.name.rawValue, node.hostname] + node.files.configurations.values.map(\.host))
          .compactMap { $0 }.map(shortName))
      guard !ports.isEmpty, known.ports.isDisjoint(with: ports), known.hosts.isDisjoint(with: names)
      else { return nil }
      return ForeignNode(node: node.name, portCount: ports.count)
    }
  }

  private func shortName(_ name: String) -> String { String(name.prefix { $0 != "." }) }
}

extension CloudFacts {
  /// The foreign nodes of a whole capture; sorted.
  public var foreignNodes: [ForeignNode] {
    var search = ForeignNodeSearch()
    return search.nodes(in: self)
  }
}
