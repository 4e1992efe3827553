// `show security-groups`.
import Facts
import NetworkTypes

extension CloudModel {
  func securityTables(_ selection: Selection) -> [TextTable] {
    let shown = securityGroups.filter { group in
      let members = group.ports.compactMap { port($0) }
      return selection.has(
        [.securityGroup(group.id)] + members.map { .port($0.id) }
          + members.compactMap { $0.server.map(ModelItem.server) })
    }
    var table = TextTable(
      "Security groups",
      columns: [
        TableColumn("Name"), TableColumn("Project"), TableColumn("Stateful"),
        TableColumn("Rules", isRightAligned: true), TableColumn("Ports", isRightAligned: true),
        TableColumn("ID"),
      ])
    for group in shown {
      table.add([
        .text(group.label), TableCell(project(group.project)), .flag(group.isStateful),
        .number(group.rules.count), .number(group.ports.count), .id(group.id.rawValue),
      ])
    }
    guard !selection.isEverything else { return [table] }
    let members = Set(shown.flatMap(\.ports))
    return [table, ruleTable(shown), portTable(ports.filter { members.contains($0.id) })]
  }

  /// A project's name where some server's metadata tells it.
  private func project(_ id: ProjectID?) -> String? {
    guard let id else { return nil }
    return servers.first { $0.project == id && $0.projectName != nil }?.projectName ?? id.rawValue
  }

  func ruleTable(
    _ shown: [SecurityGroup], title: String = "Rules", key: String = "rules"
  ) -> TextTable {
    var table = TextTable(
      title, key: key,
      columns: [
        TableColumn("Group"), TableColumn("Direction"), TableColumn("Family"),
        TableColumn("Protocol"), TableColumn("Ports"), TableColumn("Remote"), TableColumn("ID"),
      ])
    for group in shown {
      for rule in group.rules {
        table.add([
          .text(group.label), .text(rule.direction.rawValue),
          .text(rule.family == .ipv4 ? "IPv4" : "IPv6"), .text(rule.protocolName ?? "any"),
          .text(ports(of: rule)), .text(remote(of: rule)), .id(rule.id),
        ])
      }
    }
    return table
  }

  private func ports(of rule: NeutronSecurityGroupRule) -> String {
    if rule.protocolName?.contains("icmp") == true {
      let type = rule.portMinimum.map { "type \($0)" } ?? "any"
      return type + (rule.portMaximum.map { " code \($0)" } ?? "")
    }
    switch (rule.portMinimum, rule.portMaximum) {
    case (nil, nil): return "any"
    case (let low?, let high?) where low == high: return "\(low)"
    case (let low, let high): return "\(low ?? 0)-\(high ?? 65535)"
    }
  }

  private func remote(of rule: NeutronSecurityGroupRule) -> String {
    if let group = rule.remoteGroup {
      return "group \(securityGroup(group)?.label ?? group.rawValue)"
    }
    if let addresses = rule.remoteAddressGroup { return "address group \(addresses)" }
    return rule.remotePrefix?.description ?? "any"
  }
}
