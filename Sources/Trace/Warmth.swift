// MAC tables as they are while a cloud works. A dump holds what was heard in the last minutes;
// guests speak up all the time (ARP for absent neighbours, DHCP, router solicitations), so their
// places are known to the switches even where the dump's entries had just expired. Routers and
// DHCP servers hardly ever broadcast: theirs are known only where the dump has them.
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
    var state = simulation.state
    state.neighbours = [:]
    state.unresolved = []
    state.conntrack = [:]
    return state
  }

  /// A request that nobody answers.
  private static func greeting(of guest: Guest) -> Packet? {
    if let source = guest.firstAddress(.ipv4) {
      var packet = Packet(ethSrc: guest.mac, ethDst: .broadcast, etherType: EtherType.arp)
      packet.arpOperation = 1
      packet.ipProtocol = 1
      packet.source = source
      packet.destination = .v4(.any)
      packet.arpSHA = guest.mac
      packet.lengthBytes = 28
      return packet
    }
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
