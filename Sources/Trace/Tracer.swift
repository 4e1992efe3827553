// Asks the simulation one probe after the other: the packet, then the answer to it.
import DataPlane
import Facts
import NetworkTypes

/// Traces probes through one cloud. Each probe starts from the same state: the captured one, or
/// what the probes of a session left behind.
public struct Tracer: Sendable {
  public let cloud: DataPlaneModel
  let base: TraceState
  public init(_ cloud: DataPlaneModel) { self.init(cloud, TraceState(cloud)) }

  init(_ cloud: DataPlaneModel, _ base: TraceState) {
    self.cloud = cloud
    self.base = base
  }

  /// A tracer for probes that are sent one after another into the same cloud, and once more where
  /// no answer came: every one meets the MAC tables and neighbour caches that all of them leave.
  /// Questions by ARP and DHCP ask only: they teach nothing.
  public func session(_ probes: [Probe]) -> Tracer {
    var state = base
    var waiting = probes.filter { $0.kind != .arp && $0.kind != .dhcp }
    for _ in 0..<2 { waiting = waiting.filter { !teach($0, &state) } }
    state.unresolved = []
    return Tracer(cloud, state)
  }

  /// Sends a probe and its answer through the state; whether the answer came back.
  private func teach(_ probe: Probe, _ state: inout TraceState) -> Bool {
    var simulation = Simulation(cloud: cloud, state: state)
    simulation.isSession = true
    guard launch(probe, in: &simulation) == nil else { return true }
    simulation.run()
    let reply = simulation.reply(to: probe)
    state = reply?.simulation.state ?? simulation.state
    state.conntrack = [:]
    return reply?.isBack == true
  }

  /// The way of one probe and of its answer.
  public func trace(_ probe: Probe) -> TraceResult {
    switch probe.kind {
    case .arp: traceResolution(probe)
    case .dhcp: traceDHCP(probe)
    default: tracePacket(probe)
    }
  }

  private func tracePacket(_ probe: Probe) -> TraceResult {
    var simulation = Simulation(cloud: cloud, state: base)
    if let problem = launch(probe, in: &simulation) { return refused(probe, problem) }
    simulation.run()
    let reply = simulation.reply(to: probe)
    return conclude(probe, simulation, reply)
  }

  /// Starts the probe's packet; a reason where that is not possible at all.
  private func launch(_ probe: Probe, in simulation: inout Simulation) -> Reason? {
    switch probe.origin {
    case .port(let id):
      guard let index = cloud.guest(id) else { return missing("no guest has port \(id)") }
      let guest = cloud.guests[index]
      guard let source = probe.source ?? guest.firstAddress(probe.destination.family) else {
        return missing("\(guest.name) has no \(probe.destination.family) address that is known")
      }
      var packet = probe.packet(from: source)
      packet.ethSrc = probe.sourceMAC ?? .zero
      let step = simulation.record(
        .guest(node: simulation.node(of: guest), name: guest.name), .originated(guest.name),
        Frame(packet), nil, evidence: guest.evidence)
      simulation.guestSend(index, packet, step)
    case .external(let address):
      guard let index = outsideHost(for: address) else {
        return missing("no external network of the cloud holds or reaches \(address)")
      }
      simulation.outsideSource = address
      let packet = probe.packet(from: address)
      let step = simulation.record(
        .outside(cloud.outsideHosts[index].name), .originated("the outside"), Frame(packet), nil,
        evidence: cloud.outsideHosts[index].evidence)
      simulation.outsideSend(index, packet, step)
    case .namespace(let key):
      guard let namespace = cloud.namespace(key) else {
        return missing("\(key) is not in the capture")
      }
      var packet = probe.packet(from: probe.destination)
      packet.source = probe.source
      let step = simulation.record(
        .namespace(key), .originated("\(key)"), Frame(packet), nil)
      simulation.localOutput(namespace, Frame(packet), step)
    }
    return nil
  }

  private func missing(_ text: String) -> Reason { Reason(code: "unknown-origin", text: text) }

  /// The outside host on whose subnet the address lies, else any (the internet is behind each).
  private func outsideHost(for address: IPAddress) -> Int? {
    cloud.outsideHosts.firstIndex { $0.isOnLink(address) }
      ?? (address.isPrivate ? nil : cloud.outsideHosts.indices.first)
  }

  private func refused(_ probe: Probe, _ reason: Reason) -> TraceResult {
    TraceResult(
      probe: probe, outcome: .unknown, receivedBy: [], overheardBy: [], seen: nil, isReplied: nil,
      path: [], steps: [], replyPath: [], replySteps: [], reason: reason, replyReason: nil,
      assumptions: [])
  }

  // MARK: verdict

  private func conclude(_ probe: Probe, _ forward: Simulation, _ reply: Reply?) -> TraceResult {
    let accepted = forward.deliveries.filter {
      if case .accepted = $0.kind { true } else { false }
    }
    var (outcome, reason) = verdict(probe, forward, accepted)
    if outcome == .delivered,
      let other = intruder(accepted.first, probe) ?? lostAnswer(accepted.first, reply)
    {
      (outcome, reason) = other
    }
    return TraceResult(
      probe: probe, outcome: outcome,
      receivedBy: outcome.isDelivered == false
        ? [] : accepted.map { name($0.recipient) }.uniqued(),
      overheardBy: forward.overheard.sorted(), seen: accepted.first.map(seen),
      isReplied: outcome == .unknown ? nil : (reply?.isBack ?? false),
      path: forward.path, steps: forward.steps, replyPath: reply?.simulation.path ?? [],
      replySteps: reply?.simulation.steps ?? [], reason: reason,
      replyReason: reply.flatMap { $0.isBack == true ? nil : $0.simulation.firstReason },
      assumptions: (forward.assumptions + (reply?.simulation.assumptions ?? [])).uniqued())
  }

  private func verdict(_ probe: Probe, _ forward: Simulation, _ accepted: [Delivery])
    -> (Outcome, Reason?)
  {
    if let first = accepted.first {
      // Without the neighbour's answer it would have ended at the first expiry.
      if let reason = forward.assumedNeighbour { return (.unresolved, reason) }
      if case .outside = first.recipient { return (.leftCloud, nil) }
      return (.delivered, nil)
    }
    if let refusal = forward.deliveries.first, case .refused(let reason) = refusal.kind {
      return (.rejected, reason)
    }
    if let unknown = forward.unknowns.first { return (.unknown, unknown) }
    guard let reason = forward.firstReason else {
      return (.dropped, Reason(code: "not-delivered", text: "no copy of the packet arrived"))
    }
    switch DropCode(rawValue: reason.code) {
    case .neighbourUnresolved: return (.unresolved, reason)
    case .netfilterReject: return (.rejected, reason)
    case .notAttached: return (.unknown, reason)
    default: return (.dropped, reason)
    }
  }

  /// A floating IP's packet that a router keeps for itself did not reach the port that Neutron
  /// gave the address to.
  private func intruder(_ delivery: Delivery?, _ probe: Probe) -> (Outcome, Reason)? {
    guard case .namespace(let key, let device)? = delivery?.recipient,
      let holder = cloud.floatingIPHolder(probe.destination), cloud.guest(holder) != nil
    else { return nil }
    let address = cloud.namespace(key)?.addresses[device]?.first {
      $0.address.address == probe.destination
    }
    return (
      .dropped,
      Reason(
        code: "taken-by-another",
        text: "\(key) takes it for its own: \(probe.destination) belongs to port \(holder)",
        evidence: address.map { [$0.evidence] } ?? [])
    )
  }

  /// A router or service is reached when its answer comes back: who pings a gateway asks for that.
  private func lostAnswer(_ delivery: Delivery?, _ reply: Reply?) -> (Outcome, Reason)? {
    guard case .namespace(let key, _)? = delivery?.recipient, let reply, reply.isBack != true
    else { return nil }
    let why = reply.simulation.firstReason
    if reply.isBack == nil, let why { return (.unknown, why) }
    return (
      .dropped,
      Reason(
        code: why?.code ?? DropCode.notAnswered.rawValue,
        text: "\(key) takes it, but its answer is lost"
          + (why.map { ": \($0.text)" } ?? ""), evidence: why?.evidence ?? [])
    )
  }

  private func seen(_ delivery: Delivery) -> SeenHeader {
    let packet = delivery.packet
    return SeenHeader(
      source: packet.source, destination: packet.destination,
      destinationPort: packet.hasPorts ? packet.destinationPort : nil, ttl: packet.ttl)
  }

  private func name(_ recipient: Delivery.Recipient) -> String {
    switch recipient {
    case .guest(let index): cloud.guests[index].port.rawValue
    case .namespace(let key, _): key.namespace.rawValue
    case .outside(let index): cloud.outsideHosts[index].name
    }
  }

  // MARK: ARP and DHCP

  private func traceResolution(_ probe: Probe) -> TraceResult {
    guard case .port(let id) = probe.origin, let index = cloud.guest(id) else {
      return refused(probe, missing("an ARP probe starts at a guest's port"))
    }
    let guest = cloud.guests[index]
    let mac = probe.sourceMAC ?? guest.mac
    let sender = probe.source ?? guest.firstAddress(probe.destination.family)
    var simulation = Simulation(cloud: cloud, state: base)
    let query = NeighbourQuery(stack: .guest(index), address: probe.destination)
    simulation.state.neighbours[query] = nil
    let wire = resolutionOnTheWire(probe, index, mac: mac, sender: sender, simulation)
    let found = simulation.resolve(
      probe.destination, stack: .guest(index), mac: mac, sender: sender, nil)
    let outcome: Outcome =
      found != nil ? .delivered : simulation.unknowns.isEmpty ? .unresolved : .unknown
    let reason =
      simulation.unknowns.first
      ?? Reason(
        code: DropCode.neighbourUnresolved.rawValue, text: "nobody answers for \(probe.destination)"
      )
    let answers = simulation.answers[query] ?? []
    return TraceResult(
      probe: probe, outcome: outcome, receivedBy: answers.map(\.description).uniqued(),
      overheardBy: wire.overheard, seen: nil, isReplied: outcome.isDelivered, path: wire.request,
      steps: wire.steps, replyPath: wire.answer, replySteps: wire.steps,
      reason: found == nil ? reason : nil, replyReason: nil, assumptions: simulation.assumptions)
  }

  /// The same question as frames: where it goes, and where answers come back.
  private func resolutionOnTheWire(
    _ probe: Probe, _ index: Int, mac: MACAddress, sender: IPAddress?, _ fresh: Simulation
  ) -> (request: [PathHop], answer: [PathHop], overheard: [String], steps: [Step]) {
    guard let sender else { return ([], [], [], []) }
    var simulation = fresh
    let guest = cloud.guests[index]
    let request = simulation.neighbourRequest(probe.destination, mac: mac, sender: sender)
    let step = simulation.record(
      .guest(node: simulation.node(of: guest), name: guest.name), .originated(guest.name),
      Frame(request), nil, evidence: guest.evidence)
    simulation.guestTransmit(index, Frame(request), step)
    simulation.run()
    let steps = simulation.steps
    func isAnswer(_ hop: PathHop) -> Bool {
      let packet = steps[hop.step].inner ?? steps[hop.step].packet
      return packet.isARP ? packet.arpOperation == 2 : packet.icmpType == 136
    }
    return (
      simulation.path.filter { !isAnswer($0) }, simulation.path.filter(isAnswer),
      hearers(of: simulation.path.filter { !isAnswer($0) }, probe), steps
    )
  }

  /// Guests and outside hosts at whose devices a question comes out, those apart that it is for.
  private func hearers(of path: [PathHop], _ probe: Probe) -> [String] {
    var names: Set<String> = []
    for hop in path where hop.isOut {
      for index in cloud.guestsByDevice[hop.device] ?? []
      where !cloud.guests[index].owns(probe.destination) {
        names.insert(cloud.guests[index].port.rawValue)
      }
      if case .segment(let segment)? = cloud.device(hop.device)?.attachment {
        names.formUnion(
          cloud.segments[segment].outsideHosts.map { cloud.outsideHosts[$0] }
            .filter { !$0.owns(probe.destination) }.map(\.name))
      }
    }
    return names.sorted()
  }

  private func traceDHCP(_ probe: Probe) -> TraceResult {
    guard case .port(let id) = probe.origin, let index = cloud.guest(id) else {
      return refused(probe, missing("a DHCP probe starts at a guest's port"))
    }
    let guest = cloud.guests[index]
    var simulation = Simulation(cloud: cloud, state: base)
    let packet = discover(from: probe.sourceMAC ?? guest.mac)
    let step = simulation.record(
      .guest(node: simulation.node(of: guest), name: guest.name), .originated(guest.name),
      Frame(packet), nil, evidence: guest.evidence)
    simulation.guestTransmit(index, Frame(packet), step)
    simulation.run()
    let offer = simulation.offer(to: index)
    return concludeDHCP(probe, simulation, offer)
  }

  private func discover(from mac: MACAddress) -> Packet {
    var packet = Packet(ethSrc: mac, ethDst: .broadcast, etherType: EtherType.ipv4)
    packet.source = .v4(.any)
    packet.destination = .v4(.broadcast)
    packet.ipProtocol = IPProtocol.udp
    packet.sourcePort = 68
    packet.destinationPort = 67
    packet.lengthBytes = 328
    return packet
  }

  private func concludeDHCP(_ probe: Probe, _ forward: Simulation, _ offer: Offer)
    -> TraceResult
  {
    let outcome: Outcome
    var reason: Reason?
    var servers: [String] = []
    var simulation: Simulation?
    switch offer {
    case .arrived(let server, let way):
      (outcome, servers, simulation) = (.delivered, [server.namespace.rawValue], way)
    case .none(let why, let way): (outcome, reason, simulation) = (.dropped, why, way)
    case .unknown(let why): (outcome, reason) = (.unknown, why)
    }
    return TraceResult(
      probe: probe, outcome: outcome, receivedBy: servers, overheardBy: forward.overheard,
      seen: nil, isReplied: outcome.isDelivered, path: forward.path, steps: forward.steps,
      replyPath: simulation?.path ?? [], replySteps: simulation?.steps ?? [], reason: reason,
      replyReason: nil, assumptions: forward.assumptions)
  }
}

extension Array where Element: Hashable {
  /// Without repetitions, in the order of first appearance.
  func uniqued() -> [Element] {
    var known: Set<Element> = []
    return filter { known.insert($0).inserted }
  }
}
