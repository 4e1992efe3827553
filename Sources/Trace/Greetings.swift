// MAC tables after everyone spoke up once, as in a replay that has just been brought to life: each
// guest asks for an address that nobody has, and so do each of their gateways and the outside.
import DataPlane
import NetworkTypes

extension Tracer {
  /// A tracer whose probes meet MAC tables that heard a broadcast of each guest, each gateway and each
  /// outside host, as far as it gets, and nothing else.
  public func greeted() -> Tracer {
    var empty = base
    for name in empty.switches.keys { empty.switches[name]?.forgetMACs() }
    var simulation = Simulation(cloud: cloud, state: empty)
    for index in cloud.guests.indices {
      guard let packet = Self.greeting(of: cloud.guests[index]) else { continue }
      simulation.nested { $0.guestTransmit(index, Frame(packet), nil) }
    }
    for (device, source) in Self.gateways(of: cloud) where device.isUp {
      let packet = Self.request(from: device.mac, source: source)
      simulation.nested { $0.transmit(device.key, Frame(packet), nil) }
    }
    for (index, host) in cloud.outsideHosts.enumerated() {
      guard let source = host.addresses.lazy.map(\.address).first(where: { $0.family == .ipv4 })
      else { continue }
      let packet = Self.request(from: host.mac, source: source)
      simulation.nested { $0.outsideTransmit(index, Frame(packet), nil) }
    }
    var state = simulation.state
    state.neighbours = [:]
    state.unresolved = []
    state.unconfirmed = []
    state.contested = []
    state.conntrack = [:]
    return Tracer(cloud, state)
  }

  /// Devices of namespaces that hold an address which some guest routes through.
  private static func gateways(of cloud: DataPlaneModel) -> [(Device, IPAddress)] {
    let wanted = Set(cloud.guests.flatMap { $0.routes.compactMap(\.gateway) })
    return cloud.nodes.values.flatMap { $0.namespaces.values }.flatMap { namespace in
      namespace.addresses.flatMap { name, addresses in
        addresses.compactMap { record -> (Device, IPAddress)? in
          let address = record.address.address
          guard address.family == .ipv4, wanted.contains(address),
            let device = namespace.devices[name], device.isSwitchInternal
          else { return nil }
          return (device, address)
        }
      }
    }.sorted { $0.0.key < $1.0.key }
  }

  /// An ARP request that nobody answers.
  private static func request(from mac: MACAddress, source: IPAddress) -> Packet {
    var packet = Packet(ethSrc: mac, ethDst: .broadcast, etherType: EtherType.arp)
    packet.arpOperation = 1
    packet.ipProtocol = 1
    packet.source = source
    packet.destination = .v4(.any)
    packet.arpSHA = mac
    packet.lengthBytes = 28
    return packet
  }

  private static func greeting(of guest: Guest) -> Packet? {
    if let source = guest.firstAddress(.ipv4) { return request(from: guest.mac, source: source) }
    let allRouters = IPAddress.v6(IPv6Address(rawValue: 0xff02 << 112 | 2))
    guard let source = guest.firstAddress(.ipv6), let mac = MACAddress(multicast: allRouters)
    else { return nil }
    var packet = Packet(ethSrc: guest.mac, ethDst: mac, etherType: EtherType.ipv6)
    packet.source = source
    packet.destination = allRouters
    packet.ipProtocol = IPProtocol.icmp6
    packet.icmpType = 133
    packet.ttl = 255
    packet.lengthBytes = 56
    return packet
  }
}
