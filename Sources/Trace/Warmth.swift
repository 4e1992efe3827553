// MAC tables as they are while a cloud works. A dump holds what was heard in the last minutes;
// guests speak up all the time (ARP for absent neighbours, DHCP, router solicitations), and so do
// their gateways (ARP for whatever absent address a guest tries), so their places are known to the
// switches even where the dump's entries had just expired. Other ends (DHCP servers, the inner side
// of centralized SNAT) hardly ever broadcast: theirs are known only where the dump has them.
import DataPlane
import NetworkTypes

extension TraceState {
  /// The captured state after each guest has broadcast once.
  static func warm(_ cloud: DataPlaneModel) -> TraceState {
    var simulation = Simulation(cloud: cloud, state: TraceState(cloud))
    for index in cloud.guests.indices {
      guard let packet = greeting(of: cloud.guests[index]) else { continue }
      simulation.nested { $0.guestTransmit(index, Frame(packet), nil) }
    }
    for (device, source) in gateways(of: cloud) {
      let packet = request(from: device.mac, source: source)
      simulation.nested { $0.transmit(device.key, Frame(packet), nil) }
    }
    var state = simulation.state
    state.neighbours = [:]
    state.unresolved = []
    state.conntrack = [:]
    return state
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
