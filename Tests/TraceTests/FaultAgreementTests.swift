// Reality as the judge of broken clouds: each probe that a fault changed does in the prediction
// what the real packet did in the captured cloud with that fault.
import DataPlane
import Facts
import FaultCaptures
import Formats
import NetworkTypes
import Testing
import Trace

@Suite struct FaultAgreementTests {
  /// Probes that no capture can tell, by fault, with what they hang on.
  static let unknowable: [String: (count: Int, why: String)] = [
    "01-wrong-vlan-tag-hybrid": (
      14, "two hosts with one address: whose ARP each neighbour heard last"
    ),
    "02-wrong-vlan-tag-isolated": (
      31, "a guest's cache still holds another network's gateway, from the fault before"
    ),
    "16-wrong-segment-inbound": (1, "an IPv6 neighbour resolved before the fault"),
    "28-mtu-underlay": (4, "what stands between a metadata proxy and Nova"),
    "34-duplicate-ip": (8, "an address set by hand inside a guest"),
  ]

  @Test(arguments: FaultCapture.all) func changedProbesDoWhatTheyReallyDid(_ fault: FaultCapture)
    throws
  {
    let healthy = try HealthyCloud.lines()
    let rows = try fault.truth().split(separator: "\n").map {
      try JSONParser.document(Array($0.utf8))
    }
    var changed: [(row: HealthyCloud.Row, real: JSONNode)] = []
    for node in rows {
      let number: Int = try #require(node["row"]?.number())
      changed.append((try #require(healthy[number]), node))
    }
    // Guests talk to each other as they did before the real probes were sent.
    let talk = healthy.values.filter { $0.kind == "vm-vm" && $0.probe.kind == .icmp }
    let tracer = Tracer(DataPlaneModel(try facts(of: fault)))
      .session((talk + changed.map(\.row)).map(\.probe).sorted { Int($0.id)! < Int($1.id)! })
    var misses: [String] = []
    for (row, real) in changed {
      let result = tracer.trace(row.probe)
      if let miss = miss(result, row, real) { misses.append("\(row.probe): \(miss)") }
    }
    let known = Self.unknowable[fault.name]
    #expect(
      misses.count <= known?.count ?? 0, "\(known?.why ?? "")\n\(misses.joined(separator: "\n"))")
  }

  /// What switches heard is the healthy cloud's in these fixtures, and of before the fault.
  private func facts(of fault: FaultCapture) throws -> CloudFacts {
    var facts = try fault.facts()
    for node in facts.nodes.indices {
      for bridge in facts.nodes[node].openVSwitch.bridges.keys {
        facts.nodes[node].openVSwitch.bridges[bridge]?.learnedMACs.records = []
      }
    }
    return facts
  }

  private func miss(_ result: TraceResult, _ row: HealthyCloud.Row, _ real: JSONNode) -> String? {
    let delivered = real["delivered"]?.bool ?? real["answers"]?.bool ?? false
    guard result.outcome.isDelivered == delivered else {
      return "really \(delivered), predicted \(result.outcome) (\(result.reason?.text ?? ""))"
    }
    guard delivered, row.kind.hasPrefix("vm-") || row.kind.hasPrefix("internet-") else {
      return nil
    }
    let receivers = (real["received_by"]?.elements ?? []).compactMap(\.string)
      .map { HealthyCloud.port(named: $0) ?? $0 }.sorted()
    if !receivers.isEmpty, result.receivedBy.sorted() != receivers {
      return "really taken by \(receivers), predicted \(result.receivedBy)"
    }
    if result.isReplied != real["replied"]?.bool {
      return "really answered: \(real["replied"]?.bool ?? false)"
    }
    return nil
  }

  @Test func allFaultsAreWalked() {
    #expect(FaultCapture.all.count == 29)
    #expect(Set(Self.unknowable.keys).isSubset(of: FaultCapture.all.map(\.name)))
  }
}
