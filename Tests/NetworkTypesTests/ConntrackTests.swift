// Connection tracking: which packet begins, belongs, answers; and what NAT does to both directions.
import Conntrack
import NetworkTypes
import Testing

private func packet(
  _ proto: UInt8, _ source: String, _ sport: UInt16, _ destination: String, _ dport: UInt16,
  flags: UInt16 = TCPFlags.syn
) -> Packet {
  var packet = Packet(ethSrc: .zero, ethDst: .zero, etherType: EtherType.ipv4)
  packet.source = IPAddress(source)
  packet.destination = IPAddress(destination)
  packet.ipProtocol = proto
  if proto == IPProtocol.icmp {
    packet.icmpType = UInt8(dport)
    packet.icmpID = sport
  } else {
    (packet.sourcePort, packet.destinationPort) = (sport, dport)
    if proto == IPProtocol.tcp { packet.tcpFlags = flags }
  }
  return packet
}

private func answer(_ packet: Packet) -> Packet {
  var answer = packet
  (answer.source, answer.destination) = (packet.destination, packet.source)
  if packet.isICMP {
    answer.icmpType = 0
  } else {
    (answer.sourcePort, answer.destinationPort) = (packet.destinationPort, packet.sourcePort)
    answer.tcpFlags = packet.ipProtocol == IPProtocol.tcp ? TCPFlags.syn | TCPFlags.ack : 0
  }
  return answer
}

@Test(arguments: [IPProtocol.tcp, IPProtocol.udp, IPProtocol.icmp])
func firstIsNewAndItsAnswerEstablished(_ proto: UInt8) {
  var table = ConntrackTable()
  let first = packet(proto, "10.0.0.5", 4000, "10.0.0.6", proto == IPProtocol.icmp ? 8 : 80)
  let tracked = table.track(first, zone: 7)
  #expect(tracked.state == .new)
  table.confirm(tracked.connection!)
  let back = table.track(answer(first), zone: 7)
  #expect(back.state == .established)
  #expect(back.direction == .reply)
  #expect(back.connection == tracked.connection)
  #expect(table.track(first, zone: 7).state == .established)
}

@Test func zonesKnowNothingOfEachOther() {
  var table = ConntrackTable()
  let first = packet(IPProtocol.udp, "10.0.0.5", 4000, "10.0.0.6", 53)
  table.confirm(table.track(first, zone: 1).connection!)
  #expect(table.track(answer(first), zone: 2).state == .new)
}

@Test func unconfirmedConnectionsAreForgotten() {
  var table = ConntrackTable()
  let first = packet(IPProtocol.udp, "10.0.0.5", 4000, "10.0.0.6", 53)
  _ = table.track(first, zone: 0)
  #expect(!table.knows(answer(first), zone: 0))
}

@Test func sourceNATIsUndoneOnTheAnswer() {
  var table = ConntrackTable()
  var first = packet(IPProtocol.tcp, "10.0.0.5", 4000, "8.8.8.8", 443)
  let position = table.track(first, zone: 0).connection!
  table[position].translate(.source, to: IPAddress("203.0.113.9"), port: nil)
  table.confirm(position)
  table[position].apply(.source, to: &first, direction: .original)
  #expect(first.source == IPAddress("203.0.113.9"))
  var back = answer(first)
  let tracked = table.track(back, zone: 0)
  #expect(tracked.direction == .reply)
  table[position].apply(.source, to: &back, direction: .reply)
  #expect(back.destination == IPAddress("10.0.0.5"))
  #expect(table[position].isSourceNATed && !table[position].isDestinationNATed)
}

@Test func destinationNATChangesPortsThereAndBack() {
  var table = ConntrackTable()
  var first = packet(IPProtocol.tcp, "198.51.100.7", 5000, "203.0.113.9", 2222)
  let position = table.track(first, zone: 0).connection!
  table[position].translate(.destination, to: IPAddress("10.0.0.5"), port: 22)
  table.confirm(position)
  table[position].apply(.destination, to: &first, direction: .original)
  #expect(first.destination == IPAddress("10.0.0.5") && first.destinationPort == 22)
  var back = answer(first)
  #expect(table.track(back, zone: 0).direction == .reply)
  table[position].apply(.destination, to: &back, direction: .reply)
  #expect(back.source == IPAddress("203.0.113.9") && back.sourcePort == 2222)
}

@Test func errorsAreRelatedAndTranslated() {
  var table = ConntrackTable()
  var first = packet(IPProtocol.udp, "10.0.0.5", 4000, "8.8.8.8", 53)
  let position = table.track(first, zone: 0).connection!
  table[position].translate(.source, to: IPAddress("203.0.113.9"), port: nil)
  table.confirm(position)
  table[position].apply(.source, to: &first, direction: .original)
  var error = packet(IPProtocol.icmp, "192.0.2.1", 0, "203.0.113.9", 3)
  error.quoted = QuotedHeader(
    source: first.source!, destination: first.destination!, ipProtocol: IPProtocol.udp,
    sourcePort: first.sourcePort, destinationPort: first.destinationPort)
  let tracked = table.track(error, zone: 0)
  #expect(tracked.state == .related)
  #expect(tracked.direction == .reply)
  table[position].apply(.source, to: &error, direction: .reply)
  #expect(error.destination == IPAddress("10.0.0.5"))
  #expect(error.quoted?.source == IPAddress("10.0.0.5"))
}

@Test func whatBelongsToNothing() {
  var table = ConntrackTable()
  for (name, lost) in [
    ("reset", packet(IPProtocol.tcp, "10.0.0.5", 1, "10.0.0.6", 2, flags: TCPFlags.rst)),
    (
      "answer to a request never seen",
      packet(IPProtocol.tcp, "10.0.0.5", 1, "10.0.0.6", 2, flags: TCPFlags.syn | TCPFlags.ack)
    ),
    ("echo reply", packet(IPProtocol.icmp, "10.0.0.5", 1, "10.0.0.6", 0)),
  ] {
    #expect(table.track(lost, zone: 0).state == .invalid, "\(name)")
  }
}
