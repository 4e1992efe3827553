// Probes that are sent together: what the earlier ones teach, the later ones meet.
import DataPlane
import Facts
import NetworkTypes
import Testing
import Trace

@Suite struct SessionTests {
  private static let healthy = Result { try HealthyCloud.facts() }

  private func probe(_ name: String, _ to: String, _ facts: CloudFacts) -> Probe {
    Probe(
      origin: .port(facts.neutron.ports.records.first { $0.name == name }?.id ?? ""),
      destination: IPAddress(to)!, kind: .icmp)
  }

  @Test func anAnswerTellsTheSwitchesWhereItsSenderIs() throws {
    var facts = try Self.healthy.get()
    for index in facts.nodes.indices {
      for name in facts.nodes[index].openVSwitch.bridges.keys {
        facts.nodes[index].openVSwitch.bridges[name]?.learnedMACs.records = []
      }
    }
    let tracer = Tracer(DataPlaneModel(facts))
    let ask = probe("port-d1", "10.50.0.12", facts)
    let alone = tracer.trace(ask)
    let together = tracer.session([ask]).trace(ask)
    #expect(alone.outcome == .delivered && together.outcome == .delivered)
    #expect(together.path.count <= alone.path.count)
    // What asks only teaches nothing.
    var question = ask
    question.kind = .arp
    #expect(tracer.session([question]).trace(ask).path.map(\.device) == alone.path.map(\.device))
  }

  /// As it really happened: a node takes one tenant's tunnel for another's network. A guest there
  /// asks in vain for an address of the other tenant, hears its owner ask for somebody else, and
  /// from then on the two talk, each by the MAC that the other's ARP gave away.
  @Test func arpForOthersFillsWhatWasAskedInVain() throws {
    var facts = try Self.healthy.get()
    for node in facts.nodes.indices where facts.nodes[node].name == "cmp1" {
      var flows = facts.nodes[node].openVSwitch.bridges["br-tun"]!.flows.records
      let own = flows.firstIndex { $0.table == 4 && "\($0.match)".contains("0x311c") }
      let other = flows.firstIndex { $0.table == 4 && "\($0.match)".contains("0x2ea2") }
      flows[try #require(other)].actions = flows[try #require(own)].actions
      facts.nodes[node].openVSwitch.bridges["br-tun"]!.flows.records = flows
    }
    let tracer = Tracer(DataPlaneModel(facts))
    let inVain = probe("port-a1", "172.17.17.22", facts)
    let shout = probe("port-b2", "172.17.17.99", facts)
    #expect(tracer.session([inVain]).trace(inVain).outcome == .unresolved)
    let talk = probe("port-b2", "172.17.17.11", facts)
    let session = tracer.session([talk, inVain, shout])
    let result = session.trace(inVain)
    #expect(result.outcome == .delivered, "\(result.reason?.text ?? "")")
    #expect(
      result.receivedBy
        == facts.neutron.ports.records.filter { $0.name == "port-b2" }.map(\.id.rawValue))
    // b2 was asked for itself by a1, so its cache holds a1 for the address that b1 has too.
    let back = session.trace(talk)
    #expect(back.outcome == .delivered)
    #expect(back.assumptions.contains { $0.contains("more than one host claims 172.17.17.11") })
  }
}
