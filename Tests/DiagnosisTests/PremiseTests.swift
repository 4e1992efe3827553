// What "it works" takes for granted is named, and what a service needs behind its proxy is looked at.
import DataPlane
import Diagnosis
import Facts
import FaultCaptures
import NetworkTypes
import Testing
import Trace

@Suite struct PremiseTests {
  private func probe(
    _ from: String, _ to: String, _ kind: ProbeProtocol, _ port: UInt16?, _ facts: CloudFacts
  ) throws -> Probe {
    let id = try #require(facts.neutron.ports.records.first { $0.name == from }?.id)
    return Probe(
      origin: .port(id), destination: try #require(IPAddress(to)), kind: kind,
      destinationPort: port)
  }
  private func metadata(_ from: String, _ facts: CloudFacts) throws -> Diagnosis {
    try Diagnostician(facts).diagnose(probe(from, "169.254.169.254", .tcp, 80, facts))
  }

  /// A guest without anti-spoofing took its neighbour's address: nothing on the nodes shows it.
  @Test func aNeighbourThatMayUseAnyAddressIsNamed() throws {
    let fault = try #require(FaultCapture.all.first { $0.name.hasPrefix("34") })
    let facts = try fault.facts()
    let diagnostician = Diagnostician(facts)
    for text in (fault.observed["broken"] ?? []) + (fault.observed["one_way"] ?? []) {
      let asked = try #require(ObservedProbe(text, facts))
      let diagnosis = diagnostician.diagnose(asked.probe)
      #expect(diagnosis.verdict == .works)
      let premise = try #require(diagnosis.premises.first { $0.cause == .addressDuplicate })
      #expect(premise.text.contains("port-a6"))
      #expect(premise.text.contains("172.17.18.14"))
      #expect(premise.check?.contains("arping") == true)
      #expect(DiagnosisText(facts).head(diagnosis)[1].hasPrefix("Assumed: "))
    }
  }

  /// The proxy takes the request; the agent's own packets to Nova cross the node's underlay.
  @Test func metadataBehindAnUnderlayThatIsTooSmallIsDoubted() throws {
    let fault = try #require(FaultCapture.all.first { $0.name.hasPrefix("28") })
    let facts = try fault.facts()
    for guest in ["port-a2", "port-a4", "port-a6", "port-a7"] {
      let diagnosis = try metadata(guest, facts)
      #expect(diagnosis.verdict == .works)
      let premise = try #require(diagnosis.premises.first)
      #expect(premise.code == .metadataBackend && premise.cause == .mtuTooSmall)
      #expect(premise.isDoubtful && diagnosis.isDoubtful)
      let file = facts.file(try #require(premise.evidence.first).file)
      #expect(file?.node == "cmp2")
    }
    let id = try #require(facts.neutron.ports.records.first { $0.name == "port-a2" }?.id)
    let leg = try #require(Diagnostician(facts).walk(from: id, to: .metadata).deciding)
    #expect(leg.name == "metadata-request" && leg.diagnosis.verdict == .unknown)
    #expect(leg.diagnosis.causes.first?.deviation.code == .mtuTooSmall)
    #expect(leg.diagnosis.causes.first?.deviation.object.contains("eth0") == true)
    let head = DiagnosisText(facts).head(leg.diagnosis)
    #expect(head.count == 3 && head[1].hasPrefix("Cause: if it fails: "))
    // Served by another node.
    #expect(try !metadata("port-c2", facts).isDoubtful)
    #expect(try !metadata("port-a2", FaultCapture.healthyFacts.get()).isDoubtful)
  }

  /// A guest that was wired into another network holds what it heard there.
  @Test func aStaleNeighbourCacheIsDoubted() throws {
    let facts = try FaultCapture.healthy { path, text in
      guard path == "cmp1/ovs/dpctl_dump-flows_-m.txt" else { return nil }
      return text + "ufid:a1b2c3d4-0000-0000-0000-000000000001, recirc_id(0),"
        + "in_port(qvod26e08b9-38),eth(src=fa:16:3e:45:21:26,dst=fa:16:3e:73:74:61),"
        + "eth_type(0x0806),arp(op=2/0), packets:0, bytes:0, used:never, dp:ovs, actions:drop\n"
    }
    let diagnostician = Diagnostician(facts)
    let diagnosis = try diagnostician.diagnose(probe("port-b1", "8.8.8.8", .icmp, nil, facts))
    let premise = try #require(diagnosis.premises.first)
    #expect(diagnosis.verdict == .works)
    #expect(premise.code == .guestNeighbours && premise.isDoubtful)
    #expect(premise.text.contains("port-a7"))
    let other = try diagnostician.diagnose(probe("port-b2", "8.8.8.8", .icmp, nil, facts))
    #expect(!other.isDoubtful)
  }

  @Test func aDeadMetadataAgentIsACause() throws {
    var facts = try FaultCapture.healthyFacts.get()
    facts.edit("cmp1", "root") { space in
      space.sockets.records.removeAll { $0.path?.hasSuffix("metadata_proxy") == true }
    }
    let diagnosis = try metadata("port-a1", facts)
    #expect(diagnosis.verdict == .broken)
    #expect(diagnosis.causes.first?.deviation.code == .metadataAgentDown)
    #expect(diagnosis.causes.first?.deviation.node == "cmp1")
    #expect(
      DiagnosisText(facts).head(diagnosis)[0]
        == "BROKEN: the proxy takes the request, and nobody answers it")
    #expect(
      DiagnosisText(facts).head(diagnosis)[2]
        == "Fix:   cmp1# systemctl restart neutron-metadata-agent  (not provable here)")
    #expect(try metadata("port-b1", facts).verdict == .works)
  }

  @Test func anAgentThatDoesNotReachNovaIsACause() throws {
    var facts = try FaultCapture.healthyFacts.get()
    facts.insertRule("cmp1", "root", "filter", "OUTPUT", "-p tcp -m tcp --dport 8775 -j DROP")
    let diagnosis = try metadata("port-a1", facts)
    #expect(diagnosis.verdict == .broken)
    let cause = try #require(diagnosis.causes.first).deviation
    #expect(cause.code == .metadataBackendLost && cause.node == "cmp1")
    #expect(
      cause.fix.way(.node)?.map(\.text)
        == ["iptables -t filter -D OUTPUT -p tcp -m tcp --dport 8775 -j DROP"])
  }

  /// Two hosts claim the address: the one that is meant may well get it, as a cache will have it.
  @Test func aStrangerThatTakesItIsNamedWithTheCacheThatDecides() throws {
    let fault = try #require(FaultCapture.all.first { $0.name.hasPrefix("01") })
    let facts = try fault.facts()
    let diagnosis = try Diagnostician(facts).diagnose(
      probe("port-a3", "172.17.17.11", .icmp, nil, facts))
    #expect(diagnosis.verdict == .broken)
    #expect(diagnosis.causes.first?.deviation.code == .portWrongVLAN)
    #expect(
      DiagnosisText(facts).head(diagnosis)[0] == "BROKEN: b1 takes it, for whom it is not meant")
    #expect(diagnosis.premises.contains { $0.text.contains("more than one host claims") })
  }

  /// Nothing that a packet of its own would meet: named as a deviation.
  @Test func portsOfOneConnectionZoneAreADeviation() throws {
    let facts = try FaultCapture.healthy { path, text in
      guard path == "cmp1/root/iptables-save_-c.txt" else { return nil }
      return text.replacing("CT --zone 4097", with: "CT --zone 4098")
    }
    let found = try #require(
      Diagnostician(facts).deviations.first { $0.code == .conntrackZoneClash })
    #expect(found.node == "cmp1" && found.evidence.count > 1)
    #expect(
      !Diagnostician(facts.applying(found.changes)).deviations.map(\.code).contains(found.code))
    let way = try #require(found.fix.way(.node))
    #expect(way.allSatisfy { $0.text.hasPrefix("iptables -t raw -") })
    // A comment with spaces stays one word.
    #expect(way.first?.text.contains("--comment 'Set zone for ") == true)
  }
}
