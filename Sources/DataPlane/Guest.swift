// A guest's network interface as part of the model: addresses, routes and where it is plugged.
import Facts
import NetworkTypes
import OpenFlow

/// A route of a guest, as DHCP or router advertisements would have given it.
public struct GuestRoute: Hashable, Sendable {
  public let destination: IPPrefix
  /// Nil for on-link.
  public let gateway: IPAddress?
  public init(destination: IPPrefix, gateway: IPAddress?) {
    self.destination = destination
    self.gateway = gateway
  }
}

/// Where a guest's frames enter and leave the node.
public enum GuestPlug: Hashable, Sendable {
  case device(DeviceKey)
  /// No kernel device: vhost-user and the like.
  case switchPort(NodeName, SwitchPortKey)
  /// Not plugged on any captured node.
  case nowhere(String)
}

/// A guest's interface: one Neutron port.
public struct Guest: Sendable {
  public let port: PortID
  public let name: String
  public let network: NetworkID?
  public let mac: MACAddress
  /// Fixed addresses first, then the link-local one that EUI-64 makes of the MAC.
  public let addresses: [InterfaceAddress]
  public let routes: [GuestRoute]
  public let mtuBytes: Int
  public let plug: GuestPlug
  /// The tag that the guest itself puts on this port's frames: a trunk's subport.
  public let vlan: VLANID?
  public let evidence: [Evidence]

  public func owns(_ address: IPAddress) -> Bool {
    addresses.contains { $0.address == address }
  }
  public func firstAddress(_ family: AddressFamily) -> IPAddress? {
    addresses.first { $0.address.family == family && !$0.address.isLinkLocal }?.address
      ?? addresses.first { $0.address.family == family }?.address
  }

  /// The longest matching route; nil where the guest's kernel says `network is unreachable`.
  public func route(to destination: IPAddress) -> GuestRoute? {
    let onLink = addresses.map { GuestRoute(destination: $0.prefix, gateway: nil) }
    return (onLink + routes)
      .filter { $0.destination.contains(destination) }
      .max { $0.destination.length < $1.destination.length }
  }
}
