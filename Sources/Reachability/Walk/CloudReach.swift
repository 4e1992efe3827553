// All packets that can get from one place to every other: the data plane of a trace, walked with
// sets. An answer holds at least what can arrive; what is not in it cannot, unless a part of it is
// marked as unknown.
import DataPlane
import Facts
import NetworkTypes
import OpenFlow
import PacketSets

/// Where packets start.
public enum ReachOrigin: Hashable, Sendable {
  /// Index into the cloud's guests: whatever a tenant can make his machine send.
  case guest(Int)
  /// Index into the cloud's outside hosts.
  case outside(Int)

  public var asPlace: ReachPlace {
    switch self {
    case .guest(let index): .guest(index)
    case .outside(let index): .outside(index)
    }
  }
}

/// Where packets arrive.
public enum ReachPlace: Hashable, Sendable {
  /// Any frame on the guest's device, whomever it is for.
  case guest(Int)
  case outside(Int)
  /// The namespace's stack took an IP packet for itself.
  case stack(DeviceKey)
  /// A frame came out on a namespace's device, whomever it is for.
  case device(DeviceKey)
}

/// Packets that came to one place by one way.
public struct Arrival {
  /// As they are there.
  public let packets: PacketSet
  let trail: Trail?
  private let sent = SentPackets()
  private final class SentPackets {
    var whole: PacketSet?
  }

  init(packets: PacketSet, trail: Trail?) {
    self.packets = packets
    self.trail = trail
  }

  /// As they were sent; of all of them, found once.
  public func origin(of part: PacketSet? = nil, in space: PacketSpace) -> PacketSet {
    if let part, part != packets { return Trail.origin(of: part, along: trail, in: space) }
    if let known = sent.whole { return known }
    let found = Trail.origin(of: packets, along: trail, in: space)
    sent.whole = found
    return found
  }
  /// Routers that rewrote them.
  public var routedHops: Int { trail?.routedHops ?? 0 }
}

public struct ReachResult {
  public internal(set) var arrivals: [ReachPlace: [Arrival]] = [:]
  public internal(set) var unknowns: [UnknownPart] = []
  /// Places that beams were taken to, as a measure of work.
  public internal(set) var hops = 0

  public func packets(at place: ReachPlace, in space: PacketSpace) -> PacketSet {
    space.union((arrivals[place] ?? []).map(\.packets))
  }
  /// What was sent of the packets that arrive at a place.
  public func origin(at place: ReachPlace, in space: PacketSpace) -> PacketSet {
    space.union((arrivals[place] ?? []).map { $0.origin(in: space) })
  }
}

/// Reachability of one cloud. Keeps compiled flows and sets; for one thread.
public final class CloudReach {
  public let cloud: DataPlaneModel
  public let space: PacketSpace
  private var switches: [NodeName: SwitchReach] = [:]
  private var hooks: [NamespaceKey: HookReach] = [:]
  var tunnels: [TunnelWay: TunnelEnds] = [:]
  var resolutions: [Resolution: [IPAddress: Set<MACAddress>]] = [:]
  private struct WireEnd: Hashable {
    let segment: Int
    let member: DeviceKey?
  }
  private var wires: [WireEnd: PacketSet] = [:]
  /// Frames for the MAC that they come from, of all MACs that anything in the cloud has or names.
  /// Of others two in one frame are never taken for the same.
  let toSender: PacketSet
  /// MACs of whoever answers for an address, on whatever network.
  public let owners: [IPAddress: [MACAddress]]

  /// Addresses that routers answer for without having them.
  let floatingAddresses: [IPAddress]

  public init(_ cloud: DataPlaneModel) {
    self.cloud = cloud
    floatingAddresses =
      cloud.facts.neutron.floatingIPs.records.map(\.address)
      + cloud.nodes.values.flatMap { $0.namespaces.values }.flatMap { namespace in
        namespace.routing4.routes(in: .main).filter(\.destination.isHost).map(\.destination.address)
      }
    space = PacketSpace.headers()
    space.reserve(nodes: 1 << 20)
    owners = AddressOwners.collect(cloud)
    toSender = space.diagonal(KnownMACs.collect(cloud))
  }

  func switchReach(_ node: NodeName) -> SwitchReach? {
    if let known = switches[node] { return known }
    guard let model = cloud.nodes[node] else { return nil }
    let made = SwitchReach(model, toSender: toSender, space: space)
    switches[node] = made
    return made
  }

  func hookReach(_ namespace: NamespaceModel) -> HookReach {
    if let known = hooks[namespace.key] { return known }
    let made = HookReach(namespace, space: space)
    hooks[namespace.key] = made
    return made
  }

  /// Unicast frames on a wire that are for devices known to be at another of its members, or for
  /// hosts of the outside; `member` is nil for a host that they are not for.
  func heldElsewhere(_ segment: Int, _ member: DeviceKey?) -> PacketSet {
    let key = WireEnd(segment: segment, member: member)
    if let known = wires[key] { return known }
    let places = cloud.segments[segment].knownMACs
    var held = space.union(
      Set(places.filter { $0.value != member }.keys).sorted().map {
        space.value(.ethDestination, UInt128($0.rawValue))
      })
    for index in cloud.segments[segment].outsideHosts {
      held = space.or(held, framesFor(cloud.outsideHosts[index]))
    }
    wires[key] = held
    return held
  }

  /// Unicast frames on the wire of an outside host that are for it.
  func framesFor(_ host: OutsideHost) -> PacketSet {
    space.and(
      space.value(.vlan, host.vlan.map { UInt128($0.rawValue) | tagPresent } ?? 0),
      space.value(.ethDestination, UInt128(host.mac.rawValue)))
  }

  // MARK: Asking

  /// Everything that an origin can bring to any place, of what it may send at all.
  public func reach(from origin: ReachOrigin, sending: PacketSet? = nil) -> ReachResult {
    let walk = Walk(self)
    start(origin, Beam(set: space.and(everything(from: origin), sending ?? .all)), walk)
    walk.run()
    return walk.result
  }

  /// Puts packets on an origin's wire.
  func start(_ origin: ReachOrigin, _ beam: Beam, _ walk: Walk) {
    var beam = beam
    switch origin {
    case .guest(let index):
      let guest = cloud.guests[index]
      if let vlan = guest.vlan {
        let inner = space.assign(
          .vlan, UInt128(vlan.rawValue) | tagPresent, in: beam.set)
        beam.rewrite(HeaderField.vlan.bit, to: inner)
      }
      switch guest.plug {
      case .device(let key): walk.go(.receive(key), beam)
      case .switchPort(let node, let port): walk.go(.switchPort(node, port, nil), beam)
      case .nowhere: break
      }
    case .outside(let index):
      let host = cloud.outsideHosts[index]
      if let vlan = host.vlan {
        beam.rewrite(
          HeaderField.vlan.bit,
          to: space.assign(.vlan, UInt128(vlan.rawValue) | tagPresent, in: beam.set))
      }
      walk.go(.segment(host.segment, from: nil), beam)
    }
  }

  /// Headers whose narrower fields hold what such packets can have.
  private var wellFormed: PacketSet {
    let short = space.and(
      space.interval(.source, 0...0xffff_ffff), space.interval(.destination, 0...0xffff_ffff))
    let icmp = space.and(
      space.interval(.sourcePort, 0...0xff), space.interval(.destinationPort, 0...0xff))
    let v4 = space.or(space.family(.ipv4), space.arp)
    let isICMP = space.or(
      space.and(space.family(.ipv4), space.value(.ipProtocol, 1)),
      space.and(space.family(.ipv6), space.value(.ipProtocol, 58)))
    return space.minus(space.minus(.all, space.minus(v4, short)), space.minus(isICMP, icmp))
  }

  /// What an origin can send: a guest any frame, tagged or not, from any address; the outside
  /// packets from its router's MAC to the addresses on its wire.
  public func everything(from origin: ReachOrigin) -> PacketSet {
    var set = PacketSet.all
    for field in HeaderField.allCases where HeaderField.unsentMask & field.bit != 0 {
      set = space.and(space.value(field, 0), set)
    }
    switch origin {
    case .guest(let index):
      set = space.and(set, wellFormed)
      // A subport's tag is put on by the guest and is not what it sends.
      if cloud.guests[index].vlan != nil { set = space.and(set, space.value(.vlan, 0)) }
      return space.minus(
        set, space.and(space.value(.vlan, 0), space.interval(.innerVLAN, 1...0x1fff)))
    case .outside(let index):
      let host = cloud.outsideHosts[index]
      let onLink = space.union(host.addresses.map { space.prefix(.destination, $0.prefix) })
      let own = space.union(
        host.addresses.map { address in
          let family = space.family(address.address.family)
          let inside = space.prefix(.source, address.prefix)
          return space.or(
            space.minus(family, inside), space.address(.source, address.address))
        })
      return space.all(of: [
        set, wellFormed, space.value(.vlan, 0), space.value(.innerVLAN, 0),
        space.value(.ethSource, UInt128(host.mac.rawValue)), onLink, own,
      ])
    }
  }
}

/// MACs of everything that has one or that a flow names.
enum KnownMACs {
  static func collect(_ cloud: DataPlaneModel) -> Set<MACAddress> {
    var macs = Set(cloud.guests.map(\.mac)).union(cloud.outsideHosts.map(\.mac))
    macs.formUnion(cloud.facts.neutron.ports.records.compactMap(\.mac))
    macs.formUnion(
      cloud.facts.neutron.ports.records.flatMap { $0.allowedAddressPairs.compactMap(\.mac) })
    for node in cloud.nodes.values {
      for namespace in node.namespaces.values {
        macs.formUnion(namespace.devices.values.map(\.mac))
      }
      for bridge in node.openVSwitch.bridges.values {
        for field in bridge.flows.numbers.flatMap({ bridge.flows.flows(of: $0) })
          .flatMap(\.match.fields)
        where field.field == .ethSrc || field.field == .ethDst {
          macs.insert(MACAddress(rawValue: UInt64(truncatingIfNeeded: field.value)))
        }
      }
    }
    return macs.filter { !$0.isMulticast && $0 != .zero }
  }
}

enum AddressOwners {
  static func collect(_ cloud: DataPlaneModel) -> [IPAddress: [MACAddress]] {
    var owners: [IPAddress: Set<MACAddress>] = [:]
    for guest in cloud.guests {
      for address in guest.addresses { owners[address.address, default: []].insert(guest.mac) }
    }
    for port in cloud.facts.neutron.ports.records {
      for pair in port.allowedAddressPairs where pair.prefix.isHost {
        if let mac = pair.mac ?? port.mac { owners[pair.prefix.address, default: []].insert(mac) }
      }
    }
    for namespace in cloud.nodes.values.flatMap({ $0.namespaces.values }) {
      for (name, addresses) in namespace.addresses {
        // A bridge's port, a switch's too, has no stack of its own that would answer.
        guard let device = namespace.devices[name], device.link.master == nil,
          device.switchPort == nil || device.isSwitchInternal
        else { continue }
        for address in addresses {
          owners[address.address.address, default: []].insert(device.mac)
        }
      }
    }
    for host in cloud.outsideHosts {
      for address in host.addresses { owners[address.address, default: []].insert(host.mac) }
    }
    return owners.mapValues { $0.sorted() }
  }
}
