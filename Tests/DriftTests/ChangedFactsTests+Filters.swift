// Packet filters that differ from what security groups and address pairs ask for.
import Facts
import NetworkTypes

extension ChangedFactsTests {
  static let filterRows = [
    ChangedRow("a rule that iptables lacks", .securityRule, .missing, "port-c1", on: "cmp1") {
      $0.changeRules("10.99.0.0/24") { $0.portMinimum = $0.protocolName == "tcp" ? 22 : nil }
    },
    ChangedRow("more ports than are wanted", .securityRule, .extra, "port-c2", on: "cmp2") {
      $0.changeRules("10.99.0.0/24") { $0.portMinimum = $0.protocolName == "tcp" ? 22 : nil }
    },
    ChangedRow("a rule that flows lack", .securityRule, .different, "port-a4", on: "cmp2") {
      $0.changeRules("172.17.18.0/24") { $0.portMaximum = $0.portMinimum == nil ? nil : 65_000 }
    },
    ChangedRow("a rule that nobody wants", .securityRule, .extra, "port-c1", on: "cmp1") {
      $0.changeRules("10.99.0.0/24") { $0.remotePrefix = IPPrefix("10.99.1.0/24") }
    },
    ChangedRow("a flow that nobody wants", .securityRule, .extra, "port-c2", on: "cmp2") {
      $0.changeRules("10.99.0.0/24") { $0.remotePrefix = IPPrefix("10.99.1.0/24") }
    },
    ChangedRow("a member that left", .securityMember, .extra, "a-web", on: "cmp1") {
      $0.changePort("port-a2") { $0.securityGroups = [] }
    },
    ChangedRow("a member that the flows still have", .securityMember, .extra, "port-a4", on: "cmp2")
    {
      $0.changePort("port-a2") { $0.securityGroups = [] }
    },
    ChangedRow("a filter that nothing enters", .securityChain, .missing, "port-c1", on: "cmp1") {
      $0.change("cmp1", "root") { root in
        root.changeChains("filter") { chain in
          chain.rules.removeAll {
            chain.name.rawValue.hasSuffix("-FORWARD") && $0.text.contains("tap21f57c68-f5")
          }
        }
      }
    },
    ChangedRow("a filter that flows go around", .securityChain, .different, "port-c2", on: "cmp2") {
      $0.changeFlows("cmp2", "br-int") { flows in
        for index in flows.indices
        where flows[index].table == 60 && flows[index].match.inPort == OpenFlowPort(11) {
          flows[index].actions[flows[index].actions.count - 1] = .resubmit(port: nil, table: 73)
        }
      }
    },
    ChangedRow("a pair that iptables lacks", .antiSpoofing, .missing, "port-c1", on: "cmp1") {
      $0.changePort("port-c1") { port in
        guard let prefix = IPPrefix("10.99.0.200/32") else { return }
        port.allowedAddressPairs = [AllowedAddressPair(mac: nil, prefix: prefix)]
      }
    },
    ChangedRow("a pair that was taken back", .antiSpoofing, .extra, "port-a7", on: "cmp2") {
      $0.changePort("port-a7") { $0.allowedAddressPairs = [] }
    },
    ChangedRow("ARP for anybody's address", .antiSpoofing, .extra, "port-a7", on: "cmp2") { facts in
      facts.changeFlows("cmp2", "br-int") { flows in
        for index in flows.indices
        where flows[index].table == 71 && flows[index].match[.arpSPA] != nil {
          flows[index].match = FlowMatch(
            flows[index].match.fields.filter { ![.arpSPA, .ethSrc].contains($0.field) })
        }
      }
    },
    ChangedRow(
      "ports beside those that are asked for", .securityRule, .extra, "port-a4", on: "cmp2"
    ) { facts in
      facts.changeFlows("cmp2", "br-int") { flows in
        guard let row = flows.first(where: { $0.table == 82 && $0.match[.tcpDst] != nil }) else {
          return
        }
        var other = row
        other.match = FlowMatch(
          row.match.fields.map { match in
            match.field == .tcpDst ? FieldMatch(.tcpDst, 2323) : match
          })
        flows.append(other)
      }
    },
    ChangedRow("two ports in one zone", .conntrackZone, .twice, "port-a1", on: "cmp1") {
      $0.change("cmp1", "root") { root in
        root.changeChains("raw") { chain in
          for index in chain.rules.indices {
            if case .track(var options) = chain.rules[index].target {
              options.zone = .number(4097)
              chain.rules[index].target = .track(options)
            }
          }
        }
      }
    },
    ChangedRow("bridged frames that no rule sees", .bridgeFilter, .different, "cmp1", on: "cmp1") {
      $0.change("cmp1", "root") { root in
        for index in root.sysctls.records.indices
        where root.sysctls.records[index].name.hasPrefix("net.bridge.bridge-nf-call-") {
          root.sysctls.records[index].value = "0"
        }
      }
    },
  ]
}
