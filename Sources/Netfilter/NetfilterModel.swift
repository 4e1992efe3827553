// The packet filter of one network namespace: both families, both back ends of iptables, native
// nft tables, ipsets and ebtables. Made of NamespaceFacts; run hook by hook by the data plane.
import Conntrack
import Facts
import NetworkTypes

public struct NetfilterModel: Sendable {
  package var ruleSets: [RuleSet] = []
  package var plans: [HookKey: [Station]] = [:]
  package var ipsets: [IPSetName: IPSet] = [:]
  package var ipsetGap: Gap?
  var bridge = BridgeRules()
  /// Why nothing can be said about a family at all.
  package var blind: [HookFamily: UnknownReason] = [:]
  /// What a family's answers take for granted.
  var assumptions: [HookFamily: [String]] = [:]
  /// Families in which some rule makes the kernel track connections.
  var trackingFamilies: Set<HookFamily> = []
  /// `nf_conntrack_tcp_loose=0`: a TCP connection starts with SYN only.
  var isStrictTCP = false
  /// Which bridged packets br_netfilter hands to iptables.
  public let bridgeNetfilter: BridgeNetfilter

  public init(_ facts: NamespaceFacts) {
    bridgeNetfilter = BridgeNetfilter(facts.sysctls)
    isStrictTCP = facts.sysctls.records.contains {
      $0.name == "net.netfilter.nf_conntrack_tcp_loose" && $0.value == "0"
    }
    ipsets = Dictionary(
      facts.ipsets.records.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    ipsetGap = facts.ipsets.gap
    bridge = BridgeRules(facts.ebtables, nftables: facts.nftables)
    var builder = NetfilterModelBuilder(facts)
    builder.build(into: &self)
  }

  /// Runs an IPv4, IPv6 or ARP packet through one hook; anything else passes. The packet and its
  /// connection come out as they are at the verdict: a refusal quotes the packet so. Where the
  /// verdict is unknown they are as they came.
  public func run(
    _ hook: Hook, packet: inout Packet, connection: inout PacketConnection, context: HookContext,
    conntrack: inout ConntrackTable
  ) -> HookResult {
    guard let family = HookFamily(packet) else { return HookResult(verdict: .accept) }
    if let reason = blind[family] { return HookResult(verdict: .unknown([reason])) }
    let key = HookKey(family: family, hook: hook)
    guard let plan = plans[key], !plan.isEmpty else {
      return HookResult(verdict: .accept, assumptions: assumptions[family] ?? [])
    }
    let world = World(packet: packet, connection: connection, conntrack: conntrack)
    var run = HookRun(model: self, hook: hook, family: family, context: context)
    let (result, end) = run.run(plan, world)
    if case .unknown = result.verdict { return result }
    packet = end.packet
    connection = end.connection
    conntrack = end.conntrack
    return result
  }
}

extension HookFamily {
  init?(_ packet: Packet) {
    if packet.isIPv4 {
      self = .ipv4
    } else if packet.isIPv6 {
      self = .ipv6
    } else if packet.isARP {
      self = .arp
    } else {
      return nil
    }
  }
}

/// `net.bridge.bridge-nf-*`: whether frames that a bridge forwards run through iptables.
public struct BridgeNetfilter: Hashable, Sendable {
  /// Nil where the sysctls were not captured. No such sysctl means that the module is not loaded.
  public let filtersIPv4: Bool?
  public let filtersIPv6: Bool?
  public let filtersARP: Bool?
  /// Tagged frames too, as if untagged.
  public let looksIntoVLANs: Bool?

  init(_ sysctls: Section<Sysctl>) {
    func isOn(_ name: String) -> Bool? {
      guard sysctls.isKnown else { return nil }
      return sysctls.records.contains {
        $0.name == "net.bridge.bridge-nf-\(name)" && $0.value == "1"
      }
    }
    filtersIPv4 = isOn("call-iptables")
    filtersIPv6 = isOn("call-ip6tables")
    filtersARP = isOn("call-arptables")
    looksIntoVLANs = isOn("filter-vlan-tagged")
  }
}
