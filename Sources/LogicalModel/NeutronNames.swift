// Every name that Neutron gives to things on a node, in this one place: namespaces, devices, chains,
// device owners, well-known numbers. Source: neutron/agent/l3/{namespaces,router_info,dvr_*}.py,
// neutron/agent/linux/{dhcp,interface}.py, neutron_lib/constants.py. Feeds the model's builder.
import Facts
import NetworkTypes

enum NeutronNames {
  /// A device's name is its prefix and this many characters of the port's (or router's) id.
  static let deviceIDLength = 11
  /// The address that guests ask for metadata.
  static let metadataAddress = IPv4Address(rawValue: 0xa9fe_a9fe)
  /// Where the metadata proxy listens in a router's namespace, unless configured otherwise.
  static let metadataProxyPort: UInt16 = 9697
  /// Port security's dead VLAN: what a port carries until the agent has wired it.
  static let deadVLAN = VLANID(truncating: 4095)

  /// So many characters of a UUID as a device's or a chain's name holds: `3709f1a1-a5`.
  static func isShortID(
    _ text: some StringProtocol, length: Int = deviceIDLength
  ) -> Bool {
    guard text.utf8.count == length else { return false }
    return text.utf8.enumerated().allSatisfy { index, byte in
      index == 8 ? byte == UInt8(ascii: "-") : hexDigit(byte) != nil
    }
  }
}

/// What a namespace is for, by its name.
package enum NamespaceRole: Hashable {
  case router(RouterID)
  case snat(RouterID)
  /// By the external network.
  case floating(NetworkID)
  case dhcp(NetworkID)

  package init?(_ name: NamespaceName) {
    let text = name.rawValue
    func id(_ prefix: String) -> String? {
      text.hasPrefix(prefix) && text.count > prefix.count
        ? String(text.dropFirst(prefix.count)) : nil
    }
    if let id = id("qrouter-") {
      self = .router(RouterID(id))
    } else if let id = id("snat-") {
      self = .snat(RouterID(id))
    } else if let id = id("fip-") {
      self = .floating(NetworkID(id))
    } else if let id = id("qdhcp-") {
      self = .dhcp(NetworkID(id))
    } else {
      return nil
    }
  }

  /// The router that lives there.
  package var router: RouterID? {
    switch self {
    case .router(let id), .snat(let id): id
    case .floating, .dhcp: nil
    }
  }
  /// The name that Neutron gives it.
  package var namespace: NamespaceName {
    switch self {
    case .router(let id): NamespaceName("qrouter-\(id)")
    case .snat(let id): NamespaceName("snat-\(id)")
    case .floating(let id): NamespaceName("fip-\(id)")
    case .dhcp(let id): NamespaceName("qdhcp-\(id)")
    }
  }
}

/// What a device is, by the prefix of its name.
package enum DevicePrefix: String, CaseIterable {
  case tap = "tap"
  /// Hybrid plugging: the switch's end, the bridge's end, the Linux bridge.
  case hybridSwitchEnd = "qvo"
  case hybridBridgeEnd = "qvb"
  case hybridBridge = "qbr"
  case vhostUser = "vhu"
  case routerInterface = "qr-"
  case gateway = "qg-"
  case centralSNAT = "sg-"
  case highAvailability = "ha-"
  case floatingAgent = "fg-"
  /// The veth between qrouter and fip namespaces; its id is the router's.
  case routerToFloating = "rfp-"
  case floatingToRouter = "fpr-"
  /// DHCP with veths (`ovs_use_veth`).
  case namespaceEnd = "ns-"
  /// A trunk's subport on the integration bridge, and its parent.
  case subPort = "spi-"
  case trunkParent = "tpi-"
  /// Their other ends on the trunk's own bridge.
  case trunkSubPort = "spt-"
  case trunkParentEnd = "tpt-"

  package init?(_ interface: InterfaceName) {
    guard let found = Self.allCases.first(where: { interface.rawValue.hasPrefix($0.rawValue) })
    else { return nil }
    self = found
  }
  /// The device of a port.
  package func device(of port: PortID) -> InterfaceName {
    InterfaceName(rawValue + port.rawValue.prefix(NeutronNames.deviceIDLength))
  }
  package static let shortestVethID = 8
  /// The veth of a router; its name keeps 10 or 11 characters of the id, by release.
  package func isDevice(_ interface: InterfaceName, of router: RouterID) -> Bool {
    guard let rest = interface.rawValue.after(rawValue) else { return false }
    return rest.count >= Self.shortestVethID && router.rawValue.hasPrefix(rest)
  }
}

/// What a port is for, as `device_owner` says.
public enum PortOwner: Hashable, Sendable, CustomStringConvertible {
  /// `compute:<zone>`.
  case server
  case dhcp
  /// A router's interface on a tenant network: `router_interface`, `…_distributed`, `ha_router_…`.
  case routerInterface
  case routerGateway
  /// `router_centralized_snat`: `sg-` of a distributed router.
  case centralSNAT
  /// `router_ha_interface`: carries VRRP.
  case highAvailability
  /// A floating IP's own port: never plugged.
  case floatingIP
  /// `floatingip_agent_gateway`: `fg-` of a node's fip namespace.
  case floatingAgent
  case subPort
  /// Nobody's yet.
  case none
  case other(String)

  public init(deviceOwner: String) {
    switch deviceOwner {
    case "": self = .none
    case "network:dhcp": self = .dhcp
    case "network:router_interface", "network:router_interface_distributed",
      "network:ha_router_replicated_interface":
      self = .routerInterface
    case "network:router_gateway": self = .routerGateway
    case "network:router_centralized_snat": self = .centralSNAT
    case "network:router_ha_interface": self = .highAvailability
    case "network:floatingip": self = .floatingIP
    case "network:floatingip_agent_gateway": self = .floatingAgent
    case "trunk:subport": self = .subPort
    default: self = deviceOwner.hasPrefix("compute:") ? .server : .other(deviceOwner)
    }
  }

  /// What a device on a node must be, by its name's prefix; nil where that does not tell.
  init?(_ interface: InterfaceName, in role: NamespaceRole?) {
    switch DevicePrefix(interface) {
    case .routerInterface: self = .routerInterface
    case .gateway: self = .routerGateway
    case .centralSNAT: self = .centralSNAT
    case .highAvailability: self = .highAvailability
    case .floatingAgent: self = .floatingAgent
    case .subPort: self = .subPort
    case .tap, .namespaceEnd:
      if case .dhcp = role { self = .dhcp } else { return nil }
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .server: "server"
    case .dhcp: "DHCP"
    case .routerInterface: "router interface"
    case .routerGateway: "router gateway"
    case .centralSNAT: "central SNAT"
    case .highAvailability: "HA (VRRP)"
    case .floatingIP: "floating IP"
    case .floatingAgent: "floating IP agent"
    case .subPort: "trunk subport"
    case .none: "nobody"
    case .other(let text): text
    }
  }
  /// The same, behind the name of what it is a part of.
  var part: String {
    switch self {
    case .routerInterface: "interface"
    case .routerGateway: "gateway"
    default: description
    }
  }
  /// Belongs to a router.
  public var isRouters: Bool {
    switch self {
    case .routerInterface, .routerGateway, .centralSNAT, .highAvailability: true
    default: false
    }
  }
  /// Ports of these have no device of their own on any node.
  public var isPlugged: Bool { self != .floatingIP && self != .none }
}

extension String {
  /// What follows `prefix`; nil where it does not begin so.
  func after(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
