// What a hook needs to know about the packet's surroundings, given by whoever routes or bridges it.
import Conntrack
import Facts
import NetworkTypes

public enum Hook: String, Hashable, Sendable, CaseIterable {
  case prerouting, input, forward, output, postrouting
}

public struct HookContext: Sendable {
  /// Nil where there is none: at output; at postrouting of a packet made here or bridged.
  /// A bridged packet has the bridge here, its port in `physicalIn`.
  public var inDevice: InterfaceName?
  /// Nil at prerouting and input.
  public var outDevice: InterfaceName?
  /// The bridge ports that a frame came in by and leaves by; the former stays with a packet that
  /// came in by a bridge and is routed or delivered.
  public var physicalIn: InterfaceName?
  public var physicalOut: InterfaceName?
  /// br_netfilter runs this hook for a frame that a bridge forwards.
  public var isBridged = false
  /// The gateway that the route names, else the destination; MASQUERADE picks its address by it.
  public var nextHop: IPAddress?
  /// How routing classes an address, on one device only if one is given; nil for not known.
  public var addressType: @Sendable (IPAddress, InterfaceName?) -> AddressType?
  /// Whether a local socket would take the packet (`-m socket`, TPROXY); nil for not known.
  public var hasSocket: @Sendable (Packet) -> Bool?
  /// Whether the reverse path check holds (`-m rpfilter`); nil for not known.
  public var passesReversePath: @Sendable (Packet, ReversePathOptions) -> Bool?
  /// Addresses of a device in `ip address`' order, secondary and tentative ones left out; nil for not known.
  public var addresses: @Sendable (InterfaceName) -> [InterfaceAddress]?

  public init(
    inDevice: InterfaceName? = nil, outDevice: InterfaceName? = nil,
    physicalIn: InterfaceName? = nil, physicalOut: InterfaceName? = nil, isBridged: Bool = false,
    nextHop: IPAddress? = nil,
    addressType: @escaping @Sendable (IPAddress, InterfaceName?) -> AddressType? = { _, _ in nil },
    hasSocket: @escaping @Sendable (Packet) -> Bool? = { _ in nil },
    passesReversePath: @escaping @Sendable (Packet, ReversePathOptions) -> Bool? = { _, _ in nil },
    addresses: @escaping @Sendable (InterfaceName) -> [InterfaceAddress]? = { _ in nil }
  ) {
    self.inDevice = inDevice
    self.outDevice = outDevice
    self.physicalIn = physicalIn
    self.physicalOut = physicalOut
    self.isBridged = isBridged
    self.nextHop = nextHop
    self.addressType = addressType
    self.hasSocket = hasSocket
    self.passesReversePath = passesReversePath
    self.addresses = addresses
  }
}

/// `-m rpfilter`'s options.
public struct ReversePathOptions: Hashable, Sendable {
  public var isLoose = false
  public var usesMark = false
  public var acceptsLocal = false
  public init() {}
}

/// Conntrack state that rides with a packet between the hooks of one namespace. A device into
/// another namespace, and any veth, clears it; loopback keeps it.
public struct PacketConnection: Hashable, Sendable {
  /// Nil before conntrack has seen the packet.
  public var tracked: TrackedPacket?
  /// What CT in raw chose before the lookup.
  public var template: TrackingTemplate?
  public init() {}

  /// What an answer that the kernel makes about this packet carries into its own output hook
  /// (nf_ct_attach): the packet's connection, seen from the other side, so that NAT is undone on it.
  /// So do REJECT's answers and ICMP errors of routing (no route, TTL exceeded, too big). What a
  /// local socket or a closed port answers carries nothing and is looked up: delivery forgets.
  public var ofRefusal: PacketConnection {
    var connection = PacketConnection()
    guard let tracked, let index = tracked.connection else { return connection }
    connection.tracked = TrackedPacket(
      state: .related, direction: tracked.direction == .original ? .reply : .original,
      zone: tracked.zone, connection: index)
    return connection
  }
}

/// Zone and helper that `CT` attaches to a packet for its lookup.
public struct TrackingTemplate: Hashable, Sendable {
  public var originalZone: UInt16 = 0
  public var replyZone: UInt16 = 0
  /// `--zone mark`: the mark that the packet has at the lookup is the zone of these directions.
  public var markZone: TrackingOptions.ZoneDirection?
  public var helper: String?
  public init() {}

  /// The zones of a packet's lookup.
  func zones(mark: UInt32) -> (original: UInt16, reply: UInt16) {
    let zone = UInt16(truncatingIfNeeded: mark)
    return switch markZone {
    case nil: (originalZone, replyZone)
    case .both: (zone, zone)
    case .original: (zone, 0)
    case .reply: (0, zone)
    }
  }
}
