// What-if: an assumption in words, and what becomes of a packet with it.
import DataPlane
import Diagnosis
import Facts
import FaultCaptures
import NetworkTypes
import Testing
import Trace

@Suite struct AssumptionTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let words: String
    let from: String
    let to: String
    var port: UInt16?
    let isDelivered: Bool
    var testDescription: String { words }
  }

  static let rows: [Row] = [
    Row(words: "set down cmp1 tap3320117f-6a", from: "port-a1", to: "8.8.8.8", isDelivered: false),
    Row(
      words: "add sg-rule a-app ingress tcp 22 0.0.0.0/0", from: "port-a4", to: "172.17.17.13",
      port: 22, isDelivered: true),
    Row(
      words: "add sg-rule d-open ingress any 0.0.0.0/0", from: "port-d1", to: "10.50.0.12",
      port: 99, isDelivered: true),
    Row(
      words: "remove route net1/qrouter-a4ea1afe-03ec-4295-9e6f-fa965764680a default",
      from: "port-b1", to: "8.8.8.8", isDelivered: false),
    Row(
      words: "add rule net1/qrouter-a4ea1afe-03ec-4295-9e6f-fa965764680a filter FORWARD -j DROP",
      from: "port-b1", to: "8.8.8.8", isDelivered: false),
    Row(
      words: "add flow cmp2 br-int table=0,priority=60000,in_port=11 actions=drop",
      from: "port-c2", to: "10.99.0.11", port: 22, isDelivered: false),
    Row(
      words: "remove port cmp1 br-int patch-tun", from: "port-c1", to: "10.99.0.12", port: 22,
      isDelivered: false),
    Row(
      words: "set tag cmp1 qvo21f57c68-f5 7", from: "port-c1", to: "10.99.0.12", port: 22,
      isDelivered: false),
    Row(
      words: "set mtu cmp2 eth0 40", from: "port-c2", to: "10.99.0.11", port: 22,
      isDelivered: false),
    Row(
      words: "remove member cmp1 NIPv4734df103-03ea-4aef-990a- 172.17.17.12", from: "port-a2",
      to: "172.17.17.13", port: 22, isDelivered: false),
  ]

  @Test(arguments: rows) func theNewAnswer(_ row: Row) throws {
    let facts = try FaultCapture.healthyFacts.get()
    let assumed = facts.applying(try AssumptionReader(facts).changes(row.words))
    let id = try #require(facts.neutron.ports.records.first { $0.name == row.from }?.id)
    var probe = Probe(
      origin: .port(id), destination: try #require(IPAddress(row.to)),
      kind: row.port == nil ? .icmp : .tcp)
    probe.destinationPort = row.port
    let before = Tracer(DataPlaneModel(facts)).trace(probe)
    let after = Tracer(DataPlaneModel(assumed)).trace(probe)
    #expect(after.outcome.isDelivered == row.isDelivered, "\(after.reason?.text ?? "")")
    if !row.isDelivered { #expect(before.outcome.isDelivered == true) }
  }

  @Test func aRemovedGroupRuleIsRemovedFromNodesToo() throws {
    let facts = try FaultCapture.healthyFacts.get()
    let rule = try #require(
      facts.neutron.securityGroupRules.records.first {
        $0.direction == .ingress && $0.protocolName == "tcp" && $0.portMinimum == 22
          && $0.group.rawValue.hasPrefix("734df103")
      })
    let changes = try AssumptionReader(facts).changes("remove sg-rule \(rule.id)")
    var probe = Probe(
      origin: .port(try #require(facts.neutron.ports.records.first { $0.name == "port-a1" }?.id)),
      destination: try #require(IPAddress("172.17.17.12")), kind: .tcp)
    probe.destinationPort = 22
    let diagnosis = Diagnostician(facts.applying(changes)).diagnose(probe)
    #expect(diagnosis.verdict == .asConfigured)
    #expect(diagnosis.denial?.code == "no-ingress-rule")
  }

  @Test(arguments: [
    "nonsense", "add flow cmp9 br-int table=0 actions=drop", "set tag cmp1 qvo21f57c68-f5 9999",
    "add flow cmp1 br-int table=0,colour=red actions=drop", "remove node cmp9",
    "add route cmp1/root nowhere", "remove sg-rule 0",
  ])
  func whatIsNotUnderstoodIsSaid(_ words: String) throws {
    let reader = AssumptionReader(try FaultCapture.healthyFacts.get())
    #expect(throws: AssumptionError.self) { try reader.changes(words) }
  }
}
