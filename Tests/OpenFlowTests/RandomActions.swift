// Random actions that fit a match, in Neutron's vocabulary and beyond.

struct ActionContext {
  var kind: PacketClass
  var table: Int
  var lastTable: Int
  var ports: [Int]
  var groups: [Int]
  /// The match says that there is a VLAN tag, or that there is none.
  var hasTag: Bool?
}

struct RandomActions {
  var random: RandomSource
  /// Permits what only some scenarios want.
  var learns = false
  var tunnels = true

  /// Everything behind `actions=`.
  mutating func list(_ context: ActionContext) -> String {
    if random.chance(8) { return "drop" }
    if random.chance(3) { return "meter:1,output:\(port(context))" }
    var context = context
    var actions: [String] = []
    for _ in 0..<random.number(0...3) {
      actions.append(field(context))
      track(actions.last!, &context)
    }
    actions.append(contentsOf: endings(&context))
    return actions.joined(separator: ",")
  }

  private func track(_ action: String, _ context: inout ActionContext) {
    if action.hasPrefix("push_vlan") || action.hasPrefix("mod_vlan") { context.hasTag = true }
    if action == "pop_vlan" || action == "strip_vlan" { context.hasTag = nil }
  }

  // MARK: Fields

  mutating func field(_ context: ActionContext) -> String {
    switch random.number(1...30) {
    case 1...4: "set_field:\(random.masked(32))->reg\(random.number(0...3))"
    case 5: "load:\(random.hex(16))->NXM_NX_REG\(random.number(0...3))[0..15]"
    case 6: "load:\(random.hex(4))->OXM_OF_METADATA[4..7]"
    case 7: "move:NXM_NX_REG0[]->NXM_NX_REG\(random.number(1...3))[]"
    case 8: "move:NXM_OF_IN_PORT[]->NXM_NX_REG2[0..15]"
    case 9: "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]"
    case 10: "set_field:\(random.mac())->eth_\(random.pick(["src", "dst"]))"
    case 11: "mod_dl_\(random.pick(["src", "dst"])):\(random.mac())"
    case 12, 13: "mod_vlan_vid:\(random.pick(Pool.vlans))"
    case 14: "mod_vlan_pcp:\(random.number(0...7))"
    case 15: "push_vlan:\(random.pick(["0x8100", "0x88a8"]))"
    case 16: tag(context)
    case 17: context.hasTag == true ? "strip_vlan" : "mod_vlan_vid:\(random.pick(Pool.vlans))"
    case 18: "set_field:\(random.masked(32))->pkt_mark"
    case 19: "push:NXM_NX_REG\(random.number(0...3))[],pop:NXM_NX_REG\(random.number(0...3))[]"
    case 20: "push:NXM_OF_ETH_SRC[],push:NXM_OF_ETH_DST[],pop:NXM_OF_ETH_SRC[],pop:NXM_OF_ETH_DST[]"
    case 21: "set_tunnel:\(random.hex(20))"
    case 26 where context.kind.isIPv4 && context.table < context.lastTable:
      "resubmit(,\(random.number(context.table + 1...context.lastTable)),ct)"
    case 22: "set_field:\(random.hex(20))->tun_id"
    case 23: "load:0->NXM_OF_IN_PORT[]"
    case 24: "move:NXM_NX_TUN_ID[0..31]->NXM_NX_REG1[]"
    case 25: metadata(context)
    default: network(context)
    }
  }

  private mutating func metadata(_ context: ActionContext) -> String {
    random.pick([
      "set_field:\(random.hex(64))->xreg0", "set_field:\(random.masked(64))->xxreg1",
      "move:NXM_NX_XXREG0[0..31]->NXM_NX_REG3[]", "set_queue:\(random.number(0...2))", "pop_queue",
      "load:0x5->NXM_NX_XXREG0[64..71]", "move:NXM_OF_VLAN_TCI[0..11]->NXM_NX_REG1[0..11]",
      "move:OXM_OF_METADATA[]->OXM_OF_PKT_REG1[]",
      "push:OXM_OF_PKT_REG0[],pop:NXM_NX_XXREG0[0..63]",
      "push:NXM_NX_REG0[3..9],pop:NXM_NX_REG1[0..6]", "pop:NXM_NX_REG1[]",
      "set_field:\(random.pick(["192.0.2.2", "192.0.2.5"]))->tun_dst",
      "set_field:192.0.2.9->tun_src", "set_field:0x5->tun_gbp_id",
      "multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])",
      "move:NXM_NX_PKT_MARK[]->NXM_NX_REG2[]", "load:0x1->NXM_NX_PKT_MARK[8..11]",
      "move:NXM_OF_ETH_TYPE[]->NXM_NX_REG0[0..15]",
    ])
  }

  private mutating func tag(_ context: ActionContext) -> String {
    guard context.hasTag == true else { return "mod_vlan_vid:\(random.pick(Pool.vlans))" }
    return random.pick([
      "set_field:\(4096 + random.pick(Pool.vlans))->vlan_vid",
      "set_field:\(random.number(0...7))->vlan_pcp", "pop_vlan",
    ])
  }

  private mutating func network(_ context: ActionContext) -> String {
    let kind = context.kind
    if kind.isARP { return arp() }
    guard kind.isIP else { return "set_field:\(random.hex(16))->metadata" }
    if let ports = kind.ports, random.chance(30) {
      return random.pick([
        "set_field:\(random.pick(Pool.ports))->\(ports)_\(random.pick(["src", "dst"]))",
        "mod_tp_\(random.pick(["src", "dst"])):\(random.pick(Pool.ports))",
      ])
    }
    if kind == .nd, random.chance(50) {
      return random.pick([
        "set_field:\(random.pick(Pool.ipv6))->nd_target",
        "move:NXM_NX_IPV6_SRC[]->NXM_NX_ND_TARGET[]", "set_field:1->nd_reserved",
        "load:0x1->NXM_NX_ND_TARGET[0..15]",
      ])
    }
    switch random.number(1...11) {
    case 9:
      return random.pick([
        "move:NXM_NX_IP_TTL[]->NXM_NX_REG0[0..7]", "load:0x7->NXM_NX_IP_TTL[]",
        "set_field:3->ip_dscp", "load:2->NXM_NX_IP_ECN[]",
        "move:NXM_OF_IP_TOS[]->NXM_NX_REG1[0..7]",
        "move:NXM_OF_IP_PROTO[]->NXM_NX_REG1[0..7]", "dec_ttl(1,2)",
        "move:NXM_NX_REG0[0..7]->NXM_NX_IP_TTL[]",
      ])
    case 10:
      guard let ports = kind.ports else { return "dec_ttl" }
      let name = ports == "tcp" ? "TCP" : "UDP"
      guard ports != "sctp" else { return "set_field:5->sctp_dst" }
      return random.pick([
        "move:NXM_OF_\(name)_SRC[]->NXM_OF_\(name)_DST[]",
        "move:NXM_OF_\(name)_DST[]->NXM_NX_REG1[16..31]", "load:0x1->NXM_OF_\(name)_DST[15]",
        "set_field:\(random.masked(16))->\(ports)_src",
      ])
    case 11:
      guard kind.isIPv6 else { return "move:NXM_OF_IP_DST[]->NXM_OF_IP_SRC[]" }
      return random.pick([
        "move:NXM_NX_IPV6_SRC[]->NXM_NX_IPV6_DST[]", "move:NXM_NX_IPV6_DST[]->NXM_NX_XXREG0[]",
        "set_field:0x5->ipv6_label", "load:0x1->NXM_NX_IPV6_DST[0..15]",
        "set_field:2001:db9::/ffff:ffff::->ipv6_src",
        "push:NXM_NX_IPV6_SRC[],pop:NXM_NX_IPV6_DST[]",
      ])
    case 1, 2, 3: return "dec_ttl"
    case 4: return "mod_nw_tos:\(random.pick([0, 4, 184]))"
    case 5: return "mod_nw_ttl:\(random.pick([1, 2, 64]))"
    case 6: return "mod_nw_ecn:\(random.number(0...3))"
    default: return address(kind)
    }
  }

  private mutating func address(_ kind: PacketClass) -> String {
    let end = random.pick(["src", "dst"])
    if kind.isIPv6 { return "set_field:\(random.pick(Pool.ipv6))->ipv6_\(end)" }
    return random.pick([
      "set_field:\(random.pick(Pool.ipv4))->ip_\(end)",
      "mod_nw_\(end):\(random.pick(Pool.ipv4))",
      "set_field:10.9.0.0/255.255.0.0->ip_\(end)",
      "move:NXM_OF_IP_\(end == "src" ? "SRC" : "DST")[]->NXM_NX_REG0[]",
    ])
  }

  private mutating func arp() -> String {
    random.pick([
      "load:0x2->NXM_OF_ARP_OP[]", "move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]",
      "move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[]",
      "load:0xfa163e000001->NXM_NX_ARP_SHA[]", "load:0xa000001->NXM_OF_ARP_SPA[]",
      "set_field:\(random.pick(Pool.ipv4))->arp_tpa", "set_field:2->arp_op",
      "set_field:\(random.mac())->arp_sha", "load:0x1->NXM_OF_ARP_TPA[0..7]",
    ])
  }

  // MARK: Endings

  private mutating func endings(_ context: inout ActionContext) -> [String] {
    var actions: [String] = []
    for _ in 0..<random.number(1...2) { actions.append(ending(context)) }
    // Instructions come last, in this order, each at most once.
    if random.chance(8) { actions.append("write_actions(\(actionSet(context)))") }
    if random.chance(4) { actions.append("write_metadata:\(random.masked(64))") }
    if context.table < context.lastTable, random.chance(35) {
      actions.append("goto_table:\(random.number(context.table + 1...context.lastTable))")
    }
    return actions
  }

  mutating func ending(_ context: ActionContext) -> String {
    switch random.number(1...40) {
    case 1...8: return "output:\(port(context))"
    case 9...12: return "NORMAL"
    case 13...19 where context.table == context.lastTable && random.chance(97):
      return "output:\(port(context))"
    case 13...18: return "resubmit(,\(table(context)))"
    case 19: return "resubmit(\(port(context)),\(table(context)))"
    case 20: return random.chance(20) ? "resubmit:\(port(context))" : "output:\(port(context))"
    case 21:
      return random.pick(["FLOOD", "ALL", "TABLE", "output(port=\(port(context)),max_len=100)"])
    case 22: return "IN_PORT"
    case 23: return "LOCAL"
    case 24: return "CONTROLLER:65535"
    case 25: return "output:NXM_NX_REG\(random.number(0...3))[]"
    case 26...28: return clone(context)
    case 29...32: return tracking(context)
    case 33: return "ct_clear"
    case 34, 35:
      return context.groups.isEmpty ? "NORMAL" : "group:\(random.pick(context.groups))"
    case 36:
      return random.pick([
        "exit", "enqueue:\(port(context)):1", "fin_timeout(idle_timeout=1)",
        "bundle(eth_src,0,active_backup,ofport,members:\(port(context)),\(port(context)))",
        "bundle_load(eth_src,0,hrw,ofport,NXM_NX_REG0[],members:\(port(context)))",
        "controller(reason=no_match,max_len=128,id=3)",
      ])
    case 37: return "note:00.01.02.03.04.05,output:\(port(context))"
    case 38: return learns ? learn(context) : "NORMAL"
    case 39:
      return "check_pkt_larger(\(random.number(60...1500)))->NXM_NX_REG0[\(random.number(0...3))]"
    default: return "output:\(port(context))"
    }
  }

  private mutating func clone(_ context: ActionContext) -> String {
    var inner = context
    var actions: [String] = []
    for _ in 0..<random.number(0...2) {
      actions.append(field(inner))
      track(actions.last!, &inner)
    }
    actions.append(random.chance(80) ? "output:\(port(context))" : ending(inner))
    return "clone(\(actions.joined(separator: ",")))"
  }

  private mutating func tracking(_ context: ActionContext) -> String {
    guard context.kind.isIP || random.chance(5) else { return "output:\(port(context))" }
    var arguments: [String] = []
    let commits = random.chance(50)
    if commits { arguments.append(random.chance(20) ? "commit,force" : "commit") }
    arguments.append(
      random.chance(70) ? "zone=\(random.number(1...3))" : "zone=NXM_NX_REG0[0..15]")
    let isLast = context.table == context.lastTable && random.chance(97)
    if !isLast, !commits || random.chance(50) {
      arguments.append("table=\(table(context))")
    }
    if commits, random.chance(40) {
      arguments.append(
        "exec(\(random.pick(["set_field:\(random.masked(32))->ct_mark", "load:0x1->NXM_NX_CT_LABEL[0]", "move:NXM_NX_REG1[]->NXM_NX_CT_MARK[]", "set_field:\(random.masked(64))->ct_label,set_field:0x2->ct_mark", "move:NXM_OF_ETH_SRC[]->NXM_NX_CT_LABEL[0..47]"])))"
      )
    }
    if random.chance(5) { arguments.append("alg=\(random.pick(["ftp", "tftp"]))") }
    if commits, context.kind.isIPv6, random.chance(20) {
      arguments.append(
        "nat(\(random.pick(["src=2001:db8::99", "dst=[2001:db8::98]:8080", "src=2001:db8::1-2001:db8::9,persistent,hash"])))"
      )
    } else if commits, context.kind.isIPv4, random.chance(25) {
      arguments.append(
        "nat(\(random.pick(["src=10.9.9.9", "dst=10.9.9.8:8080", "src=10.9.9.1-10.9.9.4:1000-2000"])))"
      )
    } else if random.chance(10) {
      arguments.append("nat")
    }
    return "ct(\(arguments.joined(separator: ",")))"
  }

  private mutating func learn(_ context: ActionContext) -> String {
    let table = random.number(context.lastTable - 1...context.lastTable)
    let priority = random.number(1...3)
    let extra = random.pick([
      "output:NXM_OF_IN_PORT[]", "load:0->NXM_OF_VLAN_TCI[],output:NXM_OF_IN_PORT[]",
      "load:NXM_NX_REG0[]->NXM_NX_REG1[]",
    ])
    return
      "learn(table=\(table),priority=\(priority),hard_timeout=300,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],\(extra))"
  }

  mutating func actionSet(_ context: ActionContext) -> String {
    var actions: [String] = []
    if random.chance(40) { actions.append("set_field:\(random.mac())->eth_dst") }
    if random.chance(20) { actions.append("mod_vlan_vid:\(random.pick(Pool.vlans))") }
    if context.kind.isIP, random.chance(20) { actions.append("dec_ttl") }
    actions.append("output:\(port(context))")
    return actions.joined(separator: ",")
  }

  /// Nearly always a later one: loops are rare in real pipelines, and their traces are endless.
  private mutating func table(_ context: ActionContext) -> Int {
    if context.table < context.lastTable, random.chance(98) {
      return random.number(context.table + 1...context.lastTable)
    }
    return random.number(0...context.lastTable)
  }

  mutating func port(_ context: ActionContext) -> String {
    random.chance(6) ? "LOCAL" : random.chance(4) ? "77" : "\(random.pick(context.ports))"
  }
}
