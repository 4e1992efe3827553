// Packets that a bridge's own flows let in: what its guests send to each other, and what comes from elsewhere.
import Facts
import NetworkTypes

enum TracedPackets {
  /// A guest's port, as the anti-spoofing flows know it.
  private struct Guest: Hashable {
    var port: UInt128
    var mac: MACAddress
    var address: IPv4Address
  }
  /// A guest's MAC behind a VLAN, as the flows for what comes in know it.
  private struct Station: Hashable {
    var vlan: UInt128
    var mac: MACAddress
  }

  private static let guestLimit = 60

  /// As `ofproto/trace` takes them.
  static func texts(_ flows: FlowList) -> [String] {
    var guests: [Guest] = []
    var stations: [Station] = []
    for flow in flows {
      if let guest = guest(flow.match), !guests.contains(guest) { guests.append(guest) }
      if let station = station(flow.match), !stations.contains(station) {
        stations.append(station)
      }
    }
    let vlans = Dictionary(
      stations.map { ($0.mac, $0.vlan) }, uniquingKeysWith: { first, _ in first })
    let networks = Dictionary(grouping: guests) { vlans[$0.mac] }
    guests = spread(guests)
    stations = spread(stations)
    let between = guests.flatMap { guest in
      // Most guests talk to the next one of their network.
      let network = networks[vlans[guest.mac]] ?? []
      let place = network.firstIndex(of: guest) ?? 0
      return network.isEmpty ? [] : packets(guest, to: network[(place + 1) % network.count])
    }
    let entries = Set(flows.filter { $0.table == 0 }.compactMap { $0.match.exact(.inPort) })
      .subtracting(guests.map(\.port)).sorted().prefix(2)
    return between + entries.flatMap { port in stations.map { arriving($0, port) } }
  }

  private static func spread<Element>(_ all: [Element]) -> [Element] {
    guard all.count > guestLimit else { return all }
    return (0..<guestLimit).map { all[$0 * all.count / guestLimit] }
  }

  private static func guest(_ match: FlowMatch) -> Guest? {
    guard let port = match.exact(.inPort), let mac = match.exact(.ethSrc),
      let address = match.exact(.ipSrc), address != 0, match.exact(.ethType) == 0x800
    else { return nil }
    return Guest(
      port: port, mac: MACAddress(rawValue: UInt64(mac)),
      address: IPv4Address(rawValue: UInt32(address)))
  }
  private static func station(_ match: FlowMatch) -> Station? {
    guard let mac = match.exact(.ethDst), let tag = match[.vlanTCI], tag.value & 0xfff != 0 else {
      return nil
    }
    return Station(vlan: tag.value & 0xfff, mac: MACAddress(rawValue: UInt64(mac)))
  }

  private static func packets(_ from: Guest, to: Guest) -> [String] {
    let head = "in_port=\(from.port),dl_src=\(from.mac)"
    let ip = "nw_src=\(from.address),nw_dst=\(to.address),nw_ttl=64"
    return [
      "\(head),dl_dst=\(to.mac),tcp,\(ip),tp_src=40000,tp_dst=22",
      "\(head),dl_dst=\(to.mac),tcp,\(ip),tp_src=40000,tp_dst=443",
      "\(head),dl_dst=\(to.mac),udp,\(ip),udp_src=40000,udp_dst=53",
      "\(head),dl_dst=\(to.mac),icmp,\(ip),icmp_type=8,icmp_code=0",
      "\(head),dl_dst=\(to.mac),arp,arp_op=2,arp_spa=\(from.address),arp_tpa=\(to.address)",
      "\(head),dl_dst=02:00:00:00:00:01,tcp,nw_src=10.255.255.1,nw_dst=\(to.address),nw_ttl=64",
    ]
  }

  private static func arriving(_ station: Station, _ port: UInt128) -> String {
    "in_port=\(port),dl_vlan=\(station.vlan),dl_src=02:00:00:00:00:01,dl_dst=\(station.mac),"
      + "tcp,nw_src=192.0.2.1,nw_dst=10.0.0.9,nw_ttl=64,tp_src=40000,tp_dst=22"
  }
}
