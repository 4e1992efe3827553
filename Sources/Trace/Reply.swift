// The answer to a delivered packet, sent by whoever took it and traced back to the origin.
import DataPlane
import Facts
import NetworkTypes

/// The way back.
struct Reply: Sendable {
  /// Nil where unknown.
  let isBack: Bool?
  let simulation: Simulation
}

extension Simulation {
  /// Why the packet ended: what is unknown, else of the drops the one that lies deepest. Ends of
  /// flooded copies count only if nothing else ended one: at an unknown far end, or, of no weight at
  /// all, at a device that the frame is not for.
  var firstReason: Reason? {
    if let unknown = unknowns.first { return unknown }
    func deepest(_ wanted: (Reason) -> Bool) -> Reason? {
      drops.filter { wanted($0.reason) }.max { depth(of: $0.step) < depth(of: $1.step) }?.reason
    }
    let lesser = [DropCode.notAttached.rawValue, DropCode.otherHost.rawValue]
    return deepest { !lesser.contains($0.code) }
      ?? deepest { $0.code == DropCode.notAttached.rawValue } ?? deepest { _ in true }
  }

  private func depth(of step: Int) -> Int {
    var depth = 0
    var current: Int? = step
    while let position = current, depth <= steps.count {
      depth += 1
      current = steps[position].parent
    }
    return depth
  }

  /// Sends the first taker's answer; nil where nobody took the packet or a port is closed.
  func reply(to probe: Probe) -> Reply? {
    guard
      let delivery = deliveries.first(where: {
        if case .accepted = $0.kind { true } else { false }
      })
    else { return nil }
    var back = Simulation(cloud: cloud, state: state)
    back.outsideSource = outsideSource
    back.isSession = isSession
    let answer = answerPacket(to: delivery.packet)
    back.originate(answer, from: delivery.recipient)
    back.run()
    let expected = Self.origin(of: probe, in: cloud)
    let arrived = back.deliveries.first { arrived in
      arrived.recipient.matches(expected) && arrived.packet.destination == sentSource(probe)
    }
    let isBack = arrived != nil
    if let source = arrived?.packet.source, source != probe.destination {
      back.assume(
        "the answer comes from \(source), not from \(probe.destination): most programs ignore it")
    }
    if !isBack, !back.unknowns.isEmpty { return Reply(isBack: nil, simulation: back) }
    return Reply(isBack: isBack, simulation: back)
  }

  private func sentSource(_ probe: Probe) -> IPAddress? {
    // A namespace's own packet has its source only once it is routed.
    probe.source ?? steps.lazy.compactMap(\.packet.source).first
  }

  private mutating func originate(_ packet: Packet, from recipient: Delivery.Recipient) {
    switch recipient {
    case .guest(let index):
      let guest = cloud.guests[index]
      let step = record(
        .guest(node: node(of: guest), name: guest.name), .originated(guest.name), Frame(packet),
        nil)
      guestSend(index, packet, step)
    case .namespace(let key, _):
      guard let namespace = cloud.namespace(key) else { return }
      let step = record(.namespace(key), .originated("\(key)"), Frame(packet), nil)
      localOutput(namespace, Frame(packet), step)
    case .outside(let index):
      let step = record(
        .outside(cloud.outsideHosts[index].name), .originated("the outside"), Frame(packet), nil)
      outsideSend(index, packet, step)
    }
  }

  private func answerPacket(to packet: Packet) -> Packet {
    var answer = packet
    answer.ethSrc = .zero
    answer.ethDst = .zero
    answer.vlans = .none
    answer.mark = 0
    answer.ttl = 64
    answer.source = packet.destination
    answer.destination = packet.source
    if packet.isICMP {
      answer.icmpType = packet.isIPv4 ? 0 : 129
    } else {
      answer.sourcePort = packet.destinationPort
      answer.destinationPort = packet.sourcePort
      if packet.ipProtocol == IPProtocol.tcp { answer.tcpFlags = TCPFlags.syn | TCPFlags.ack }
    }
    return answer
  }

  static func origin(of probe: Probe, in cloud: DataPlaneModel) -> Delivery.Recipient? {
    switch probe.origin {
    case .port(let id): cloud.guest(id).map { .guest($0) }
    case .namespace(let key): .namespace(key, device: "")
    case .external: .outside(-1)
    }
  }
}

extension Delivery.Recipient {
  /// Same guest, same namespace whatever the device, any outside host.
  func matches(_ other: Delivery.Recipient?) -> Bool {
    switch (self, other) {
    case (.guest(let a), .guest(let b)): a == b
    case (.namespace(let a, _), .namespace(let b, _)): a == b
    case (.outside, .outside): true
    default: false
    }
  }
}
