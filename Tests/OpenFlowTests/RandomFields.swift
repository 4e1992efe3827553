// Random matches, packets and field values out of small pools, so that they meet each other.

/// What kind of packet a match or a trace is about.
enum PacketClass: CaseIterable {
  case any, ip, tcp, udp, sctp, icmp, ipv6, tcp6, udp6, icmp6, nd, arp, rarp, other

  /// `ovs-ofctl`'s words for it.
  var words: [String] {
    switch self {
    case .any: []
    case .ip: ["ip"]
    case .tcp: ["tcp"]
    case .udp: ["udp"]
    case .sctp: ["sctp"]
    case .icmp: ["icmp"]
    case .ipv6: ["ipv6"]
    case .tcp6: ["tcp6"]
    case .udp6: ["udp6"]
    case .icmp6: ["icmp6"]
    case .nd: ["icmp6"]
    case .arp: ["arp"]
    case .rarp: ["rarp"]
    case .other: ["dl_type=0x88cc"]
    }
  }
  var isIPv4: Bool { [.ip, .tcp, .udp, .sctp, .icmp].contains(self) }
  var isIPv6: Bool { [.ipv6, .tcp6, .udp6, .icmp6, .nd].contains(self) }
  var isIP: Bool { isIPv4 || isIPv6 }
  var isARP: Bool { self == .arp || self == .rarp }
  /// The prefix of its port fields.
  var ports: String? {
    switch self {
    case .tcp, .tcp6: "tcp"
    case .udp, .udp6: "udp"
    case .sctp: "sctp"
    default: nil
    }
  }
}

enum Pool {
  static let macs = [
    "fa:16:3e:00:00:01", "fa:16:3e:00:00:02", "fa:16:3e:00:00:03", "fa:16:3f:00:00:04",
  ]
  static let groupMACs = [
    "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01", "01:80:c2:00:00:00",
    "01:80:c2:00:00:0e",
  ]
  static let ipv4 = ["10.0.0.1", "10.0.0.2", "10.0.1.1", "192.168.0.1", "224.0.0.18", "0.0.0.0"]
  static let ipv4Masks = ["", "", "/24", "/16", "/8", "/255.0.255.255"]
  static let ipv6 = ["2001:db8::1", "2001:db8::2", "fe80::1", "ff02::1", "ff02::1:ff00:1"]
  static let ipv6Masks = ["", "", "/64", "/10", "/ffff::1"]
  static let ports = [22, 53, 67, 68, 80, 443, 1024, 65535]
  static let vlans = [1, 2, 10, 4095]
  static let states = [
    "trk,new", "trk,est", "trk,est,rpl", "trk,rel", "trk,rel,rpl", "trk,inv", "trk,new,rel",
  ]
}

extension RandomSource {
  mutating func mac() -> String { chance(75) ? pick(Pool.macs) : pick(Pool.groupMACs) }
  mutating func macMatch() -> String {
    switch number(1...8) {
    case 1: "01:00:00:00:00:00/01:00:00:00:00:00"
    case 2: "00:00:00:00:00:00/01:00:00:00:00:00"
    case 3: "fa:16:3f:00:00:00/ff:ff:ff:00:00:00"
    default: mac()
    }
  }
  mutating func hex(_ bits: Int) -> String {
    let small = number(0...3)
    return chance(70) ? "0x\(small)" : "0x" + String(next() >> UInt64(64 - bits), radix: 16)
  }
  mutating func masked(_ bits: Int) -> String {
    if chance(60) { return hex(bits) }
    let mask = pick([1, 2, 3, 0xff]) as UInt64
    return "0x\(String(next() & mask, radix: 16))/0x\(String(mask, radix: 16))"
  }
}

struct RandomFields {
  var random: RandomSource

  // MARK: Matches

  mutating func match(_ kind: PacketClass, ports: [Int], tracked: Bool) -> [String] {
    var parts = kind.words
    if random.chance(25) { parts.append("in_port=\(port(ports))") }
    if random.chance(15) { parts.append("dl_src=\(random.macMatch())") }
    if random.chance(20) { parts.append("dl_dst=\(random.macMatch())") }
    if random.chance(20) { parts.append(vlanMatch()) }
    if random.chance(15) { parts.append("reg\(random.number(0...3))=\(random.masked(32))") }
    if random.chance(5) { parts.append("metadata=\(random.masked(64))") }
    if random.chance(4) { parts.append("pkt_mark=\(random.masked(32))") }
    if random.chance(4) { parts.append("tun_id=\(random.masked(64))") }
    if random.chance(3) { parts.append("xreg0=\(random.masked(64))") }
    if random.chance(2) { parts.append("xxreg1=\(random.masked(64))") }
    if random.chance(2) { parts.append("actset_output=\(random.number(1...3))") }
    if random.chance(2) { parts.append("tun_dst=192.0.2.9") }
    if random.chance(2) { parts.append("tun_src=192.0.2.0/24") }
    if random.chance(2) { parts.append("tun_gbp_id=\(random.number(0...1))") }
    if random.chance(2) { parts.append("tun_flags=\(random.pick(["+oam", "-oam"]))") }
    if random.chance(2) { parts.append("conj_id=\(random.number(0...1))") }
    if tracked, random.chance(50) { parts += tracking(kind) }
    parts += network(kind)
    return parts
  }

  private mutating func tracking(_ kind: PacketClass) -> [String] {
    let flags = random.pick([
      "+trk+new", "+trk+est", "+est-rel-inv+trk", "-trk", "+inv+trk", "+rpl+trk", "+trk-new",
    ])
    var parts = ["ct_state=\(flags)"]
    if random.chance(20) { parts.append("ct_zone=\(random.number(1...3))") }
    if random.chance(20) { parts.append("ct_mark=\(random.masked(32))") }
    if random.chance(10) { parts.append("ct_label=\(random.masked(64))") }
    if kind.isIPv4, flags.contains("+trk"), !flags.contains("+inv"), random.chance(20) {
      parts += [
        random.pick(["ct_nw_src=10.0.0.1", "ct_nw_dst=10.0.0.0/24", "ct_nw_proto=6"]),
        random.pick(["ct_nw_dst=0.0.0.0", "ct_nw_proto=0"]),
      ]
    }
    if kind.ports != nil, flags.contains("+trk"), !flags.contains("+inv"), random.chance(10) {
      parts.append(
        random.pick(["ct_tp_src=22", "ct_tp_dst=0", "ct_nw_proto=6,ct_tp_dst=80/0xfff0"]))
    }
    return parts
  }

  private mutating func vlanMatch() -> String {
    switch random.number(1...7) {
    case 1: "vlan_tci=0x1000/0x1000"
    case 2: "vlan_tci=0x0000/0x1fff"
    case 3: "vlan_vid=0x1000/0x1000"
    case 4: "dl_vlan_pcp=\(random.number(0...2))"
    case 5: "dl_vlan=0xffff"
    case 6: "vlan_tci=0x1001/0x1003"
    default: "dl_vlan=\(random.pick(Pool.vlans))"
    }
  }

  private mutating func network(_ kind: PacketClass) -> [String] {
    var parts: [String] = []
    if kind.isIPv4 {
      if random.chance(25) { parts.append("nw_src=\(ipv4Match())") }
      if random.chance(25) { parts.append("nw_dst=\(ipv4Match())") }
    }
    if kind.isIPv6 {
      if random.chance(25) { parts.append("ipv6_src=\(ipv6Match())") }
      if random.chance(25) { parts.append("ipv6_dst=\(ipv6Match())") }
      if random.chance(5) { parts.append("ipv6_label=\(random.masked(16))") }
    }
    if kind.isIP { parts += common(kind) }
    if kind.isARP { parts += arp() }
    if let prefix = kind.ports {
      if random.chance(20) { parts.append("\(prefix)_src=\(portMatch())") }
      if random.chance(30) { parts.append("\(prefix)_dst=\(portMatch())") }
      if prefix == "tcp", random.chance(10) { parts.append("tcp_flags=\(flags())") }
    }
    if kind == .icmp {
      if random.chance(30) { parts.append("icmp_type=\(random.pick([0, 3, 8]))") }
      if random.chance(10) { parts.append("icmp_code=\(random.number(0...1))") }
    }
    if kind == .icmp6, random.chance(30) {
      parts.append("icmp_type=\(random.pick([128, 129, 133, 135, 136]))")
    }
    if kind == .nd { parts += discovery() }
    return parts
  }

  private mutating func common(_ kind: PacketClass) -> [String] {
    var parts: [String] = []
    if random.chance(6) { parts.append("nw_tos=\(random.pick([0, 32, 184]))") }
    if random.chance(4) { parts.append("nw_ecn=\(random.number(0...3))") }
    if random.chance(4) { parts.append("nw_ttl=\(random.pick([1, 64]))") }
    if random.chance(6) {
      parts.append("nw_frag=\(random.pick(["no", "yes", "first", "later", "not_later"]))")
    }
    return parts
  }

  private mutating func arp() -> [String] {
    var parts: [String] = []
    if random.chance(40) { parts.append("arp_op=\(random.number(1...2))") }
    if random.chance(20) { parts.append("arp_spa=\(ipv4Match())") }
    if random.chance(20) { parts.append("arp_tpa=\(ipv4Match())") }
    if random.chance(10) { parts.append("arp_sha=\(random.macMatch())") }
    if random.chance(10) { parts.append("arp_tha=\(random.macMatch())") }
    return parts
  }

  private mutating func discovery() -> [String] {
    let type = random.pick([135, 136])
    var parts = ["icmp_type=\(type)", "icmp_code=0"]
    if random.chance(40) { parts.append("nd_target=\(ipv6Match())") }
    if type == 135, random.chance(20) { parts.append("nd_sll=\(random.macMatch())") }
    if type == 136, random.chance(20) { parts.append("nd_tll=\(random.macMatch())") }
    if random.chance(10) { parts.append("nd_reserved=\(random.number(0...1))") }
    if random.chance(10) { parts.append("nd_options_type=\(random.number(0...2))") }
    return parts
  }

  private mutating func flags() -> String {
    random.pick(["+syn-ack", "+syn+ack", "-rst", "0x012/0x012", "+fin"])
  }
  mutating func port(_ ports: [Int]) -> String {
    random.chance(8) ? "LOCAL" : "\(random.pick(ports))"
  }
  mutating func ipv4Match() -> String { random.pick(Pool.ipv4) + random.pick(Pool.ipv4Masks) }
  mutating func ipv6Match() -> String { random.pick(Pool.ipv6) + random.pick(Pool.ipv6Masks) }
  private mutating func portMatch() -> String {
    random.chance(75) ? "\(random.pick(Pool.ports))" : random.pick(["0x0040/0xffc0", "0/0x8000"])
  }

  // MARK: Packets

  /// A trace's flow argument.
  mutating func packet(_ kind: PacketClass, ports: [Int], metadata: Bool) -> String {
    var parts = kind.words
    parts.append("in_port=\(port(ports))")
    parts.append("dl_src=\(random.chance(92) ? random.pick(Pool.macs) : random.mac())")
    parts.append("dl_dst=\(random.mac())")
    if random.chance(35) {
      parts.append("dl_vlan=\(random.pick(Pool.vlans + [0]))")
      parts.append("dl_vlan_pcp=\(random.number(0...2))")
    }
    if metadata { parts += initialMetadata() }
    if kind.isIPv4 {
      parts += ["nw_src=\(random.pick(Pool.ipv4))", "nw_dst=\(random.pick(Pool.ipv4))"]
    }
    if kind.isIPv6 {
      parts += ["ipv6_src=\(random.pick(Pool.ipv6))", "ipv6_dst=\(random.pick(Pool.ipv6))"]
    }
    if kind.isIP {
      parts.append("nw_ttl=\(random.pick([0, 1, 2, 64, 64, 64, 255]))")
      if random.chance(20) { parts.append("nw_tos=\(random.pick([0, 32, 184]))") }
      if random.chance(15) { parts.append("nw_ecn=\(random.number(0...3))") }
      // A later fragment has no header of its own for ports.
      if random.chance(4) { return (parts + ["nw_frag=later"]).joined(separator: ",") }
      if random.chance(8) { parts.append("nw_frag=first") }
    }
    if kind.isARP {
      parts.append("arp_op=\(random.number(1...2))")
      parts += ["arp_spa=\(random.pick(Pool.ipv4))", "arp_tpa=\(random.pick(Pool.ipv4))"]
      parts += ["arp_sha=\(random.mac())", "arp_tha=\(random.mac())"]
    }
    if let prefix = kind.ports {
      parts += ["\(prefix)_src=\(random.pick(Pool.ports))"]
      parts += ["\(prefix)_dst=\(random.pick(Pool.ports))"]
      if prefix == "tcp" { parts.append("tcp_flags=\(random.pick([2, 16, 18, 4, 1]))") }
    }
    if kind == .icmp { parts.append("icmp_type=\(random.pick([0, 3, 8])),icmp_code=0") }
    if kind == .icmp6 { parts.append("icmpv6_type=\(random.pick([128, 129, 133])),icmpv6_code=0") }
    if kind == .nd {
      parts.append("icmpv6_type=\(random.pick([135, 136])),icmpv6_code=0")
      parts.append("nd_target=\(random.pick(Pool.ipv6))")
    }
    return parts.joined(separator: ",")
  }

  private mutating func initialMetadata() -> [String] {
    var parts: [String] = []
    if random.chance(30) { parts.append("reg\(random.number(0...3))=\(random.hex(32))") }
    if random.chance(10) { parts.append("metadata=\(random.hex(64))") }
    if random.chance(20) { parts.append("pkt_mark=\(random.hex(32))") }
    if random.chance(10) { parts.append("ct_state=trk|est,ct_zone=1,ct_mark=\(random.hex(32))") }
    if random.chance(5) { parts.append("ct_label=\(random.hex(64))") }
    if !parts.contains(where: { $0.hasPrefix("reg") }), random.chance(5) {
      parts.append("xreg1=\(random.hex(64))")
    }
    if random.chance(15) {
      parts.append("tun_id=\(random.hex(20)),tun_src=192.0.2.1,tun_dst=192.0.2.9")
      if random.chance(20) { parts.append("tun_gbp_id=1,tun_flags=oam") }
      if random.chance(30) { parts.append("tun_tos=\(random.number(0...3))") }
    }
    return parts
  }
}
