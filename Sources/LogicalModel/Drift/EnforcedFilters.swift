// The filters of ports as the nodes have them, in the words of the engine that enforces them. Feeds the
// page on a server.
import Facts
import NetworkTypes

struct EnforcedFilters {
  private let model: CloudModel
  private let facts: CloudFacts
  private let builder: DriftBuilder

  init(_ model: CloudModel, _ facts: CloudFacts) {
    self.model = model
    self.facts = facts
    builder = DriftBuilder(model, facts)
  }

  func table(of servers: [Server]) -> TextTable {
    var table = TextTable(
      "Security groups as enforced", key: "enforced",
      columns: [
        TableColumn("Port"), TableColumn("Node"), TableColumn("By"), TableColumn("Direction"),
        TableColumn("What"), TableColumn("Evidence"),
      ])
    for port in servers.flatMap(\.ports).compactMap({ model.port($0) }) {
      for location in port.locations {
        guard let node = builder.node(location.node) else { continue }
        if location.linuxBridge != nil { addChains(of: port, node, to: &table) }
        addFlows(of: port, location, node, to: &table)
      }
    }
    return table
  }

  private func addChains(of port: Port, _ node: NodeSwitch, to table: inout TextTable) {
    guard let root = node.facts.namespaces[.root] else { return }
    let sections = [
      root.iptables4, root.iptables4Legacy, root.iptables6, root.iptables6Legacy,
    ]
    let kinds: [(suffix: String, words: String)] = [
      ("i", "ingress"), ("o", "egress"), ("s", "senders"),
    ]
    let short = port.id.rawValue.prefix(DriftBuilder.chainIDLength)
    for filter in sections.flatMap(\.records) where filter.name == "filter" {
      for kind in kinds {
        for chain in filter.chains where chain.name.rawValue.hasSuffix("-\(kind.suffix)\(short)") {
          for rule in chain.rules {
            table.add([
              .text(model.title(of: port)), TableCell(node.name),
              .text("iptables IPv\(filter.family.rawValue)"), .text(kind.words),

              .text(words(rule)), .text(facts.place(of: rule.evidence)),
            ])
          }
        }
      }
    }
  }

  /// The rule without its chain's name, which says nothing here, and Neutron's comments.
  private func words(_ rule: IPTablesRule) -> String {
    var text = rule.text
    if let start = text.firstRange(of: "-A "), start.lowerBound == text.startIndex {
      let rest = text[start.upperBound...]
      text = rest.firstIndex(of: " ").map { String(rest[rest.index(after: $0)...]) } ?? text
    }
    guard let comment = rule.comment else { return text }
    for quoted in [" -m comment --comment \"\(comment)\"", " -m comment --comment \(comment)"] {
      if let range = text.firstRange(of: quoted) { text.removeSubrange(range) }
      let first = String(quoted.dropFirst()) + " "
      if let range = text.firstRange(of: first) { text.removeSubrange(range) }
    }
    return text
  }

  private func addFlows(
    of port: Port, _ location: PortLocation, _ node: NodeSwitch, to table: inout TextTable
  ) {
    guard location.linuxBridge == nil, location.bridge == node.integration,
      let number = location.openFlowPort, number > 0, let network = port.network,
      let vlan = node.vlans(of: network).first
    else { return }
    for item in builder.enforced(port, UInt32(number), vlan, node) {
      table.add([
        .text(model.title(of: port)), TableCell(node.name), .text("flows"),
        .text(item.direction.rawValue), .text(item.words),
        TableCell(item.evidence.map { facts.place(of: $0) }),
      ])
    }
  }
}
