// Random rule sets that iptables-restore takes, over the lab's addresses, and random packets.
import NetworkTypes

/// A small seeded generator, so that a failure can be had again.
struct Seeded: RandomNumberGenerator {
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
}

struct RuleGenerator {
  let plan: AddressPlan
  let isBridged: Bool
  var random: Seeded

  static let ports: [UInt16] = [22, 53, 80, 443, 1000, 8080, 40000, 40001]

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
  mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &random)]
  }

  // MARK: Tables

  mutating func ruleSet() -> String {
    [raw(), mangle(), nat(), filter()].joined(separator: "\n") + "\n"
  }

  private struct Chain {
    let name: String
    var canMatchIn = true
    var canMatchOut = true
  }

  private func base(_ name: String) -> Chain {
    Chain(
      name: name, canMatchIn: ["PREROUTING", "INPUT", "FORWARD"].contains(name),
      canMatchOut: ["OUTPUT", "POSTROUTING", "FORWARD"].contains(name))
  }

  private mutating func table(
    _ name: String, _ bases: [String], users: Int, policies: [String] = ["ACCEPT"],
    last: [String] = [], isEmpty: Bool = false, target: (inout Self, Chain, [String]) -> String
  ) -> String {
    let userNames = (0..<users).map { "u\($0)" }
    var lines = ["*\(name)"]
    for base in bases { lines.append(":\(base) \(pick(policies)) [0:0]") }
    for user in userNames { lines.append(":\(user) - [0:0]") }
    let chains = bases.map { base($0) } + userNames.map { Chain(name: $0) }
    for chain in chains {
      // Users' chains call later ones only, so that there is no loop.
      let callable = userNames.filter { !chain.name.hasPrefix("u") || $0 > chain.name }
      for _ in 0..<(isEmpty ? 0 : Int.random(in: 0...4, using: &random)) {
        let target = target(&self, chain, callable)
        let (jump, condition) = split(target)
        let matches = matches(chain, hasProtocol: !condition.isEmpty)
        lines.append("-A \(chain.name)\(matches)\(condition) \(jump)")
      }
    }
    return (lines + last + ["COMMIT"]).joined(separator: "\n")
  }

  /// Some targets need a protocol before them: `-p tcp|-j …`.
  private func split(_ target: String) -> (jump: String, condition: String) {
    let parts = target.split(separator: "|", maxSplits: 1)
    return parts.count == 2 ? (String(parts[1]), " " + parts[0]) : (target, "")
  }

  private mutating func call(_ callable: [String]) -> String? {
    guard !callable.isEmpty, chance(40) else { return nil }
    return "\(chance(70) ? "-j" : "-g") \(pick(callable))"
  }

  private mutating func raw() -> String {
    table("raw", ["PREROUTING", "OUTPUT"], users: 1, isEmpty: chance(50)) { my, chain, callable in
      if let call = my.call(callable) { return call }
      return my.pick([
        "-j CT --zone \(my.pick([1, 2]))", "-j CT --zone-orig 3", "-j CT --zone-reply 4",
        "-j CT --notrack", "-j ACCEPT", "-j RETURN", my.markTarget(), "-j DROP",
        "-j CT --zone mark",
      ])
    }
  }

  private mutating func markTarget() -> String {
    let value = Int.random(in: 0..<64, using: &random)
    let mask = pick([0x3f, 0x3f, 0x0f, 0x38, 0x01])
    return pick([
      "-j MARK --set-xmark \(value)/\(mask)", "-j MARK --or-mark \(value)",
      "-j MARK --and-mark \(value)", "-j MARK --xor-mark \(value)",
      "-j MARK --set-mark \(value & mask)/\(mask)",
    ])
  }

  private mutating func connectionMarkTarget() -> String {
    let value = Int.random(in: 0..<64, using: &random)
    let mask = pick([0x3f, 0x0f, 0x30])
    return pick([
      "-j CONNMARK --set-xmark \(value)/\(mask)",
      "-j CONNMARK --save-mark --nfmask \(mask) --ctmask 63",
      "-j CONNMARK --restore-mark --nfmask 63 --ctmask \(mask)", "-j CONNMARK --save-mark",
      "-j CONNMARK --restore-mark",
    ])
  }

  /// Ends with rules that write the mark's six bits into the DSCP, where a sniffer sees them.
  private mutating func mangle() -> String {
    let bases = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]
    let shown = (0..<6).map { bit in
      "-A POSTROUTING -m mark --mark \(1 << bit)/\(1 << bit) -j TOS --set-tos \(4 << bit)/\(4 << bit)"
    }
    return table("mangle", bases, users: 2, last: shown) { my, chain, callable in
      if let call = my.call(callable) { return call }
      if my.chance(60) { return my.chance(60) ? my.markTarget() : my.connectionMarkTarget() }
      let ttl = my.plan.family == .ipv4 ? "-j TTL --ttl-set 40" : "-j HL --hl-set 40"
      return my.pick([
        "-j ACCEPT", "-j RETURN", "-j TOS --set-tos 0x10/0x3f", "-j DSCP --set-dscp 10", ttl,
        "-j DROP",
      ])
    }
  }

  private mutating func nat() -> String {
    table(
      "nat", ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"], users: 0, isEmpty: chance(25)
    ) { my, chain, callable in
      if my.chance(25) { return my.pick(["-j ACCEPT", "-j RETURN"]) }
      return chain.name == "POSTROUTING" || chain.name == "INPUT"
        ? my.sourceTarget(chain.name) : my.destinationTarget(chain.name)
    }
  }

  private func bracketed(_ address: String) -> String {
    plan.family == .ipv4 ? address : "[\(address)]"
  }

  private mutating func sourceTarget(_ chain: String) -> String {
    let one = pick(plan.translatedHosts + plan.routerAddresses)
    let range = "\(plan.host(plan.translatedNet, 2))-\(plan.host(plan.translatedNet, 6))"
    let wide = "\(plan.host(plan.insideNet, 1))-\(plan.host(plan.insideNet, 2))"
    let number = pick(["tcp", "udp"])
    var targets = [
      "-j SNAT --to-source \(one)", "-j SNAT --to-source \(range)",
      "-j SNAT --to-source \(range) --persistent", "-j SNAT --to-source \(wide)",
      "-p \(number)|-j SNAT --to-source \(bracketed(one)):30000-50000",
      "-p \(number)|-j SNAT --to-source \(bracketed(one)):7",
    ]
    if chain == "POSTROUTING" {
      if !isBridged { targets += ["-j MASQUERADE", "-j MASQUERADE"] }
      targets.append("-j NETMAP --to \(plan.prefix(plan.translatedNet))")
    }
    return pick(targets)
  }

  private mutating func destinationTarget(_ chain: String) -> String {
    let one = pick(plan.everyone)
    let range = "\(plan.host(plan.insideNet, 1))-\(plan.host(plan.insideNet, 4))"
    let number = pick(["tcp", "udp"])
    var targets = [
      "-j DNAT --to-destination \(one)", "-j DNAT --to-destination \(range)",
      "-j DNAT --to-destination \(range) --persistent",
      "-p \(number)|-j DNAT --to-destination \(bracketed(one)):8080",
      "-p \(number)|-j DNAT --to-destination \(bracketed(one)):70-90",
      "-p \(number)|-j DNAT --to-destination :7000",
      "-p \(number) --dport 50:99|-j DNAT --to-destination \(bracketed(one)):8050-8099/50",
    ]
    if !isBridged {
      targets += ["-j REDIRECT", "-p \(number)|-j REDIRECT --to-ports 9697"]
      targets.append("-j NETMAP --to \(plan.prefix(pick([plan.insideNet, plan.outsideNet])))")
    }
    return pick(targets)
  }

  private mutating func filter() -> String {
    table(
      "filter", ["INPUT", "FORWARD", "OUTPUT"], users: 3,
      policies: ["ACCEPT", "ACCEPT", "ACCEPT", "DROP"]
    ) { my, chain, callable in
      if let call = my.call(callable) { return call }
      let kinds =
        my.plan.family == .ipv4
        ? ["icmp-port-unreachable", "icmp-admin-prohibited", "icmp-host-unreachable"]
        : ["icmp6-port-unreachable", "icmp6-adm-prohibited", "icmp6-no-route"]
      return my.pick([
        "-j ACCEPT", "-j ACCEPT", "-j ACCEPT", "-j DROP", "-j RETURN", my.markTarget(),
        "-j REJECT --reject-with \(my.pick(kinds))", "-p tcp|-j REJECT --reject-with tcp-reset",
      ])
    }
  }

  // MARK: Matches

  private mutating func matches(_ chain: Chain, hasProtocol: Bool) -> String {
    // Modules that want a hook do not go into users' chains.
    let isBase = !chain.name.hasPrefix("u")
    var words = ""
    if chance(35) { words += " " + negated("-s \(network())") }
    if chance(35) { words += " " + negated("-d \(network())") }
    if isBase, chain.canMatchIn, chance(20) { words += " " + deviceMatch("-i") }
    if isBase, chain.canMatchOut, chance(20) { words += " " + deviceMatch("-o") }
    if !isBase, chance(20) { words += " " + deviceMatch(pick(["-i", "-o"])) }
    for _ in 0..<Int.random(in: 0...2, using: &random) where chance(60) {
      let match = match(chain, isBase: isBase)
      // A rule has one protocol at most.
      let isSecond = match.contains("-p ") && (hasProtocol || words.contains("-p "))
      if !isSecond { words += " " + match }
    }
    return words
  }

  private mutating func negated(_ text: String) -> String { chance(20) ? "! \(text)" : text }
  /// The legacy savers do not print `! -i +`, which never matches.
  private mutating func deviceMatch(_ option: String) -> String {
    let device = device()
    return device == "+" ? "\(option) +" : negated("\(option) \(device)")
  }
  private mutating func device() -> String {
    pick(isBridged ? ["br", "br", "b+", "inside"] : ["inside", "outside", "in+", "out+", "+"])
  }
  private mutating func network() -> String {
    if plan.family == .ipv4, chance(10) { return "0.0.0.\(pick([1, 2]))/0.0.0.3" }
    return chance(50)
      ? pick(plan.everyone)
      : plan.prefix(pick([plan.insideNet, plan.outsideNet, plan.farNet, plan.translatedNet]))
  }

  private mutating func match(_ chain: Chain, isBase: Bool) -> String {
    var choices: [String] = [
      connectionMatch(), connectionMatch(), connectionMatch(), markMatch(), markMatch(),
      setMatch(), headerMatch(),
      "-m iprange \(negated("--\(pick(["src", "dst"]))-range \(rangeText())"))",
      "-m comment --comment \"a \\\"quoted\\\" -j DROP\"",
    ]
    if !isBridged {
      choices.append(
        "-m addrtype \(negated("--\(pick(["src", "dst"]))-type \(pick(["LOCAL", "UNICAST"]))"))")
    }
    if isBase, ["PREROUTING", "INPUT", "FORWARD"].contains(chain.name) {
      choices.append(
        "-m mac \(negated("--mac-source \(pick(["02:00:00:00:00:01", "02:00:00:00:00:02"]))"))")
      choices.append("-m pkttype --pkt-type \(pick(["unicast", "multicast"]))")
    }
    if isBase, chain.name == "FORWARD" || chain.name == "PREROUTING" {
      choices += Array(repeating: portMatch(chain), count: isBridged ? 8 : 1)
    }
    return pick(choices)
  }

  private mutating func portMatch(_ chain: Chain) -> String {
    var options = [
      negated("--physdev-in \(pick(["tap1", "tap2", "tap+"]))"), negated("--physdev-is-in"),
    ]
    if chain.name == "FORWARD" {
      options += [
        negated("--physdev-out \(pick(["tap1", "tap2", "t+"]))"), negated("--physdev-is-bridged"),
        "--physdev-in tap1 --physdev-is-bridged", negated("--physdev-is-out"),
      ]
    }
    return "-m physdev \(pick(options))"
  }

  private mutating func rangeText() -> String {
    let net = pick([plan.insideNet, plan.outsideNet, plan.translatedNet])
    return "\(plan.host(net, 2))-\(plan.host(net, 4))"
  }

  private mutating func connectionMatch() -> String {
    let states = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "DNAT", "SNAT"]
    let some = [pick(states), pick(states)]
    let list = some[0] == some[1] ? some[0] : some.joined(separator: ",")
    let options = [
      negated("--ctstate \(list)"), negated("--ctstate \(list)"), negated("--ctstate \(list)"),
      "--ctdir \(pick(["ORIGINAL", "REPLY"]))",
      negated("--\(pick(["ctorigsrc", "ctorigdst", "ctreplsrc", "ctrepldst"])) \(network())"),
      negated("--ctproto \(pick(["tcp", "udp"]))"),
      negated("--ctstatus \(pick(["SEEN_REPLY", "CONFIRMED"]))"),
      negated("--ctorigdstport \(pick(["80", "22:443"]))"),
    ]
    let first = pick(options)
    let second = pick(options)
    let isTwice =
      first.drop { $0 == "!" || $0 == " " }.split(separator: " ").first
      == second.drop { $0 == "!" || $0 == " " }.split(separator: " ").first
    return "-m conntrack \(first)" + (chance(20) && !isTwice ? " \(second)" : "")
  }

  private mutating func markMatch() -> String {
    let mask = pick([0x3f, 0x0f, 0x30, 0x01, 0x20])
    let value = Int.random(in: 0..<64, using: &random) & mask
    return "-m \(pick(["mark", "mark", "connmark"])) \(negated("--mark \(value)/\(mask)"))"
  }

  private mutating func setMatch() -> String {
    let side = { (my: inout Self) in my.pick(["src", "dst"]) }
    return pick([
      "-m set \(negated("--match-set nets\(plan.family.rawValue) \(side(&self))"))",
      "-m set \(negated("--match-set ports\(plan.family.rawValue) \(side(&self)),\(side(&self))"))",
      "-m set \(negated("--match-set list\(plan.family.rawValue) \(side(&self)),\(side(&self))"))",
      "-m set \(negated("--match-set pairs\(plan.family.rawValue) \(side(&self)),\(side(&self))"))",
    ])
  }

  private mutating func headerMatch() -> String {
    let number = pick(["tcp", "udp"])
    let (icmp, icmpOption) =
      plan.family == .ipv4
      ? ("icmp", "-m icmp \(negated("--icmp-type \(pick(["8", "0", "3", "3/1", "any"]))"))")
      : ("ipv6-icmp", "-m icmp6 \(negated("--icmpv6-type \(pick(["128", "129", "1", "1/4"]))"))")
    let ttl = plan.family == .ipv4 ? "-m ttl --ttl" : "-m hl --hl"
    return pick([
      "-p \(number) -m \(number) \(negated("--dport \(portText())"))",
      "-p \(number) -m \(number) \(negated("--sport \(portText())"))",
      "-p \(number) -m multiport \(negated("--\(pick(["sports", "dports", "ports"])) \(portText()),1000"))",
      "-p \(icmp) \(icmpOption)", "-p \(icmp)", "-p \(number)",
      "-p tcp -m tcp \(negated("--tcp-flags FIN,SYN,RST,ACK SYN"))",
      "\(ttl)-\(pick(["lt", "gt", "eq"])) \(pick([63, 64, 40]))",
      "-m tos \(negated("--tos \(pick(["0x10/0x3f", "0x0/0xff", "0x4/0x4"]))"))",
      "-m dscp \(negated("--dscp \(pick([0, 10, 1]))"))", "-m length --length 0:45",
    ])
  }
  private mutating func portText() -> String {
    chance(50) ? "\(pick(Self.ports))" : pick(["50:99", "1:1023", "40000:65535"])
  }

  // MARK: Packets

  mutating func packet(from: [String], to: [String]) -> Packet {
    let (source, destination) = (pick(from), pick(to))
    let (sourcePort, port) = (pick(Self.ports), pick(Self.ports))
    var packet: Packet
    switch Int.random(in: 0..<5, using: &random) {
    case 0, 1:
      let flags: [UInt16] = [
        TCPFlags.syn, TCPFlags.syn, TCPFlags.syn, TCPFlags.syn, TCPFlags.ack, TCPFlags.rst,
        TCPFlags.fin | TCPFlags.ack,
      ]
      packet = .tcp(source, sourcePort, destination, port, flags: pick(flags))
    case 2, 3: packet = .udp(source, sourcePort, destination, port)
    default: packet = .ping(source, destination, id: pick([7, 8]), isReply: chance(10))
    }
    packet.tos = pick([0, 0, 0x10, 0x28])
    return packet
  }
}
