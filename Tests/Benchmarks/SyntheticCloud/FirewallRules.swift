// Security group rules as flows: plain ones for each port, those with a remote group as conjunctions
// whose members stand under each local VLAN. Part of the openvswitch firewall's flows.

/// The rules of a node's guests, ready to be written for one direction after the other.
struct PortFilters {
  private let plan: NodePlan
  private let guests: [Plug]
  private var conjunctions = Conjunctions()

  init(_ plan: NodePlan, _ guests: [Plug]) {
    self.plan = plan
    self.guests = guests
    for plug in guests {
      for (group, rule) in plan.rules(of: plug.port) {
        guard case .group(let remote) = rule.remote else { continue }
        conjunctions.note(Conjunctions.Key(group, remote, rule), rule, vlan: plug.vlan)
      }
    }
  }

  func addRules(to dump: inout FlowDump, table: Int) {
    let direction: SecurityRule.Direction = table == 72 ? .egress : .ingress
    for flavour in Flavour.allCases {
      for plug in guests {
        var seen: Set<[UInt8]> = []
        for (group, rule) in plan.rules(of: plug.port) where rule.direction == direction {
          add(rule, group, plug, flavour, &seen, to: &dump, table: table)
        }
        if table == 82 { addOpenPort(plug, flavour, to: &dump) }
      }
    }
    for flavour in Flavour.allCases { addConjunctions(flavour, direction, to: &dump, table: table) }
  }

  private func add(
    _ rule: SecurityRule, _ group: Ref<SecurityGroup>, _ plug: Plug, _ flavour: Flavour,
    _ seen: inout Set<[UInt8]>, to dump: inout FlowDump, table: Int
  ) {
    var match: Text =
      ",ct_state=\(flavour.state),\(rule.protocolWord),reg5=\(hex: plug.number)"
    if case .prefix(let base, let length) = rule.remote {
      match += ",\(table == 82 ? "nw_src" : "nw_dst")=\(base)/\(length)"
    }
    var actions = plan.acceptance(plug, flavour, table)
    var priority = 74 + rule.priorityOffset
    if case .group(let remote) = rule.remote {
      let id = conjunctions.id(Conjunctions.Key(group, remote, rule), rule, flavour)
      actions = "conjunction(\(id),2/2)"
      priority -= 4
    }
    for ports in rule.portMatches {
      let row: Text = "\(match)\(ports) actions=\(actions)"
      // The same rule of two groups is one flow.
      guard seen.insert(row.bytes).inserted else { continue }
      dump.row(table, priority, row)
    }
  }

  private func addOpenPort(_ plug: Plug, _ flavour: Flavour, to dump: inout FlowDump) {
    guard let number = plan.faults.openPorts[plug.port] else { return }
    dump.row(
      82, 77,
      """
      ,ct_state=\(flavour.state),tcp,reg5=\(hex: plug.number),tp_dst=\(number) \
      actions=\(plan.acceptance(plug, flavour, 82))
      """)
  }

  private func addConjunctions(
    _ flavour: Flavour, _ direction: SecurityRule.Direction, to dump: inout FlowDump, table: Int
  ) {
    for plug in guests {
      var seen: Set<Int> = []
      for (group, rule) in plan.rules(of: plug.port) where rule.direction == direction {
        guard case .group(let remote) = rule.remote else { continue }
        let id = conjunctions.id(Conjunctions.Key(group, remote, rule), rule, flavour)
        guard seen.insert(id).inserted else { continue }
        dump.row(
          table, 70 + rule.priorityOffset,
          """
          ,conj_id=\(id),ct_state=\(flavour.state),\(rule.familyWord),reg5=\(hex: plug.number) \
          actions=set_field:\(hex: id)->reg7,\(plan.acceptance(plug, flavour, table))
          """)
      }
    }
    addMembers(flavour, direction, to: &dump, table: table)
  }

  /// One row for each address under each VLAN; rules that share an address and a priority share it.
  private func addMembers(
    _ flavour: Flavour, _ direction: SecurityRule.Direction, to dump: inout FlowDump, table: Int
  ) {
    for block in conjunctions.blocks where block.direction == direction {
      let lost = plan.faults.lostMembers[plan.networks[block.vlan - 1]]
      let word = block.family == .ipv4 ? "ip" : "ipv6"
      let field = block.addressField
      for (member, actions) in block.rows(plan, flavour) where member != lost {
        let port = plan.cloud.ports[member]
        let head: Text = ",ct_state=\(flavour.state),\(word),reg6=\(hex: block.vlan),\(field)="
        switch block.family {
        case .ipv4:
          guard let address = port.address4 else { continue }
          dump.row(table, 70 + block.offset, "\(head)\(address) actions=\(actions)")
        case .ipv6:
          guard let address = port.address6 else { continue }
          dump.row(table, 70 + block.offset, "\(head)\(address) actions=\(actions)")
        }
      }
    }
  }
}

/// Which of a rule's two flows: for known connections, or for new ones.
enum Flavour: Int, CaseIterable {
  case established = 0
  case new = 1
  var state: String { self == .established ? "+est-rel-rpl" : "+new-est" }
}

extension NodePlan {
  func rules(of port: Ref<Port>) -> [(Ref<SecurityGroup>, SecurityRule)] {
    cloud.ports[port].groups.flatMap { group in cloud.groups[group].rules.map { (group, $0) } }
  }

  func acceptance(_ plug: Plug, _ flavour: Flavour, _ table: Int) -> Text {
    if table == 72 { return "resubmit(,73)" }
    return flavour == .established
      ? "output:\(plug.number)"
      : "ct(commit,zone=NXM_NX_REG6[0..15]),output:\(plug.number),resubmit(,92)"
  }
}

/// Numbers of conjunctions on a node: eight for each (group, remote group, direction, family).
struct Conjunctions {
  struct Key: Hashable {
    let group: Ref<SecurityGroup>
    let remote: Ref<SecurityGroup>
    let direction: SecurityRule.Direction
    let family: SecurityRule.Family
    init(_ group: Ref<SecurityGroup>, _ remote: Ref<SecurityGroup>, _ rule: SecurityRule) {
      self.group = group
      self.remote = remote
      direction = rule.direction
      family = rule.family
    }
  }

  private var bases: [Key: Int] = [:]
  /// Rows that stand under one VLAN at one priority, in the order in which they came.
  private(set) var blocks: [Block] = []

  mutating func note(_ key: Key, _ rule: SecurityRule, vlan: Int) {
    let base = bases[key] ?? (bases.count + 1) * 8
    bases[key] = base
    let id = base + rule.priorityOffset * 2
    let offset = rule.priorityOffset
    let known = blocks.firstIndex {
      $0.vlan == vlan && $0.direction == key.direction && $0.family == key.family
        && $0.offset == offset
    }
    if let known {
      if !blocks[known].ids.contains(where: { $0.id == id }) {
        blocks[known].ids.append((id, key.remote))
      }
    } else {
      blocks.append(
        Block(
          vlan: vlan, direction: key.direction, family: key.family, offset: offset,
          ids: [(id, key.remote)]))
    }
  }

  func id(_ key: Key, _ rule: SecurityRule, _ flavour: Flavour) -> Int {
    (bases[key] ?? 0) + rule.priorityOffset * 2 + flavour.rawValue
  }

  struct Block {
    let vlan: Int
    let direction: SecurityRule.Direction
    let family: SecurityRule.Family
    let offset: Int
    var ids: [(id: Int, remote: Ref<SecurityGroup>)]

    var addressField: String {
      switch (direction, family) {
      case (.ingress, .ipv4): "nw_src"
      case (.egress, .ipv4): "nw_dst"
      case (.ingress, .ipv6): "ipv6_src"
      case (.egress, .ipv6): "ipv6_dst"
      }
    }

    /// Members with the clauses that each one's row has.
    func rows(_ plan: NodePlan, _ flavour: Flavour) -> [(Ref<Port>, Text)] {
      if ids.count == 1 {
        let clause: Text = "conjunction(\(ids[0].id + flavour.rawValue),1/2)"
        return plan.cloud.groups[ids[0].remote].members.map { ($0, clause) }
      }
      var clauses: [Ref<Port>: [Int]] = [:]
      var order: [Ref<Port>] = []
      for (id, remote) in ids {
        for member in plan.cloud.groups[remote].members {
          if clauses[member] == nil { order.append(member) }
          clauses[member, default: []].append(id + flavour.rawValue)
        }
      }
      return order.map { member in
        let texts: [Text] = (clauses[member] ?? []).sorted().map { "conjunction(\($0),1/2)" }
        return (member, "\(texts, separator: ",")")
      }
    }
  }
}

extension SecurityRule {
  /// Neutron's order among rules: the more they say, the earlier.
  var priorityOffset: Int {
    switch transport {
    case .any: 0
    case .icmp: 1
    case .tcp, .udp: 3
    }
  }
  var familyWord: String { family == .ipv4 ? "ip" : "ipv6" }
  /// As ovs-ofctl abbreviates family and protocol.
  var protocolWord: String {
    switch (transport, family) {
    case (.any, _): familyWord
    case (.icmp, .ipv4): "icmp"
    case (.icmp, .ipv6): "icmp6"
    case (.tcp, .ipv4): "tcp"
    case (.tcp, .ipv6): "tcp6"
    case (.udp, .ipv4): "udp"
    case (.udp, .ipv6): "udp6"
    }
  }
  /// Aligned blocks that make the range up; one empty text without ports.
  var portMatches: [Text] {
    guard let ports, ports != 0...65_535 else { return [""] }
    var result: [Text] = []
    var first = ports.lowerBound
    while first <= ports.upperBound {
      var size = first == 0 ? 65_536 : first & -first
      while first + size - 1 > ports.upperBound { size /= 2 }
      result.append(
        size == 1
          ? ",tp_dst=\(first)" : ",tp_dst=\(hex: first)/\(hex: 0xffff & ~(size - 1))")
      first += size
    }
    return result
  }
}
