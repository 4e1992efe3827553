// The causes that can be named, with codes that stay the same from release to release; the order of
// the cases is the order in which an expert mends: wiring before the overlay, that before routing.

/// Why a packet does not arrive; `ovsight why --codes` lists these.
public enum CauseCode: String, Hashable, Sendable, CaseIterable, Comparable {
  // Binding and wiring.
  case portUnbound = "port-unbound"
  case portNotPlugged = "port-not-plugged"
  case portNotWired = "port-not-wired"
  case portDeadVLAN = "port-dead-vlan"
  case portWrongVLAN = "port-wrong-vlan"
  case portWrongMAC = "port-wrong-mac"
  case linkDown = "link-down"
  case bridgePortMissing = "bridge-port-missing"
  case patchMissing = "patch-port-missing"
  case uplinkMissing = "uplink-missing"
  // Namespaces and devices of routers and DHCP servers.
  case namespaceMissing = "namespace-missing"
  case deviceMissing = "device-missing"
  case addressMissing = "address-missing"
  case addressDuplicate = "address-duplicate"
  case noActiveRouter = "no-active-router"
  case severalActiveRouters = "several-active-routers"
  // The overlay and the provider networks.
  case tunnelMissing = "tunnel-port-missing"
  case tunnelWrongEnd = "tunnel-wrong-end"
  case tunnelNotAdmitted = "tunnel-not-admitted"
  case segmentMapMissing = "segment-map-missing"
  case segmentMapWrong = "segment-map-wrong"
  case floodListIncomplete = "flood-list-incomplete"
  case forwardingEntryWrong = "forwarding-entry-wrong"
  case addressResponderWrong = "arp-responder-wrong"
  case vlanMapMissing = "vlan-map-missing"
  case vlanMapWrong = "vlan-map-wrong"
  case distributedMACUnknown = "distributed-mac-unknown"
  case portFlowsMissing = "port-flows-missing"
  // Routing.
  case forwardingOff = "forwarding-off"
  case defaultRouteMissing = "default-route-missing"
  case routeMissing = "route-missing"
  case routeWrong = "route-wrong"
  case policyRuleMissing = "policy-rule-missing"
  case neighbourMissing = "neighbour-missing"
  case neighbourWrong = "neighbour-wrong"
  case proxyARPOff = "proxy-arp-off"
  case reversePathFilter = "reverse-path-filter"
  // Translation.
  case snatRuleMissing = "snat-rule-missing"
  case snatRuleWrong = "snat-rule-wrong"
  case dnatRuleMissing = "dnat-rule-missing"
  case dnatRuleWrong = "dnat-rule-wrong"
  case portForwardingMissing = "port-forwarding-missing"
  // Security groups.
  case securityRuleMissing = "security-rule-missing"
  case remoteGroupIncomplete = "remote-group-incomplete"
  case antiSpoofWrong = "anti-spoof-wrong"
  case conntrackZoneClash = "conntrack-zone-clash"
  // Services.
  case dhcpServerDown = "dhcp-server-down"
  case dhcpHostMissing = "dhcp-host-missing"
  case metadataProxyDown = "metadata-proxy-down"
  case metadataRuleMissing = "metadata-rule-missing"
  case metadataAgentDown = "metadata-agent-down"
  case metadataBackendLost = "metadata-backend-lost"
  case serviceNotListening = "service-not-listening"
  // Sizes.
  case mtuTooSmall = "mtu-too-small"
  // What nobody of Neutron's made.
  case foreignFlow = "foreign-flow"
  case foreignRule = "foreign-rule"
  case ruleDrops = "rule-drops"

  private static let order = Dictionary(
    uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
  /// The lower, the earlier an expert mends it.
  var rank: Int { Self.order[self] ?? 0 }
  public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
}

extension CauseCode {
  /// One sentence without a final stop.
  public var meaning: String {
    switch self {
    case .portUnbound: "Neutron has not bound the port to a host, or binding failed"
    case .portNotPlugged: "the port is bound to a node whose switch does not have it"
    case .portNotWired: "the agent has not given the port its VLAN: it never applied it"
    case .portDeadVLAN: "the port is in the dead VLAN 4095, in which nothing is forwarded"
    case .portWrongVLAN: "the port's tag is not the local VLAN of its network on the node"
    case .portWrongMAC: "the port is plugged with another MAC than Neutron has for it"
    case .linkDown: "a device on the way is administratively down"
    case .bridgePortMissing: "a device is not a port of the Linux bridge that it belongs to"
    case .patchMissing: "a patch port between two bridges is missing"
    case .uplinkMissing: "a provider bridge does not have its physical port"
    case .namespaceMissing: "a router's or DHCP server's namespace is not where it should be"
    case .deviceMissing: "a router or DHCP server lacks the device of one of its ports"
    case .addressMissing: "a device lacks an address of its port"
    case .addressDuplicate: "an address is held in a place that it does not belong to"
    case .noActiveRouter: "no node holds the highly available router's addresses"
    case .severalActiveRouters: "several nodes hold the highly available router's addresses"
    case .tunnelMissing: "a node has no tunnel port to a node that it shares a network with"
    case .tunnelWrongEnd: "a tunnel port names an address that is no node's tunnel address"
    case .tunnelNotAdmitted: "a host's packet filter does not admit tunnel packets"
    case .segmentMapMissing: "a node does not map a tunnel id to the network's local VLAN"
    case .segmentMapWrong: "a node maps a tunnel id to another network's local VLAN"
    case .floodListIncomplete: "broadcasts of a network are not sent to all nodes that have it"
    case .forwardingEntryWrong: "a forwarding entry leads to a node that does not have the port"
    case .addressResponderWrong: "a node's ARP responder answers with a wrong MAC"
    case .vlanMapMissing: "a node does not translate between local VLAN and provider VLAN"
    case .vlanMapWrong: "a node translates a VLAN into another network's"
    case .distributedMACUnknown: "a node does not know the DVR MAC of another node"
    case .portFlowsMissing: "flows are missing that every other port of its kind has"
    case .forwardingOff: "a router's namespace does not forward packets"
    case .defaultRouteMissing: "a default route is missing"
    case .routeMissing: "a route is missing"
    case .routeWrong: "a route leads elsewhere than it should"
    case .policyRuleMissing: "a routing rule is missing"
    case .neighbourMissing: "a distributed router lacks a permanent neighbour entry"
    case .neighbourWrong: "a permanent neighbour entry has a wrong MAC"
    case .proxyARPOff: "the floating IP namespace does not answer ARP for floating IPs"
    case .reversePathFilter: "strict reverse path filtering drops what comes in another way"
    case .snatRuleMissing: "a source NAT rule is missing"
    case .snatRuleWrong: "a source NAT rule translates to a wrong address"
    case .dnatRuleMissing: "a floating IP's destination NAT rule is missing"
    case .dnatRuleWrong: "a floating IP's destination NAT rule leads to a wrong address"
    case .portForwardingMissing: "a port forwarding's NAT rule is missing"
    case .securityRuleMissing: "a security group's rule was not applied on the node"
    case .remoteGroupIncomplete: "a member of a remote security group is not known on the node"
    case .antiSpoofWrong: "the anti-spoofing filter does not know the port's own address"
    case .conntrackZoneClash: "two ports share a connection tracking zone"
    case .dhcpServerDown: "no DHCP server runs for the network"
    case .dhcpHostMissing: "the DHCP server does not know the port"
    case .metadataProxyDown: "the metadata proxy does not run"
    case .metadataAgentDown: "no metadata agent takes what the proxy hands on"
    case .metadataBackendLost: "the metadata agent's requests to Nova do not leave the node"
    case .metadataRuleMissing: "requests for metadata are not redirected to the proxy"
    case .serviceNotListening: "nothing listens on the port"
    case .mtuTooSmall: "a device's MTU is too small for the packet with its headers"
    case .foreignFlow: "a flow that no agent made decides"
    case .foreignRule: "a packet filter rule that no agent made decides"
    case .ruleDrops: "a rule or flow decides that intent does not explain"
    }
  }
}
