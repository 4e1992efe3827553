// The model's side: the parsed capture of the lab's router, asked the questions that the kernel is.
import DataPlane
import Facts
import NetworkTypes

@testable import Trace

/// What becomes of a packet at the router's routing decision.
enum RoutingAnswer: Equatable, CustomStringConvertible {
  case out(InterfaceName?, via: IPAddress?, source: IPAddress?)
  case local
  case refused(String)
  case unknown(String)

  var description: String {
    switch self {
    case .out(let device, let gateway, let source):
      "out of \(device?.rawValue ?? "-") via \(gateway.map { "\($0)" } ?? "-")"
        + (source.map { " src \($0)" } ?? "")
    case .local: "local"
    case .refused(let why): "refused: \(why)"
    case .unknown(let why): "unknown: \(why)"
    }
  }
}

/// What came out of the router, or nothing.
struct Emerged: Equatable, CustomStringConvertible {
  let device: InterfaceName
  let mac: MACAddress
  let source: IPAddress?
  let destination: IPAddress?
  let ttl: UInt8
  var description: String {
    "\(device) to \(mac): \(source.map { "\($0)" } ?? "?") > \(destination.map { "\($0)" } ?? "?")"
      + " ttl \(ttl)"
  }
  init(_ device: InterfaceName, _ packet: Packet) {
    self.device = device
    (mac, source, destination) = (packet.ethDst, packet.source, packet.destination)
    ttl = packet.ttl
  }
}

struct RoutingModelLab {
  private let cloud: DataPlaneModel
  private let namespace: NamespaceModel

  init?(_ facts: CloudFacts) {
    cloud = DataPlaneModel(facts)
    guard let namespace = cloud.namespace(KernelRoutingLab.key) else { return nil }
    self.namespace = namespace
  }

  private func simulation() -> Simulation {
    Simulation(cloud: cloud, state: TraceState(cloud))
  }

  /// `ip route get`.
  func answer(_ question: RouteQuestion) -> RoutingAnswer {
    var simulation = simulation()
    let frame = Frame(packet(question, ttl: 64))
    if let input = question.input {
      simulation.schedule(.device(DeviceKey(KernelRoutingLab.key, input)), frame, nil)
    } else {
      simulation.localOutput(namespace, frame, nil)
    }
    simulation.run()
    return answer(simulation, question)
  }

  private func answer(_ simulation: Simulation, _ question: RouteQuestion) -> RoutingAnswer {
    if let unknown = simulation.unknowns.first { return .unknown(unknown.text) }
    for step in simulation.steps {
      switch step.event {
      case .routed(let route, let hop, _):
        if route.type != .unicast { return .local }
        return .out(
          hop.interface, via: hop.gateway,
          source: question.input == nil && question.source == nil ? step.packet.source : nil)
      case .delivered: return .local
      case .dropped(let reason):
        if reason.code == DropCode.noListener.rawValue { return .local }
        return .refused(refusal(reason, question))
      default: continue
      }
    }
    return .unknown("the simulation says nothing")
  }

  /// Which of the refusing routes it was.
  private func refusal(_ reason: Reason, _ question: RouteQuestion) -> String {
    guard reason.code == DropCode.unreachableRoute.rawValue else { return reason.code }
    var query = RouteQuery(destination: question.destination, source: question.source)
    query.inputInterface = question.input
    query.fill(from: packet(question, ttl: 64))
    switch namespace.routing(question.destination.family).lookup(query) {
    case .unreachable: return "unreachable"
    case .prohibited: return "prohibit"
    case .blackhole: return "blackhole"
    default: return reason.code
    }
  }

  /// A real packet's way.
  func send(_ question: RouteQuestion, ttl: UInt8) -> (emerged: Emerged?, unknown: String?) {
    guard let input = question.input else { return (nil, "no device") }
    var simulation = simulation()
    let key = DeviceKey(KernelRoutingLab.key, input)
    simulation.schedule(.device(key), Frame(packet(question, ttl: ttl)), nil)
    simulation.run()
    return emerged(simulation)
  }

  /// The MAC that answers, with the device that it answers on.
  func resolve(
    _ target: IPAddress, sender: IPAddress, on device: InterfaceName
  ) -> (mac: MACAddress?, unknown: String?) {
    let mac = RoutingNetwork.peerMAC(device)
    var packet = Packet(ethSrc: mac, ethDst: .broadcast, etherType: EtherType.arp)
    packet.arpOperation = 1
    packet.ipProtocol = 1
    (packet.source, packet.destination) = (sender, target)
    packet.arpSHA = mac
    packet.lengthBytes = 28
    var simulation = simulation()
    simulation.schedule(.device(DeviceKey(KernelRoutingLab.key, device)), Frame(packet), nil)
    simulation.run()
    let reply = sent(simulation).first { $0.packet.isARP && $0.packet.arpOperation == 2 }
    return (reply?.packet.arpSHA, simulation.unknowns.first?.text)
  }

  private func emerged(_ simulation: Simulation) -> (Emerged?, String?) {
    let out = sent(simulation).first { $0.packet.isIP && $0.device != "lo" }
    return (out.map { Emerged($0.device, $0.packet) }, simulation.unknowns.first?.text)
  }

  private func sent(_ simulation: Simulation) -> [(device: InterfaceName, packet: Packet)] {
    simulation.path.filter(\.isOut).map {
      ($0.device.interface, simulation.steps[$0.step].packet)
    }
  }

  func packet(_ question: RouteQuestion, ttl: UInt8) -> Packet {
    let device = question.input ?? "lo"
    var packet = Packet(
      ethSrc: RoutingNetwork.peerMAC(device), ethDst: RoutingNetwork.routerMAC(device),
      etherType: question.destination.family == .ipv4 ? EtherType.ipv4 : EtherType.ipv6)
    (packet.source, packet.destination) = (question.source, question.destination)
    (packet.ipProtocol, packet.tos, packet.ttl) = (question.ipProtocol, question.tos, ttl)
    packet.mark = question.mark
    packet.lengthBytes = 32
    if question.ipProtocol == IPProtocol.icmp {
      if packet.isIPv6 { packet.ipProtocol = IPProtocol.icmp6 }
      packet.icmpType = packet.isIPv6 ? 128 : 8
      packet.icmpID = 7
    } else {
      packet.sourcePort = question.sourcePort
      packet.destinationPort = question.destinationPort
    }
    return packet
  }
}
