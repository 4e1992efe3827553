// Packet filters, address translation, sets and tracked connections of every namespace.
import Facts
import GRDB
import NetworkTypes

enum NetfilterTables {
  static let all: [ProjectedTable] = [
    chain, rule, nftObject, set, setMember, ebtablesRule, conntrack,
  ]

  /// A chain with the table and the file it is of.
  struct ChainRow: Sendable {
    let source: String
    let table: IPTablesTable
    let chain: IPTablesChain
  }

  struct RuleRow: Sendable {
    let chain: InNamespace<ChainRow>
    let position: Int
    let rule: IPTablesRule
  }

  private static let chain = ProjectedTable(
    "iptables_chain", "A chain of iptables or ip6tables.",
    .location() + [
      Column<InNamespace<ChainRow>>.family { $0.record.table.family },
      .source { $0.record.source },
      .backend { $0.record.table.backend },
      .text("table_name", "`filter`, `nat`, `mangle`, `raw`, ….") {
        $0.record.table.name.rawValue
      },
      .text("name", "The chain.") { $0.record.chain.name.rawValue },
      .optionalText("policy", "Built-in chains: `ACCEPT`, `DROP`; NULL for a user's chain.") {
        $0.record.chain.policy?.name
      },
      .optionalInteger("packets", "That the policy took.") { $0.record.chain.counters?.packets },
      .integer("rule_count", "How many rules it has.") { $0.record.chain.rules.count },
    ] + .evidence(\.record.chain.evidence),
    constraints: [ProjectedTable.inNamespace],
    keptAs: NarrowStorage(
      run: ["node", "namespace", "family", "source", "backend", "file"],
      shared: ["table_name", "name", "policy"], runIndexes: ["node, namespace"]),
    rows: { chains($0) })

  private static let rule = ProjectedTable(
    "iptables_rule", "A rule of iptables or ip6tables.",
    [
      Column<RuleRow>.node(\.chain.node),
      .namespace { $0.chain.namespace.rawValue },
      .family { $0.chain.record.table.family },
      .source { $0.chain.record.source },
      .backend { $0.chain.record.table.backend },
      .text("table_name", "`filter`, `nat`, `mangle`, `raw`, ….") {
        $0.chain.record.table.name.rawValue
      },
      .text("chain", "The chain.") { $0.chain.record.chain.name.rawValue },
      .integer("position", "In the chain, from 1.") { $0.position },
      .text("rule", "Verbatim, from `-A` on.") { $0.rule.text },
      .optionalText("target", "`ACCEPT`, `DROP`, `DNAT`, …, or the chain that it jumps to.") {
        $0.rule.target?.word
      },
      .flag("is_jump", "Whether the target is a chain.") { $0.rule.target?.isJump ?? false },
      .optionalText("to_address", "DNAT, SNAT: the first address that it maps to.") {
        $0.rule.target?.range?.addresses?.lowerBound.description
      },
      .optionalInteger("to_port", "DNAT, SNAT, REDIRECT: the first port that it maps to.") {
        $0.rule.target?.range?.ports?.first
      },
      .optionalInteger("ct_zone", "CT: the zone that it sets.") { $0.rule.target?.zone },
      .optionalText("source_prefix", "`-s`, where it is not negated.") { $0.rule.source },
      .optionalText("destination_prefix", "`-d`, where it is not negated.") {
        $0.rule.destination
      },
      .optionalText("in_interface", "`-i` as written, where it is not negated.") {
        $0.rule.inInterface
      },
      .optionalText("out_interface", "`-o` as written, where it is not negated.") {
        $0.rule.outInterface
      },
      .optionalText("physical_in", "`--physdev-in`, where it is not negated.") {
        $0.rule.physicalIn
      },
      .optionalText("physical_out", "`--physdev-out`, where it is not negated.") {
        $0.rule.physicalOut
      },
      .optionalText("comment", "As written.") { $0.rule.comment },
      .optionalInteger("packets", "How many it took.") { $0.rule.counters?.packets },
      .optionalInteger("bytes", "How many it took.") { $0.rule.counters?.bytes },
    ] + .evidence(\.rule.evidence),
    constraints: [ProjectedTable.inNamespace],
    keptAs: NarrowStorage(
      run: ["node", "namespace", "family", "source", "backend", "file"],
      shared: ["rule", "comment"], key: "table_name, chain, position",
      runIndexes: ["node, namespace"], rowIndexes: ["target"]),
    rows: { source in
      chains(source).flatMap { chain in
        chain.record.chain.rules.enumerated().map { index, rule in
          RuleRow(chain: chain, position: index + 1, rule: rule)
        }
      }
    })

  private static func chains(_ source: ProjectionSource) -> [InNamespace<ChainRow>] {
    source.inNamespaces { facts in
      let sections: [(String, [IPTablesTable])] = [
        ("iptables", facts.iptables4.records), ("iptables-legacy", facts.iptables4Legacy.records),
        ("ip6tables", facts.iptables6.records),
        ("ip6tables-legacy", facts.iptables6Legacy.records),
      ]
      return sections.flatMap { name, tables in
        tables.flatMap { table in
          table.chains.map { ChainRow(source: name, table: table, chain: $0) }
        }
      }
    }
  }

  private struct NFTRow: Sendable {
    let object: NFTObject
    let text: String
  }

  private static let nftObject = ProjectedTable(
    "nft_object", "An object of an nftables ruleset.",
    .location() + [
      Column<InNamespace<NFTRow>>.text("kind", "`table`, `chain`, `rule`, `set`, ….") {
        $0.record.object.kind.word
      },
      .optionalText("family", "`ip`, `ip6`, `inet`, `bridge`, ….") {
        $0.record.object.kind.table?.family
      },
      .optionalText("table_name", "The table.") { $0.record.object.kind.table?.name.rawValue },
      .optionalText("name", "The chain or set; for a rule its chain.") {
        $0.record.object.kind.name
      },
      .text("json", "As nft printed it.") { $0.record.text },
    ] + .evidence(\.record.object.evidence),
    constraints: [ProjectedTable.inNamespace],
    rows: { source in
      source.inNamespaces { facts in
        facts.nftables.records.map { NFTRow(object: $0, text: source.text($0.evidence)) }
      }
    })

  private static let set = ProjectedTable(
    "ipset", "A set of addresses that rules refer to by name.",
    [
      Column<Numbered<InNamespace<IPSet>>>.key("What `ipset_member.ipset` refers to.") { $0.id },
      .node(\.record.node),
      .namespace { $0.record.namespace.rawValue },
      .text("name", "Its name.") { $0.record.record.name.rawValue },
      .text("type", "`hash:net`, ….") { $0.record.record.type.text },
      .optionalInteger("family", "4 or 6; NULL for sets without addresses.") {
        $0.record.record.family?.version
      },
    ] + .evidence(\.record.record.evidence),
    constraints: [ProjectedTable.inNamespace],
    rows: { $0.inNamespaces(\.ipsets.records).numbered() })

  private struct MemberRow: Sendable {
    let member: IPSetMember
    let text: String
  }

  private static let setMember = ProjectedTable(
    "ipset_member", "An element of a set.",
    [
      Column<Part<MemberRow>>.parent("ipset") { $0.parent },
      .integer("position", "From 0.") { $0.position },
      .text("member", "As written.") { $0.record.text },
      .optionalText("prefix", "Where the first part of it is an address or prefix.") {
        $0.record.member.prefix?.description
      },
      .flag("is_exception", "`nomatch`: what is here is not in the set.") {
        $0.record.member.isException
      },
    ] + .evidence(\.record.member.evidence),
    constraints: ["PRIMARY KEY (ipset, position)"],
    rows: { source in
      source.inNamespaces(\.ipsets.records).parts { set in
        set.record.members.map { MemberRow(member: $0, text: source.memberText($0)) }
      }
    })

  private struct EBRow: Sendable {
    let table: EBTable
    let chain: EBChain
    let position: Int
    let rule: EBRule
  }

  private static let ebtablesRule = ProjectedTable(
    "ebtables_rule", "A rule for frames on Linux bridges.",
    .location() + [
      Column<InNamespace<EBRow>>.text("table_name", "`filter`, `nat`, `broute`.") {
        $0.record.table.name.rawValue
      },
      .text("chain", "The chain.") { $0.record.chain.name.rawValue },
      .integer("position", "In the chain, from 1.") { $0.record.position },
      .text("rule", "Verbatim, from `-A` on.") { $0.record.rule.text },
    ] + .evidence(\.record.rule.evidence),
    constraints: [ProjectedTable.inNamespace],
    rows: { source in
      source.inNamespaces { facts in
        facts.ebtables.records.flatMap { table in
          table.chains.flatMap { chain in
            chain.rules.enumerated().map { index, rule in
              EBRow(table: table, chain: chain, position: index + 1, rule: rule)
            }
          }
        }
      }
    })

  private struct ConntrackRow: Sendable {
    let node: NodeName
    let namespace: NamespaceName?
    let entry: ConntrackEntry
  }

  private static let conntrack = ProjectedTable(
    "conntrack", "A tracked connection.",
    [
      Column<ConntrackRow>.node(\.node),
      .optionalText("namespace", "NULL for the userspace datapath's own tracker.") {
        $0.namespace?.rawValue
      },
      .integer("protocol", "IP's number: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6.") {
        $0.entry.ipProtocol
      },
      .text("source", "Of the first packet.") { $0.entry.original.source.description },
      .text("destination", "Of the first packet.") { $0.entry.original.destination.description },
      .optionalInteger("source_port", "Of the first packet.") { $0.entry.original.sourcePort },
      .optionalInteger("destination_port", "Of the first packet.") {
        $0.entry.original.destinationPort
      },
      .text("reply_source", "Of answers: differs from `destination` after DNAT.") {
        $0.entry.reply.source.description
      },
      .text("reply_destination", "Of answers: differs from `source` after SNAT.") {
        $0.entry.reply.destination.description
      },
      .optionalInteger("reply_source_port", "Of answers.") { $0.entry.reply.sourcePort },
      .optionalInteger("reply_destination_port", "Of answers.") {
        $0.entry.reply.destinationPort
      },
      .integer("zone", "Of the first packet's direction.") { $0.entry.originalZone },
      .integer("mark", "The connection's mark.") { $0.entry.mark },
      .optionalText("state", "`ESTABLISHED`, …; NULL for protocols without states.") {
        $0.entry.state
      },
      .list("flags", "`ASSURED`, `UNREPLIED`, ….") { $0.entry.flags.sorted() },
      .optionalInteger("timeout_seconds", "Until it is forgotten.") { $0.entry.timeoutSeconds },
    ] + .evidence(\.entry.evidence),
    constraints: [ProjectedTable.inNamespace],
    rows: { source in
      source.facts.nodes.flatMap { node in
        node.namespaces.values.sorted { $0.name < $1.name }.flatMap { facts in
          facts.conntrack.records.map {
            ConntrackRow(node: node.name, namespace: facts.name, entry: $0)
          }
        }
          + node.openVSwitch.conntrack.records.map {
            ConntrackRow(node: node.name, namespace: nil, entry: $0)
          }
      }
    })
}

extension Column {
  fileprivate static func source(_ value: @escaping @Sendable (Row) -> String) -> Column {
    .text(
      "source", "The command: `iptables`, `iptables-legacy`, `ip6tables`, `ip6tables-legacy`.",
      value)
  }
  fileprivate static func backend(
    _ value: @escaping @Sendable (Row) -> IPTablesTable.Backend
  ) -> Column {
    .text(
      "backend", "Which engine of the kernel holds it.",
      check: "backend IN ('nft', 'legacy', 'unknown')", emptyText: "'nft'"
    ) { value($0).rawValue }
  }
}

extension ProjectionSource {
  /// `add NAME 192.0.2.0/24 nomatch` without its first two words.
  fileprivate func memberText(_ member: IPSetMember) -> String {
    let words = text(member.evidence).split(separator: " ")
    return (words.first == "add" ? words.dropFirst(2) : words[...]).joined(separator: " ")
  }
}
