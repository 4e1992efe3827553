// What sets say of the healthy cloud, beside the tracer and the kernel.
import DataPlane
import Facts
import FaultCaptures
import NetworkTypes
import PacketSets
import Reachability
import Testing
import Trace

@Suite struct ReachTests {
  /// Through routers, floating IPs and shared translation, with the source that the tracer sees.
  @Test func guestsReachTheInternetAsTheTracerSaysThatTheyDo() throws {
    let cloud = DataPlaneModel(try FaultCapture.healthyFacts.get())
    let reach = CloudReach(cloud)
    let space = reach.space
    let tracer = Tracer(cloud)
    let far = try #require(IPAddress("8.8.8.8"))
    var count = 0
    for index in cloud.guests.indices {
      let guest = cloud.guests[index]
      guard let source = guest.firstAddress(.ipv4) else { continue }
      let trace = tracer.trace(
        Probe(origin: .port(guest.port), destination: far, kind: .tcp, destinationPort: 443))
      let sent = space.all(of: [
        space.value(.vlan, 0), space.address(.source, source), space.address(.destination, far),
        space.value(.ipProtocol, 6), space.value(.destinationPort, 443),
        space.value(.tcpFlags, UInt128(TCPFlags.syn)),
      ])
      let result = reach.reach(from: .guest(index), sending: sent)
      let seen = space.union(
        cloud.outsideHosts.indices.map { host in
          space.and(
            result.packets(at: .outside(host), in: space),
            space.value(.ethDestination, UInt128(cloud.outsideHosts[host].mac.rawValue)))
        })
      #expect(seen.isEmpty == (trace.outcome != .leftCloud), "\(guest.name)")
      guard let shown = trace.seen?.source, trace.outcome == .leftCloud else { continue }
      // Other ways are open to it while a MAC table is empty.
      #expect(
        !space.and(seen, space.value(.source, shown.bits)).isEmpty, "\(guest.name) as \(shown)")
      count += 1
    }
    #expect(count > 5)
  }

  /// Behind routers of every kind: also those that learn a guest's MAC from a switch that answers for
  /// other nodes.
  @Test func theOutsideReachesFloatingIPsAsTheTracerSaysThatItDoes() throws {
    let cloud = DataPlaneModel(try FaultCapture.healthyFacts.get())
    let reach = CloudReach(cloud)
    let space = reach.space
    let tracer = Tracer(cloud)
    let far = try #require(IPAddress("8.8.8.8"))
    var verdicts: [Bool: Int] = [:]
    for floating in cloud.facts.neutron.floatingIPs.records {
      guard let index = floating.port.flatMap({ cloud.guest($0) }) else { continue }
      for port: UInt16 in [22, 4444] {
        let trace = tracer.trace(
          Probe(
            origin: .external(far), destination: floating.address, kind: .tcp,
            destinationPort: port))
        let sent = space.all(of: [
          space.address(.source, far), space.address(.destination, floating.address),
          space.value(.ipProtocol, 6), space.value(.destinationPort, UInt128(port)),
          space.value(.tcpFlags, UInt128(TCPFlags.syn)),
        ])
        let hosts = cloud.outsideHosts.indices.filter {
          !reach.reach(from: .outside($0), sending: sent).packets(at: .guest(index), in: space)
            .isEmpty
        }
        // A closed port of a guest refuses what arrived.
        let arrives = !trace.receivedBy.isEmpty || trace.outcome == .rejected
        #expect(!hosts.isEmpty == arrives, "\(floating.address) \(port): \(trace.outcome)")
        verdicts[arrives, default: 0] += 1
      }
    }
    #expect(verdicts[true] ?? 0 > 3)
    #expect(verdicts[false] ?? 0 > 0)
  }

  /// A neighbour advertisement with a priority tag leaves the switch without one, and the router's
  /// kernel hears it where it has joined the group: measured on a veth pair, by the counters in
  /// /proc/net/snmp6. It joins all nodes and all routers; scopes 0 and 1 it does not even count.
  @Test(arguments: [
    ("ff02::1", true), ("ff02::2", true), ("ff02::3", false), ("ff05::77", false),
    ("ff01::1", false), ("ff00::", false),
  ])
  func aKernelHearsTheGroupsThatItHasJoined(_ group: String, _ isHeard: Bool) throws {
    let cloud = DataPlaneModel(try FaultCapture.healthyFacts.get())
    let reach = CloudReach(cloud)
    let index = try #require(cloud.guests.firstIndex { $0.name == "a7" })
    let guest = cloud.guests[index]
    var packet = Packet(ethSrc: guest.mac, ethDst: .broadcast, etherType: EtherType.ipv6)
    packet.vlans = VLANStack(outer: VLANTag(id: VLANID(truncating: 0)), inner: nil)
    packet.source = IPAddress("::1:2:3")
    packet.destination = IPAddress(group)
    packet.ipProtocol = IPProtocol.icmp6
    packet.icmpType = 136
    packet.ttl = 255
    packet.ndTarget = IPv6Address(linkLocal: guest.mac)
    packet.ndTLL = guest.mac
    packet.lengthBytes = 72
    func isRouter(_ key: NamespaceKey) -> Bool { key.namespace.rawValue.hasPrefix("qrouter-") }
    let heard = Tracer(cloud).trace(packet, fromGuest: index).receivers.contains {
      if case .namespace(let key) = $0 { isRouter(key) } else { false }
    }
    #expect(heard == isHeard)
    let values = reach.space.values(of: packet)
    let result = reach.reach(
      from: .guest(index), sending: reach.space.value(.vlan, 0x1000))
    let bySets = result.arrivals.keys.contains { place in
      guard case .stack(let key) = place, isRouter(key.namespaceKey) else { return false }
      return reach.space.contains(values, in: result.origin(at: place, in: reach.space))
    }
    #expect(bySets == isHeard)
  }
}
