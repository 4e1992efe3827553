// Random networks around one router, as what `ip` and sysctl are told to make them, and random
// questions about them. Feeds both sides of the differential test.
import NetworkTypes

/// A small seeded generator, so that a failure can be had again.
struct RoutingRandom: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) {
    state = seed
    // The same steps from neighbouring seeds would be each other's, shifted.
    state = next() ^ seed << 32
  }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
  mutating func chance(_ percent: Int) -> Bool { number(0..<100) < percent }
  mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self) }
  mutating func pick<Value>(_ values: [Value]) -> Value { values[number(0..<values.count)] }
}

/// A question to `ip route get`.
struct RouteQuestion {
  var destination: IPAddress
  var source: IPAddress?
  /// Nil for what the router itself sends.
  var input: InterfaceName?
  var mark: UInt32 = 0
  var tos: UInt8 = 0
  var ipProtocol = IPProtocol.udp
  var sourcePort: UInt16 = 0
  var destinationPort: UInt16 = 0

  private var proto: String {
    if ipProtocol == IPProtocol.udp { return "udp" }
    return destination.family == .ipv4 ? "icmp" : "58"
  }

  /// A line of `ip -batch`.
  var command: String {
    var words = ["route get \(destination)"]
    if let source { words.append("from \(source)") }
    if let input { words.append("iif \(input)") }
    if mark != 0 { words.append("mark \(mark)") }
    if tos != 0 { words.append("tos 0x\(String(tos, radix: 16))") }
    words.append("ipproto \(proto)")
    if ipProtocol == IPProtocol.udp {
      words.append("sport \(sourcePort) dport \(destinationPort)")
    }
    return words.joined(separator: " ")
  }
}

struct RoutingNetwork {
  let devices: [InterfaceName]
  private(set) var random: RoutingRandom
  /// What `ip -batch` is told once the devices are there; some of it may be refused.
  private(set) var commands: [String] = []
  private(set) var sysctls: [(name: String, value: String)] = []
  /// The router's own, without their lengths: as wanted, then as the kernel took them.
  var own: [String] = []
  /// Most networks let most packets through; some are full of what refuses.
  private let strictness: Int
  /// One that the router has set down, so that nothing can be sent into it.
  private(set) var downDevice: InterfaceName?

  init(seed: UInt64) {
    random = RoutingRandom(seed)
    strictness = random.chance(30) ? 40 : 8
    devices = Array(["wa", "wb", "wc", "wd"].prefix(random.chance(50) ? 3 : 4))
    addAddresses()
    if random.chance(70) { addDefault() }
    for _ in 0..<random.number(4..<16) { addRoute() }
    // Without a rule of its own a namespace is asked by shortcuts that are to be judged too.
    if random.chance(75) { for _ in 0..<random.number(1..<8) { addRule() } }
    addNeighbours()
    addSysctls()
    if random.chance(12) {
      let device = random.pick(devices)
      downDevice = device
      commands.append("link set \(device) down")
    }
  }

  static func routerMAC(_ device: InterfaceName) -> MACAddress {
    MACAddress(rawValue: 0x0200_0001_0000 | UInt64(device.rawValue.utf8.last ?? 0))
  }
  static func peerMAC(_ device: InterfaceName) -> MACAddress {
    MACAddress(rawValue: 0x0200_0002_0000 | UInt64(device.rawValue.utf8.last ?? 0))
  }

  // MARK: Addresses

  private static let subnets = ["10.0.1", "10.0.2", "10.0.3", "172.16.0", "192.168.7"]
  private static let far = ["203.0.113", "198.51.100", "8.8.8"]

  private mutating func addAddresses() {
    for device in devices {
      // A device without any is told apart by some checks.
      for _ in 0..<random.number(random.chance(10) ? 0..<1 : 1..<4) { addAddress(device) }
    }
    if random.chance(40) { add("10.9.9.\(random.number(1..<4))", "32", "lo", "") }
  }

  private mutating func addAddress(_ device: InterfaceName) {
    let index = devices.firstIndex(of: device) ?? 0
    let subnet = random.chance(60) ? Self.subnets[index] : random.pick(Self.subnets)
    let scope = random.chance(12) ? random.pick([" scope link", " scope host"]) : ""
    let brd = random.chance(50) ? " brd +" : ""
    add(
      "\(subnet).\(random.number(1..<7))", random.pick(["24", "24", "24", "16", "29", "32"]),
      device, brd + scope)
  }

  private mutating func add(
    _ address: String, _ length: String, _ device: InterfaceName, _ more: String
  ) {
    own.append(address)
    commands.append("addr add \(address)/\(length) dev \(device)\(more)")
  }

  mutating func anyAddress() -> IPAddress {
    let subnet = random.pick(random.chance(55) ? Self.subnets : Self.far)
    let text =
      random.chance(25) && !own.isEmpty
      ? random.pick(own) : "\(subnet).\(random.pick([1, 2, 3, 4, 5, 6, 9, 17, 0, 7, 255]))"
    return IPAddress(text) ?? .v4(.broadcast)
  }
  private mutating func hostAddress() -> String {
    "\(random.pick(Self.subnets)).\(random.number(1..<10))"
  }

  // MARK: Routes and rules

  private static let tables = ["main", "main", "100", "200", "4000000000"]

  private mutating func prefix() -> String {
    switch random.number(0..<10) {
    case 0, 1: "default"
    case 2, 3: "\(random.pick(Self.far)).0/24"
    case 4: "\(random.pick(Self.far)).0/\(random.pick(["28", "27"]))"
    case 5: "8.0.0.0/8"
    case 6: "\(random.pick(Self.subnets)).0/\(random.pick(["24", "25", "29"]))"
    case 7: "10.0.0.0/\(random.pick(["8", "16"]))"
    default: "\(anyAddress())/32"
    }
  }

  private mutating func addDefault() {
    commands.append(
      "route add default via \(hostAddress()) dev \(random.pick(devices)) onlink metric 30")
  }

  private mutating func addRoute() {
    let type =
      random.chance(strictness)
      ? random.pick(["unreachable ", "blackhole ", "prohibit ", "throw "]) : ""
    var line = "route add \(type)\(prefix())"
    if type.isEmpty {
      let device = random.pick(devices)
      line +=
        random.chance(60)
        ? " via \(hostAddress()) dev \(device) onlink" : " dev \(device)"
      if random.chance(15), !own.isEmpty { line += " src \(random.pick(own))" }
    }
    if random.chance(30) { line += " metric \(random.pick([5, 10, 20]))" }
    if random.chance(10) { line += " tos \(random.pick(["0x08", "0x10"]))" }
    if random.chance(4) { line = "route add local \(prefix()) dev lo" }
    commands.append(line + " table \(random.pick(Self.tables))")
  }

  private mutating func addRule() {
    let priority = random.number(1..<40) * 1000
    commands.append(
      "rule add priority \(priority)" + selectors() + " " + action(priority))
  }

  private mutating func selectors() -> String {
    var text = random.chance(15) ? " not" : ""
    if random.chance(40) { text += " from \(prefix().replacing("default", with: "all"))" }
    if random.chance(25) { text += " to \(prefix().replacing("default", with: "all"))" }
    if random.chance(25) { text += " iif \(random.pick(devices + ["lo"]))" }
    if random.chance(15) { text += " fwmark \(random.pick(["1", "2/3", "0x10/0xf0"]))" }
    if random.chance(10) { text += " tos \(random.pick(["0x08", "0x10", "0x18"]))" }
    if random.chance(12) {
      text += " ipproto \(random.pick(["udp", "icmp"]))"
    }
    if random.chance(10) { text += " sport \(random.pick(["53", "1000-2000"]))" }
    if random.chance(10) { text += " dport \(random.pick(["53", "1000-2000"]))" }
    return text
  }

  private mutating func action(_ priority: Int) -> String {
    if random.chance(strictness) { return random.pick(["unreachable", "prohibit", "blackhole"]) }
    switch random.number(0..<11) {
    case 3: return "goto \(priority + random.number(1..<8) * 1000)"
    case 4, 5:
      return "table \(random.pick(Self.tables)) suppress_prefixlength \(random.pick([0, 8, 24]))"
    default: return "table \(random.pick(Self.tables))"
    }
  }

  // MARK: Neighbours and sysctls

  /// The numbers of hosts whose MACs the router knows; for the others nobody answers.
  private static let known = [1, 2, 3, 5, 7, 8, 9, 17]

  private mutating func addNeighbours() {
    for device in devices {
      for subnet in Self.subnets + Self.far {
        for number in Self.known {
          commands.append(
            "neigh add \(subnet).\(number) dev \(device) lladdr \(Self.peerMAC(device))"
              + " nud permanent")
        }
      }
    }
  }

  private mutating func addSysctls() {
    let ipv4 = "net.ipv4"
    sysctls = [("\(ipv4).ip_forward", random.chance(90) ? "1" : "0")]
    sysctls.append(("net.ipv6.conf.all.forwarding", "1"))
    sysctls += ["icmp_ratemask", "icmp_ratelimit"].map { ("\(ipv4).\($0)", "0") }
    for device in ["all"] + devices.map(\.rawValue) {
      let conf = "\(ipv4).conf.\(device)"
      let isAll = device == "all"
      func set(_ name: String, _ value: String) { sysctls.append(("\(conf).\(name)", value)) }
      set("send_redirects", "0")
      set(
        "rp_filter", isAll ? random.pick(["0", "0", "0", "2"]) : random.pick(["0", "0", "1", "2"]))
      if !isAll, random.chance(12) { set("forwarding", random.pick(["0", "1"])) }
      if random.chance(isAll ? 8 : 30) { set("accept_local", "1") }
      if random.chance(isAll ? 8 : 50) {
        set("arp_ignore", random.pick(["1", "2", "3", "8"]))
      }
      if random.chance(isAll ? 8 : 45) { set("proxy_arp", "1") }
      if random.chance(isAll ? 0 : 15) { set("proxy_arp_pvlan", "1") }
      if random.chance(isAll ? 4 : 15) { set("arp_filter", "1") }
      if random.chance(isAll ? 2 : 10) { set("src_valid_mark", "1") }
      if random.chance(isAll ? 2 : 5) { set("route_localnet", "1") }
      if !isAll { sysctls.append(("\(ipv4).neigh.\(device).proxy_delay", "0")) }
    }
  }

  // MARK: Questions

  mutating func routeQuestion() -> RouteQuestion {
    var question = RouteQuestion(destination: anyAddress())
    if random.chance(65) {
      question.input = random.pick(devices)
      question.source = anyAddress()
    } else if random.chance(60), !own.isEmpty {
      question.source = IPAddress(random.pick(own))
    }
    if random.chance(15) { question.mark = random.pick([1, 2, 6, 0x10]) }
    if random.chance(20) { question.tos = random.pick([0x08, 0x10, 0xb8]) }
    if random.chance(30) { question.ipProtocol = IPProtocol.icmp }
    let ports: [UInt16] = [53, 1000, 1500, 2001]
    if question.ipProtocol == IPProtocol.udp {
      (question.sourcePort, question.destinationPort) = (random.pick(ports), random.pick(ports))
    }
    return question
  }

  mutating func packetQuestion() -> RouteQuestion {
    var question = routeQuestion()
    question.mark = 0
    let device = question.input ?? random.pick(devices)
    question.input = device
    question.source = question.source ?? anyAddress()
    // Half of them are what a host of that wire may well send.
    if random.chance(50) {
      let subnet = Self.subnets[devices.firstIndex(of: device) ?? 0]
      question.source = IPAddress("\(subnet).\(random.number(8..<20))")
      if random.chance(60) {
        let far = "\(random.pick(Self.far)).\(random.pick(Self.known))"
        question.destination = IPAddress(far) ?? question.destination
      }
    }
    return question
  }

  mutating func ttl() -> UInt8 { random.pick([1, 2, 64, 64, 64, 64, 64]) }

  /// Who asks for whom, where.
  mutating func arpQuestion() -> (sender: IPAddress, target: IPAddress, device: InterfaceName) {
    let sender = random.chance(8) ? IPAddress.v4(IPv4Address(rawValue: 0)) : anyAddress()
    let target =
      random.chance(50) && !own.isEmpty ? IPAddress(random.pick(own)) : nil
    return (sender, target ?? anyAddress(), random.pick(devices))
  }
}
