// What tenants configured so that a packet does not arrive: works as configured, whatever the nodes
// hold; and gaps, where nothing may be claimed.
import DataPlane
import Diagnosis
import Facts
import FaultCaptures
import NetworkTypes
import Testing
import Trace

@Suite struct IntentTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let from: String
    let to: String
    var kind = ProbeProtocol.tcp
    var port: UInt16?
    var source: String?
    let code: String
    var change: (@Sendable (inout CloudFacts) -> Void)?
    var testDescription: String { name }
  }

  static let rows: [Row] = [
    Row(
      name: "no ingress rule", from: "port-a4", to: "172.17.17.13", port: 22,
      code: "no-ingress-rule"),
    Row(name: "no egress rule", from: "port-a5", to: "8.8.8.8", port: 443, code: "no-egress-rule"),
    Row(
      name: "no ingress rule behind a floating IP", from: "203.0.113.1", to: "203.0.113.159",
      port: 443, code: "no-ingress-rule"),
    Row(name: "no such address", from: "port-a1", to: "172.17.17.99", code: "no-such-address"),
    Row(
      name: "another tenant's private network", from: "port-a1", to: "10.50.0.11", kind: .icmp,
      code: "no-route"),
    Row(
      name: "a network without a router", from: "port-c1", to: "8.8.8.8", kind: .icmp,
      code: "no-gateway"),
    Row(
      name: "a port that is not forwarded", from: "203.0.113.1", to: "203.0.113.173", port: 80,
      code: "no-port-forwarding"),
    Row(
      name: "an address that the sender may not use", from: "port-a1", to: "172.17.17.12",
      kind: .icmp, source: "172.17.17.250", code: "address-not-own"),
    Row(
      name: "a port that is administratively down", from: "port-a1", to: "172.17.17.12",
      kind: .icmp, code: "port-disabled",
      change: { facts in
        facts.editPort("port-a1") { $0.isAdminUp = false }
        facts.setTag("cmp1", "qvo3320117f-6a", 4095)
      }),
    Row(
      name: "a router without SNAT", from: "port-b2", to: "8.8.8.8", kind: .icmp,
      code: "snat-disabled",
      change: { facts in
        for index in facts.neutron.routers.records.indices
        where facts.neutron.routers.records[index].name == "b-router" {
          facts.neutron.routers.records[index].gateway?.isSNATEnabled = false
        }
        facts.removeRules("net1", "qrouter-a4ea1afe", "nat") {
          $0.text.hasPrefix("-A neutron-l3-agent-snat -o qg-")
        }
      }),
    Row(
      name: "a router interface that was taken away", from: "port-b2", to: "8.8.8.8", kind: .icmp,
      code: "no-gateway",
      change: { facts in
        facts.neutron.ports.records.removeAll { port in
          port.deviceOwner == "network:router_interface"
            && port.fixedIPs.contains { $0.address == IPAddress("172.17.17.1") }
        }
        facts.editLink("net1", "qrouter-a4ea1afe", "qr-2d1a7663-2f") { $0.flags.remove("UP") }
      }),
  ]

  @Test(arguments: rows) func worksAsConfigured(_ row: Row) throws {
    var facts = try FaultCapture.healthyFacts.get()
    row.change?(&facts)
    let id = facts.neutron.ports.records.first { $0.name == row.from }?.id
    let origin: ProbeOrigin =
      if let id { .port(id) } else { .external(try #require(IPAddress(row.from))) }
    var probe = Probe(
      origin: origin, destination: try #require(IPAddress(row.to)), kind: row.kind)
    probe.destinationPort = row.port
    probe.source = row.source.flatMap { IPAddress($0) }
    let diagnosis = Diagnostician(facts).diagnose(probe)
    #expect(diagnosis.verdict == .asConfigured, "\(diagnosis.summary)")
    #expect(diagnosis.denial?.code == row.code, "\(diagnosis.summary)")
    #expect(diagnosis.causes.isEmpty)
    #expect(IntentDenial.codes.contains { $0.code == row.code })
  }

  @Test func anUnappliedRuleIsNoConfiguration() throws {
    let facts = try FaultCapture.healthyFacts.get()
    let text = SummaryLines.of("port-a4", "172.17.17.13", port: 22, facts)
    #expect(
      text.first
        == "WORKS AS CONFIGURED: no ingress rule allows tcp/22 from 172.17.18.14: security group "
        + "a-app of port-a3")
    #expect(text.count == 3)
  }

  @Test func aGapIsUnknownAndNamesTheCapture() throws {
    var facts = try FaultCapture.healthyFacts.get()
    let gap = Gap(
      node: "cmp2", path: "ovs/br-int/ofctl_dump-flows.txt", reason: "permission denied")
    facts.editNode("cmp2") { $0.openVSwitch.bridges["br-int"]?.flows = FactSection(gap: gap) }
    facts.gaps.append(gap)
    let probe = Probe(
      origin: .port(try #require(facts.neutron.ports.records.first { $0.name == "port-c1" }?.id)),
      destination: try #require(IPAddress("10.99.0.12")), kind: .icmp)
    let diagnosis = Diagnostician(facts).diagnose(probe)
    #expect(diagnosis.verdict == .unknown)
    #expect(diagnosis.causes.isEmpty)
    let missing = try #require(diagnosis.missing(facts).first)
    #expect(missing.path == gap.path)
    #expect(missing.command?.contains("dump-flows") == true)
  }

  @Test func theHealthyCloudHasOneDeviationThatItReallyHas() throws {
    // cmp1's agent never heard of cmp2's DVR MAC in that cloud: its table 9 lacks it.
    let found = Diagnostician(try FaultCapture.healthyFacts.get()).deviations
    #expect(found.map(\.code) == [.distributedMACUnknown])
  }
}

enum SummaryLines {
  static func of(
    _ from: String, _ to: String, port: UInt16?, _ facts: CloudFacts
  ) -> [String] {
    guard let id = facts.neutron.ports.records.first(where: { $0.name == from })?.id,
      let destination = IPAddress(to)
    else { return [] }
    var probe = Probe(origin: .port(id), destination: destination, kind: .tcp)
    probe.destinationPort = port
    return DiagnosisText(facts).head(Diagnostician(facts).diagnose(probe))
  }
}
