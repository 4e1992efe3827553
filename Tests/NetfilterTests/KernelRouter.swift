// The lab's router twice: in the kernel, and in the model with the little routing that it needs.
import Conntrack
import Facts
import Formats
import KernelLab
import NetworkTypes

@testable import Netfilter

/// What comes of one packet.
enum Fate: Equatable, CustomStringConvertible {
  case nothing
  case out(InterfaceName, Packet)
  /// The model declines, or the kernel draws lots.
  case undecided(String)

  var description: String {
    switch self {
    case .nothing: "nothing"
    case .out(let device, let packet): "\(device): \(packet.summary)"
    case .undecided(let why): "undecided: \(why)"
    }
  }
}

extension Packet {
  /// All that a sniffer compares, in a line.
  var summary: String {
    let kind =
      ipProtocol == IPProtocol.tcp
      ? "tcp flags \(tcpFlags)"
      : isICMP ? "icmp \(icmpType)/\(icmpCode)" : "proto \(ipProtocol)"
    let quote = quoted.map {
      " quoting \($0.source):\($0.sourcePort) > \($0.destination):\($0.destinationPort)"
    }
    return "\(ends) \(kind) tos \(tos) ttl \(ttl)\(quote ?? "")"
  }
}

/// The kernel's side: two namespaces, one that routes and one that holds the far ends of its devices.
final class KernelRouter {
  private let router: LabNamespace
  private let peers: LabNamespace
  static let routerMAC = MACAddress(rawValue: 0x0200_0000_00ff)
  static let peerMACs: [InterfaceName: MACAddress] = [
    "inside": MACAddress(rawValue: 0x0200_0000_0001),
    "outside": MACAddress(rawValue: 0x0200_0000_0002),
    "tap1": MACAddress(rawValue: 0x0200_0000_0011), "tap2": MACAddress(rawValue: 0x0200_0000_0012),
  ]

  init() throws {
    router = try LabNamespace()
    peers = try LabNamespace()
    for device in Self.peerMACs.keys.sorted() { try connect(device) }
    try setUpRouting()
    try setUpBridge()
    try setUpSets()
    try peers.listen(on: Self.peerMACs.keys.sorted())
  }

  private func connect(_ device: InterfaceName) throws {
    let mac = Self.peerMACs[device]?.description ?? ""
    try router.ip(
      """
      link add \(device) address \(Self.routerMAC) type veth peer name \(device) address \(mac) netns \(peers.processID)
      link set \(device) up
      """)
    try peers.sysctl("net.ipv6.conf.\(device).disable_ipv6", "1")
    try peers.ip("link set \(device) up")
  }

  private func setUpRouting() throws {
    for (name, value) in [
      ("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1"),
      ("net.ipv4.icmp_ratemask", "0"), ("net.ipv6.icmp.ratelimit", "0"),
      ("net.ipv4.conf.all.rp_filter", "0"), ("net.ipv4.conf.all.send_redirects", "0"),
      ("net.netfilter.nf_conntrack_tcp_be_liberal", "1"),
    ] {
      try router.sysctl(name, value)
    }
    for device in ["inside", "outside"] {
      try router.sysctl("net.ipv4.conf.\(device).rp_filter", "0")
      try router.sysctl("net.ipv4.conf.\(device).send_redirects", "0")
    }
    for plan in [AddressPlan.ipv4, .ipv6] { try router.ip(addressing(plan)) }
  }

  private func addressing(_ plan: AddressPlan) -> String {
    var lines: [String] = []
    let nets: [(InterfaceName, String)] = [
      ("inside", plan.insideNet), ("outside", plan.outsideNet),
    ]
    for (device, net) in nets {
      let addresses = plan.addresses(device)
      for address in plan.family == .ipv4 ? addresses : addresses.reversed() {
        lines.append(
          "addr add \(address) dev \(device)" + (plan.family == .ipv6 ? " nodad" : ""))
      }
      let mac = Self.peerMACs[device]?.description ?? ""
      let numbers = Array(AddressPlan.hosts) + (device == "inside" ? [AddressPlan.second] : [])
      for number in numbers {
        lines.append(
          "neigh add \(plan.host(net, number)) dev \(device) lladdr \(mac) nud permanent")
      }
    }
    lines.append("route add default via \(plan.host(plan.outsideNet, 1)) dev outside")
    return lines.joined(separator: "\n")
  }

  private func setUpBridge() throws {
    guard LabNamespace.canBridge else { return }
    try router.ip(
      """
      link add name br type bridge
      link set tap1 master br
      link set tap2 master br
      link set dev br up
      """)
    for device in ["tap1", "tap2"] {
      let mac = Self.peerMACs[InterfaceName(device)]?.description ?? ""
      try router.run(["bridge", "fdb", "add", mac, "dev", device, "master", "static"])
    }
    try router.sysctl("net.bridge.bridge-nf-call-iptables", "1")
    try router.sysctl("net.bridge.bridge-nf-call-ip6tables", "1")
  }

  /// The sets that generated rules name, of each family: `nets4`, `nets6`, …
  private func setUpSets() throws {
    for plan in [AddressPlan.ipv4, .ipv6] { try setUpSets(plan) }
  }

  private func setUpSets(_ plan: AddressPlan) throws {
    let number = plan.family.rawValue
    let family = plan.family == .ipv4 ? "inet" : "inet6"
    try router.run(
      ["ipset", "restore"],
      input: """
        create nets\(number) hash:net family \(family)
        add nets\(number) \(plan.prefix(plan.insideNet))
        add nets\(number) \(plan.host(plan.insideNet, 2)) nomatch
        add nets\(number) \(plan.host(plan.farNet, 1))
        create ports\(number) hash:ip,port family \(family)
        add ports\(number) \(plan.host(plan.outsideNet, 1)),tcp:80
        add ports\(number) \(plan.host(plan.outsideNet, 2)),udp:53
        add ports\(number) \(plan.host(plan.insideNet, 1)),tcp:1-1000
        create pairs\(number) hash:net,port family \(family)
        add pairs\(number) \(plan.prefix(plan.insideNet)),tcp:80
        add pairs\(number) \(plan.prefix(plan.outsideNet)),tcp:22-443
        add pairs\(number) \(plan.host(plan.insideNet, 1)),tcp:80 nomatch
        create list\(number) list:set size 8
        add list\(number) pairs\(number)
        add list\(number) nets\(number)

        """)
  }

  /// Empties every table of both families and back ends, policies too.
  func flush() throws {
    let chains = [
      "raw": ["PREROUTING", "OUTPUT"],
      "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
      "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
      "filter": ["INPUT", "FORWARD", "OUTPUT"],
    ]
    let empty = chains.sorted { $0.key < $1.key }.map { table, chains in
      (["*\(table)"] + chains.map { ":\($0) ACCEPT [0:0]" } + ["COMMIT\n"]).joined(separator: "\n")
    }.joined()
    for command in ["iptables-nft", "ip6tables-nft", "iptables-legacy", "ip6tables-legacy"] {
      try router.run(["\(command)-restore"], input: empty)
    }
  }

  /// Loads a rule set of all four tables in place of the last one of the same back end, forgets all
  /// connections, and returns what the saver prints then.
  func load(_ rules: String, family: AddressFamily, isLegacy: Bool) throws -> String {
    let command = (family == .ipv4 ? "iptables" : "ip6tables") + (isLegacy ? "-legacy" : "-nft")
    try router.run(["\(command)-restore"], input: rules)
    try router.run(["conntrack", "-F"])
    return try router.run(["\(command)-save", "-c"])
  }

  func sets() throws -> String { try router.run(["ipset", "save"]) }

  /// Sends a packet into a device of the router and hears what comes out of it.
  func send(
    _ packet: Packet, into device: InterfaceName, quietSeconds: Double
  ) throws -> Fate {
    guard let frame = LabFrame.encode(packet) else { return .undecided("no such frame") }
    let heard = try peers.send(frame, on: device, quietSeconds: quietSeconds)
      .compactMap { device, frame in LabFrame.decode(frame).map { (device, $0) } }
      .filter {
        !$0.1.isNeighbourDiscovery && !($0.1.isIPv6 && $0.1.icmpType == 143 && $0.1.isICMP)
      }
    guard let first = heard.first else { return .nothing }
    if heard.count > 1 { return .undecided("\(heard.count) packets came out") }
    return .out(first.0, first.1)
  }

  /// The rules with what they have counted.
  func counted(family: AddressFamily, isLegacy: Bool) throws -> String {
    let command = (family == .ipv4 ? "iptables" : "ip6tables") + (isLegacy ? "-legacy" : "-nft")
    return try router.run(["\(command)-save", "-c"]).split(separator: "\n")
      .filter { $0.contains("-A") || $0.hasPrefix("*") || $0.hasPrefix(":") }.joined(
        separator: "\n")
  }

  func connections() throws -> String { try router.run(["conntrack", "-L", "-o", "extended"]) }
}

/// The model's side.
struct ModelRouter {
  let plan: AddressPlan
  let model: NetfilterModel
  var conntrack = ConntrackTable()
  /// The last packet's hooks, for a failure's report.
  private(set) var steps: [String] = []

  init(plan: AddressPlan, rules: String, sets: String) {
    self.plan = plan
    var facts = NamespaceFacts(name: "router")
    let parsed = IPTablesFormat.parse(CaptureText(rules), family: plan.family)
    let section = Section(records: parsed.records)
    if plan.family == .ipv4 { facts.iptables4 = section } else { facts.iptables6 = section }
    facts.nftables = Section()
    facts.ipsets = Section(records: IPSetFormat.parse(CaptureText(sets)).records)
    facts.ebtables = Section()
    model = NetfilterModel(facts)
  }

  private func context(in inDevice: InterfaceName?, out: InterfaceName?) -> HookContext {
    let plan = plan
    return HookContext(
      inDevice: inDevice, outDevice: out,
      addressType: { address, _ in plan.isLocal(address) ? .local : .unicast },
      addresses: { plan.addresses($0) })
  }

  private mutating func run(
    _ hook: Hook, _ packet: inout Packet, _ connection: inout PacketConnection,
    _ context: HookContext
  ) -> HookResult {
    let result = model.run(
      hook, packet: &packet, connection: &connection, context: context, conntrack: &conntrack)
    steps.append("\(hook.rawValue): \(result.verdict.short)")
    for step in result.steps {
      steps.append("  \(step.rule?.text ?? "connection"): \(step.effect)")
    }
    return result
  }

  // MARK: Routing

  mutating func receive(_ packet: Packet, on device: InterfaceName) -> Fate {
    steps = []
    var packet = packet
    var connection = PacketConnection()
    let first = run(.prerouting, &packet, &connection, context(in: device, out: nil))
    if let fate = refused(first, packet, connection, device) { return fate }
    guard let destination = packet.destination else { return .nothing }
    if plan.isLocal(destination) { return deliver(packet, connection, device, first) }
    let out = plan.route(destination)
    packet.ttl -= 1
    let second = run(.forward, &packet, &connection, context(in: device, out: out))
    if let fate = refused(second, packet, connection, device) { return fate }
    let last = run(.postrouting, &packet, &connection, context(in: device, out: out))
    if let fate = refused(last, packet, connection, device) { return fate }
    if first.isTranslationRandom || last.isTranslationRandom { return .undecided("a random port") }
    return .out(out, packet)
  }

  private mutating func deliver(
    _ packet: Packet, _ connection: PacketConnection, _ device: InterfaceName, _ first: HookResult
  ) -> Fate {
    var packet = packet
    var connection = connection
    let result = run(.input, &packet, &connection, context(in: device, out: nil))
    if let fate = refused(result, packet, connection, device) { return fate }
    if first.isTranslationRandom || result.isTranslationRandom {
      return .undecided("a random port")
    }
    guard let answer = packet.closedPortsAnswer else { return .nothing }
    return send(answer, PacketConnection())
  }

  /// A packet of the router's own.
  private mutating func send(_ packet: Packet, _ connection: PacketConnection) -> Fate {
    var packet = packet
    var connection = connection
    guard let destination = packet.destination else { return .nothing }
    if plan.isLocal(destination) { return .undecided("an answer to the router itself") }
    var out = plan.route(destination)
    let result = run(.output, &packet, &connection, context(in: nil, out: out))
    if let fate = refused(result, packet, connection, nil) { return fate }
    if result.needsRerouting, let destination = packet.destination {
      if plan.isLocal(destination) { return .undecided("an answer to the router itself") }
      out = plan.route(destination)
    }
    let last = run(.postrouting, &packet, &connection, context(in: nil, out: out))
    if let fate = refused(last, packet, connection, nil) { return fate }
    if last.isTranslationRandom { return .undecided("a random port") }
    return .out(out, packet)
  }

  /// Nil for a packet that goes on.
  private mutating func refused(
    _ result: HookResult, _ packet: Packet, _ connection: PacketConnection,
    _ device: InterfaceName?
  ) -> Fate? {
    switch result.verdict {
    case .accept: return nil
    case .drop: return .nothing
    case .queue: return .undecided("queued")
    case .unknown(let reasons): return .undecided(reasons.map(\.text).joined(separator: "; "))
    case .reject(let kind, _):
      // What the router sends itself is not refused to anyone outside.
      guard device != nil else { return .undecided("a refusal of the router's own packet") }
      guard let answer = packet.refusal(kind, from: source(of: packet, kind)) else {
        return .nothing
      }
      return send(answer, connection.ofRefusal)
    }
  }

  /// ICMP errors about a local packet come from where it went, others from the router's device.
  private func source(of packet: Packet, _ kind: RejectKind) -> IPAddress? {
    guard let destination = packet.destination, let source = packet.source else { return nil }
    if kind == .tcpReset || plan.isLocal(destination) { return destination }
    return plan.addresses(plan.route(source)).first?.address
  }

  // MARK: Bridging

  mutating func bridge(_ packet: Packet, from port: InterfaceName, to out: InterfaceName) -> Fate {
    steps = []
    var packet = packet
    var connection = PacketConnection()
    var isRandom = false
    for hook in [Hook.prerouting, .forward, .postrouting] {
      var context = context(
        in: hook == .postrouting ? nil : "br", out: hook == .prerouting ? nil : "br")
      context.physicalIn = port
      context.physicalOut = hook == .prerouting ? nil : out
      context.isBridged = true
      let result = run(hook, &packet, &connection, context)
      switch result.verdict {
      case .accept: break
      case .reject: return .undecided("a refusal on a bridge")
      default:
        if let fate = refused(result, packet, connection, nil) { return fate }
      }
      if result.destinationChanged { return .undecided("a bridged packet with a new destination") }
      isRandom = isRandom || result.isTranslationRandom
    }
    return isRandom ? .undecided("a random port") : .out(out, packet)
  }
}

extension Packet {
  /// What a host without any open port answers; nil for nothing.
  fileprivate var closedPortsAnswer: Packet? {
    switch ipProtocol {
    case IPProtocol.tcp: return refusal(.tcpReset, from: destination, keepsTOS: true)
    case IPProtocol.udp:
      return refusal(isIPv4 ? .portUnreachable : .portUnreachable6, from: destination)
    default:
      guard icmpType == (isIPv4 ? 8 : 128) else { return nil }
      var reply = answer
      reply.ttl = 64
      return reply
    }
  }

  fileprivate func refusal(
    _ kind: RejectKind, from: IPAddress?, keepsTOS: Bool = false
  ) -> Packet? {
    var packet = answer
    packet.source = from
    packet.ttl = 64
    switch kind {
    case .tcpReset:
      guard ipProtocol == IPProtocol.tcp, tcpFlags & TCPFlags.rst == 0 else { return nil }
      packet.tcpFlags = tcpFlags & TCPFlags.ack == 0 ? TCPFlags.rst | TCPFlags.ack : TCPFlags.rst
      packet.tos = keepsTOS ? tos & 0xfc : 0
      packet.lengthBytes = isIPv4 ? 40 : 60
    case .icmp(let type, let code), .icmp6(let type, let code):
      if isICMPError { return nil }
      packet.ipProtocol = isIPv4 ? IPProtocol.icmp : IPProtocol.icmp6
      packet.tcpFlags = 0
      packet.icmpID = 0
      (packet.icmpType, packet.icmpCode) = (type, code)
      packet.quoted = QuotedHeader(self)
      // As much of the packet as fits 576 or 1280 bytes.
      packet.lengthBytes = min(lengthBytes + (isIPv4 ? 28 : 48), isIPv4 ? 576 : 1280)
      packet.tos = isIPv4 ? tos & 0x1e | 0xc0 : 0
    case .unrecognised: return nil
    }
    return packet
  }
}
