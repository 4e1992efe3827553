// Local VLANs: one network segment has one VLAN on a node and no two share one, and the segment that
// the agent noted is Neutron's.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareSegments(of node: NodeSwitch) {
    guard known(node.facts.openVSwitch.database, .localVLAN, node.name, "switch database") != nil
    else { return }
    compareVLANs(of: node)
    compareNotedSegments(of: node)
    compareFailModes(of: node)
  }

  private mutating func compareVLANs(of node: NodeSwitch) {
    var owners: [VLANID: [(network: NetworkID, evidence: Evidence)]] = [:]
    for (network, locals) in node.localVLANs {
      for local in locals { owners[local.vlan, default: []].append((network, local.evidence)) }
      let bySegment = Dictionary(grouping: locals, by: \.segment)
      for (segment, several) in bySegment where Set(several.map(\.vlan)).count > 1 {
        find(
          .localVLAN, .twice, .high, object(network), on: node.name,
          at: segment.map(describe) ?? "",
          wanted: DriftSide("one VLAN a segment"),
          found: DriftSide("VLANs \(list(several.map(\.vlan)))", several.map(\.evidence)))
      }
    }
    for (vlan, several) in owners where Set(several.map(\.network)).count > 1 {
      let sorted = several.sorted { $0.network < $1.network }
      let names = sorted.map { model.network($0.network)?.label ?? $0.network.rawValue }
      find(
        .localVLAN, .twice, .critical, object(sorted[0].network), on: node.name, at: "VLAN \(vlan)",
        wanted: DriftSide("a VLAN of its own"),
        found: DriftSide(
          "VLAN \(vlan) of networks \(list(names))", sorted.map(\.evidence)))
    }
  }

  func describe(_ segment: NeutronSegment) -> String {
    [segment.networkType, segment.physicalNetwork, segment.segmentationID.map { "\($0)" }]
      .compactMap { $0 }.joined(separator: " ")
  }

  private mutating func compareNotedSegments(of node: NodeSwitch) {
    for (id, locals) in node.localVLANs {
      guard let network = model.network(id), network.origin.contains(.api),
        !network.segments.isEmpty
      else { continue }
      for local in locals {
        guard let noted = local.segment, !network.segments.contains(noted) else { continue }
        find(
          .segment, .different, .high, object(id), on: node.name, at: "VLAN \(local.vlan)",
          wanted: DriftSide(list(network.segments.map(describe)), network.evidence),
          found: DriftSide(describe(noted), [local.evidence]))
      }
    }
  }

  /// Without its agent, an insecure bridge would join all VLANs as a learning switch.
  private mutating func compareFailModes(of node: NodeSwitch) {
    let own = [node.integration, node.tunnel].compactMap { $0 } + node.physical.values
    for bridge in node.database?.bridges ?? []
    where own.contains(bridge.name) && node.database?.isSummary == false
      && bridge.failMode != "secure" && node.agent != nil
    {
      find(
        .failMode, .different, .medium, object(device: InterfaceName(bridge.name.rawValue)),
        on: node.name, wanted: DriftSide("secure"),
        found: DriftSide(bridge.failMode ?? "standalone", [bridge.evidence]))
    }
  }
}
