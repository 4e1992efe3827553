// Sets against the tracer, frame by frame: on the healthy cloud and on copies of it with random wrong
// flows and tags, a random frame arrives by the sets exactly where the tracer sees it arrive when no
// table has heard of anyone.
import DataPlane
import Facts
import FaultCaptures
import Isolation
import NetworkTypes
import PacketSets
import Reachability
import Testing
import Trace

@Suite struct SampledEqualityTests {
  @Test(arguments: 0..<6)
  func aRandomFrameArrivesWhereTheTracerSeesIt(_ seed: Int) throws {
    var random = Random(seed: seed)
    var facts = try FaultCapture.healthyFacts.get()
    if seed > 0 { disturb(&facts, &random) }
    let cloud = DataPlaneModel(facts)
    let reach = CloudReach(cloud)
    let tracer = Tracer(cloud)
    let guest = random.next(cloud.guests.count)
    let result = reach.reach(from: .guest(guest))
    let origins = Dictionary(
      uniqueKeysWithValues: result.arrivals.keys.map {
        ($0, result.origin(at: $0, in: reach.space))
      })
    var differences: [String] = []
    for _ in 0..<60 {
      let packet = frame(from: guest, cloud, &random)
      let values = reach.space.values(of: packet)
      let trace = tracer.trace(packet, fromGuest: guest, memory: .none)
      for other in cloud.guests.indices where other != guest {
        let bySets = origins[.guest(other)].map { reach.space.contains(values, in: $0) } ?? false
        let byTracer = trace.receivers.contains(.guest(other))
        if bySets != byTracer {
          differences.append(
            "\(cloud.guests[guest].name) → \(cloud.guests[other].name): sets \(bySets): \(packet)")
        }
      }
    }
    #expect(differences.isEmpty, "\(differences.first ?? "")")
  }

  /// Takes flows away, turns others' output to another port's, and exchanges tags.
  private func disturb(_ facts: inout CloudFacts, _ random: inout Random) {
    for index in facts.nodes.indices {
      for name in facts.nodes[index].openVSwitch.bridges.keys.sorted() {
        guard var bridge = facts.nodes[index].openVSwitch.bridges[name] else { continue }
        var flows = bridge.flows.records
        guard flows.count > 8 else { continue }
        for _ in 0..<2 { flows.remove(at: random.next(flows.count)) }
        let (a, b) = (random.next(flows.count), random.next(flows.count))
        if flows[a].table == flows[b].table {
          (flows[a].actions, flows[b].actions) = (flows[b].actions, flows[a].actions)
        }
        bridge.flows = FactSection(records: flows)
        facts.nodes[index].openVSwitch.bridges[name] = bridge
      }
    }
  }

  private func frame(from guest: Int, _ cloud: DataPlaneModel, _ random: inout Random) -> Packet {
    let sender = cloud.guests[guest]
    let macs = cloud.guests.map(\.mac) + [.broadcast]
    let addresses = cloud.guests.flatMap { $0.addresses.map(\.address) }.filter {
      $0.family == .ipv4
    }
    let isARP = random.next(4) == 0
    var packet = Packet(
      ethSrc: random.next(5) == 0 ? random.pick(cloud.guests.map(\.mac)) : sender.mac,
      ethDst: random.pick(macs), etherType: isARP ? EtherType.arp : EtherType.ipv4)
    packet.source = random.next(5) == 0 ? random.pick(addresses) : sender.firstAddress(.ipv4)
    packet.destination = random.pick(addresses)
    packet.ttl = 64
    if isARP {
      packet.arpOperation = UInt16(1 + random.next(2))
      packet.arpSHA = packet.ethSrc
      packet.lengthBytes = 28
      return packet
    }
    packet.lengthBytes = 60
    packet.ipProtocol = random.pick([IPProtocol.icmp, IPProtocol.tcp, IPProtocol.udp])
    if packet.ipProtocol == IPProtocol.icmp {
      packet.icmpType = 8
    } else {
      packet.sourcePort = 40_000
      packet.destinationPort = random.pick([22, 53, 80, 443, 5432])
      if packet.ipProtocol == IPProtocol.tcp { packet.tcpFlags = TCPFlags.syn }
    }
    return packet
  }
}
