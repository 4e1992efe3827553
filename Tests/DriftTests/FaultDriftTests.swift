import Facts
// The drift of every captured fault: it names what was injected, and whatever else it says follows.
import FaultCaptures
import LogicalModel
import NetworkTypes
import Testing

/// What the drift of one capture must say.
struct ExpectedDrift: Sendable {
  var fault: String
  var code: DriftCode
  var kind: DriftKind
  /// The name of the object, and what must stand on either side.
  var object: String
  var wanted = ""
  var found = ""
  /// Codes of further findings, with why they follow from the fault; none but these may stand.
  var consequences: [DriftCode: String] = [:]
}

@Suite struct FaultDriftTests {
  static let expected: [ExpectedDrift] = [
    ExpectedDrift(
      fault: "01-wrong-vlan-tag-hybrid", code: .portVLAN, kind: .different, object: "port-b1",
      wanted: "VLAN 6 (network b-net1)", found: "VLAN 2 (network a-net1)"),
    ExpectedDrift(
      fault: "02-wrong-vlan-tag-isolated", code: .portVLAN, kind: .different, object: "port-c1",
      wanted: "(network c-net1)", found: "(network d-net1)"),
    ExpectedDrift(
      fault: "04-snat-missing-dvr", code: .routerSNAT, kind: .missing, object: "a-router",
      wanted: "203.0.113.113"),
    ExpectedDrift(
      fault: "06-fip-dnat-missing-dvr", code: .floatingDestinationNAT, kind: .missing,
      object: "203.0.113.159", wanted: "203.0.113.159 to 172.17.17.11"),
    ExpectedDrift(
      fault: "08-fip-float-snat-wrong", code: .floatingSourceNAT, kind: .different,
      object: "203.0.113.134", wanted: "172.17.17.11 as 203.0.113.134", found: "as 203.0.113.173"),
    ExpectedDrift(
      fault: "10-fip-route-missing-fipns", code: .floatingRoute, kind: .missing,
      object: "203.0.113.186", wanted: "to router a-router"),
    ExpectedDrift(
      fault: "12-fip-stale-second-node", code: .floatingAddress, kind: .twice,
      object: "203.0.113.186", wanted: "on cmp2", found: "of router b-router"),
    ExpectedDrift(
      fault: "14-vxlan-port-missing", code: .tunnelPort, kind: .missing, object: "cmp1",
      wanted: "a tunnel to 10.20.0.22 (cmp2)",
      consequences: [
        .tunnelFlood: "floods to cmp2 go to the port that is gone",
        .tunnelUnicast: "so does what is for cmp2's guests",
      ]),
    ExpectedDrift(
      fault: "16-wrong-segment-inbound", code: .tunnelVLAN, kind: .different, object: "b-net1",
      wanted: "tunnel id 11938 into VLAN 6", found: "into VLAN 2 (network a-net1)"),
    ExpectedDrift(
      fault: "18-rp-filter-strict", code: .reversePath, kind: .different, object: "a-router",
      found: "rfp-a2dbb256-d"),
    ExpectedDrift(
      fault: "20-sg-accept-all-iptables", code: .securityRule, kind: .extra, object: "port-a3",
      found: "-A neutron-openvswi-ic51743c5-8 -j RETURN"),
    ExpectedDrift(
      fault: "22-antispoof-missing-iptables", code: .antiSpoofing, kind: .missing,
      object: "port-a1", wanted: "to chain neutron-openvswi-s3320117f-6"),
    ExpectedDrift(
      fault: "24-dnsmasq-dead", code: .dhcpServer, kind: .missing, object: "a-net1",
      wanted: "scheduled on net1", found: "no dnsmasq process",
      consequences: [.agentAlive: "the agent was stopped, so that nothing starts it again"]),
    ExpectedDrift(
      fault: "26-metadata-proxy-dead", code: .metadataProxy, kind: .missing, object: "a-router",
      found: "no process"),
    ExpectedDrift(
      fault: "28-mtu-underlay", code: .underlayMTU, kind: .different, object: "cmp2",
      wanted: "1500 bytes", found: "1450 bytes"),
    ExpectedDrift(
      fault: "30-qr-down", code: .routerInterface, kind: .different, object: "b-router",
      found: "down", consequences: [.portDevice: "the same device, as its port's"]),
    ExpectedDrift(
      fault: "32-patch-brex-missing", code: .patchPort, kind: .missing, object: "br-int",
      wanted: "a patch port to br-ex"),
    ExpectedDrift(
      fault: "36-ipset-member-missing", code: .securityMember, kind: .missing, object: "a-web",
      wanted: "172.17.17.12 (port-a2)"),
    ExpectedDrift(
      fault: "38-default-route-missing-legacy", code: .routerDefaultRoute, kind: .missing,
      object: "b-router", wanted: "default via 203.0.113.1"),
    ExpectedDrift(
      fault: "40-brex-without-nic", code: .physicalPort, kind: .missing, object: "br-ex",
      wanted: "physical network physnet1"),
    ExpectedDrift(
      fault: "42-router-leak", code: .routerInterface, kind: .extra, object: "a-router",
      found: "qr-leak0001-aa with 10.50.0.254/24, VLAN 7 (network d-net1)",
      consequences: [.switchPort: "the same device, as the switch's"]),
    ExpectedDrift(
      fault: "44-port-dead-vlan", code: .portDeadVLAN, kind: .different, object: "port-d2",
      found: "VLAN 4095", consequences: [.portBlocked: "a dead port's frames are dropped too"]),
    ExpectedDrift(
      fault: "46-tap-down", code: .portDevice, kind: .different, object: "port-c1", found: "down"),
    ExpectedDrift(
      fault: "48-arp-responder-wrong", code: .arpResponder, kind: .different, object: "port-a6",
      wanted: "fa:16:3e:3b:7c:e0", found: "fa:16:3e:16:75:77, port-a4's"),
    ExpectedDrift(
      fault: "50-fg-proxy-arp-off", code: .proxyARP, kind: .different,
      object: "floating IP agent on cmp2", found: "proxy_arp = 0"),
    ExpectedDrift(
      fault: "52-rfp-down", code: .floatingNamespace, kind: .different, object: "a-router",
      found: "down"),
    ExpectedDrift(
      fault: "54-sg-remote-group-stale-ovs", code: .securityMember, kind: .extra,
      object: "port-a4", found: "from 172.17.18.15 (port-a5)"),
    ExpectedDrift(
      fault: "56-vlan-map-missing-brex", code: .providerOutbound, kind: .missing,
      object: "vlan200"),
  ]

  /// A guest's own configuration: no file of the nodes has it.
  static let unseen = ["34-duplicate-ip"]

  @Test func everyFaultIsExpected() {
    #expect(
      Set(FaultCapture.all.map(\.name)) == Set(Self.expected.map(\.fault) + Self.unseen))
  }

  @Test func theHealthyCloudHasNoDrift() throws {
    let report = try drift(FaultCapture.healthyFacts.get())
    #expect(report.findings.map(\.text) == [])
    #expect(report.unknowns.map(\.reason) == [])
  }

  @Test(arguments: unseen)
  func whatNoNodeShowsIsNoDrift(_ name: String) throws {
    let fault = try #require(FaultCapture.named(name))
    #expect(try drift(fault.facts()).findings.map(\.text) == [])
  }

  @Test(arguments: expected)
  func theDriftNamesWhatWasInjected(_ expected: ExpectedDrift) throws {
    let fault = try #require(FaultCapture.named(expected.fault))
    let facts = try fault.facts()
    let findings = try drift(facts).findings
    let named = findings.filter { finding in
      finding.code == expected.code && finding.kind == expected.kind
        && finding.object.name == expected.object && finding.node == fault.node
        && (expected.wanted.isEmpty || finding.intended.value.contains(expected.wanted))
        && (expected.found.isEmpty || finding.actual.value.contains(expected.found))
    }
    #expect(!named.isEmpty, "\(findings.map(\.text))")
    for finding in findings {
      let isExplained = finding.code == expected.code || expected.consequences[finding.code] != nil
      #expect(isExplained && finding.node == fault.node, "\(finding.text)")
      let evidence = finding.intended.evidence + finding.actual.evidence
      #expect(!evidence.isEmpty, "\(finding.text)")
      for place in evidence { #expect(facts.file(place.file) != nil && place.line > 0) }
    }
  }

  private func drift(_ facts: CloudFacts) throws -> DriftReport {
    Drift.report(CloudModel(facts), facts)
  }
}
