// One rule of ebtables out of its words.
import Facts
import NetworkTypes

struct EBRuleParser {
  private var words: RuleWordCursor
  private let text: CaptureText
  private(set) var matches: [EBMatch] = []
  private(set) var counters: PacketCounters?
  private(set) var remarks: [RuleRemark] = []
  private var targetName: String?
  private var targetOptions: [String: String] = [:]

  init(_ words: [RuleWord], _ text: CaptureText) {
    self.words = RuleWordCursor(words)
    self.text = text
  }

  mutating func parse() {
    var isNegated = false
    while let word = words.next() {
      if word.isNegation {
        isNegated = true
        continue
      }
      let start = words.position - 1
      do throws(UnreadOption) {
        guard let option = word.option else { throw UnreadOption() }
        try read(option, isNegated: isNegated)
      } catch {
        keepUnrecognised(from: start)
      }
      isNegated = false
    }
  }

  private mutating func keepUnrecognised(from start: Int) {
    words.position = min(start + 1, words.words.count)
    _ = words.take { $0.option != nil || $0.isNegation }
    guard start < words.position else { return }
    let range =
      words.words[start].range.lowerBound..<words.words[words.position - 1].range.upperBound
    matches.append(EBMatch(.unrecognised(text.string(range))))
    remarks.append(
      RuleRemark(
        id: "ebtables/unknown-option", range: range,
        message: "an option that is not understood: \(text.string(range))"))
  }

  /// Old savers print the negation behind the option.
  private mutating func value(_ isNegated: inout Bool) throws(UnreadOption) -> String {
    if words.current?.isNegation == true {
      isNegated = true
      words.position += 1
    }
    return try words.value()
  }

  private mutating func read(_ option: String, isNegated: Bool) throws(UnreadOption) {
    if option.hasPrefix("--log") || option.hasPrefix("--nflog") || option.hasPrefix("--ulog") {
      _ = words.take { $0.option != nil || $0.isNegation }
      return
    }
    switch option {
    case "-j", "--jump": targetName = try words.value()
    case "-c", "--set-counters":
      guard let packets = UInt64(try words.value()), let bytes = UInt64(try words.value())
      else { throw UnreadOption() }
      counters = PacketCounters(packets: packets, bytes: bytes)
    case "--802_3-type", "--802_3-sap": throw UnreadOption()
    case "--arp-gratuitous": matches.append(EBMatch(.gratuitousARP, isNegated: isNegated))
    case "--snat-arp": targetOptions[option] = ""
    case _ where Self.targetOptionNames.contains(option):
      targetOptions[option] = try words.value()
    default:
      var isNegated = isNegated
      let value = try value(&isNegated)
      let test = try required(
        frameTest(option, value) ?? ipTest(option, value) ?? arpTest(option, value)
          ?? otherTest(option, value))
      matches.append(EBMatch(test, isNegated: isNegated))
    }
  }

  private static let targetOptionNames: Set<String> = [
    "--mark-set", "--set-mark", "--mark-or", "--mark-and", "--mark-xor", "--mark-target",
    "--to-source", "--to-src", "--snat-target", "--to-destination", "--to-dst", "--dnat-target",
    "--redirect-target", "--arpreply-mac", "--arpreply-target",
  ]

  private func frameTest(_ option: String, _ value: String) -> EBTest? {
    switch option {
    case "-p", "--protocol":
      return value == "LENGTH" ? .lengthFrame : etherType(value).map { .protocolType($0) }
    case "-s", "--source": return mac(value).map { .source($0) }
    case "-d", "--destination": return mac(value).map { .destination($0) }
    case "-i", "--in-interface": return .inInterface(InterfacePattern(value))
    case "-o", "--out-interface": return .outInterface(InterfacePattern(value))
    case "--logical-in": return .logicalIn(InterfacePattern(value))
    case "--logical-out": return .logicalOut(InterfacePattern(value))
    default: return nil
    }
  }

  private func ipTest(_ option: String, _ value: String) -> EBTest? {
    let name =
      option.hasPrefix("--ip6-")
      ? option.dropFirst(6) : option.hasPrefix("--ip-") ? option.dropFirst(5) : ""
    switch name {
    case "src", "source": return MaskedAddress(value).map { .ipSource($0) }
    case "dst", "destination": return MaskedAddress(value).map { .ipDestination($0) }
    case "tos", "tclass": return byte(value).map { .ipTOS($0) }
    case "proto", "protocol": return RuleValue.ipProtocol(value).map { .ipProtocol($0) }
    case "sport", "source-port": return RuleValue.ports(value).map { .ports(.source, $0) }
    case "dport", "destination-port":
      return RuleValue.ports(value).map { .ports(.destination, $0) }
    case "icmp-type": return icmp(value)
    default: return nil
    }
  }

  /// `8`, `133:134/0:255`.
  private func icmp(_ value: String) -> EBTest? {
    let parts = value.split(separator: "/", maxSplits: 1)
    guard let first = parts.first, let types = RuleValue.range(first, of: UInt8.self)
    else { return nil }
    guard parts.count == 2 else { return .icmp(types: types, codes: 0...255) }
    return RuleValue.range(parts[1], of: UInt8.self).map { .icmp(types: types, codes: $0) }
  }

  private func arpTest(_ option: String, _ value: String) -> EBTest? {
    let operations = ["Request": 1, "Reply": 2, "Request_Reverse": 3, "Reply_Reverse": 4]
    switch option {
    case "--arp-op", "--arp-opcode":
      return (operations[value].map(UInt16.init) ?? RuleValue.number(value))
        .map { .arpOperation($0) }
    case "--arp-htype", "--arp-hw-type": return RuleValue.number(value).map { .arpHardwareType($0) }
    case "--arp-ptype", "--arp-proto-type":
      return etherType(value).map { .arpProtocolType($0) }
    case "--arp-ip-src": return MaskedAddress(value).map { .arpSource($0) }
    case "--arp-ip-dst": return MaskedAddress(value).map { .arpDestination($0) }
    case "--arp-mac-src": return mac(value).map { .arpSourceMAC($0) }
    case "--arp-mac-dst": return mac(value).map { .arpDestinationMAC($0) }
    default: return nil
    }
  }

  private func otherTest(_ option: String, _ value: String) -> EBTest? {
    switch option {
    case "--vlan-id":
      return RuleValue.number(value, of: UInt16.self).flatMap { VLANID($0) }.map { .vlanID($0) }
    case "--vlan-prio": return byte(value).map { .vlanPriority($0) }
    case "--vlan-encap": return etherType(value).map { .vlanEncapsulated($0) }
    case "--mark": return RuleValue.mark(value).map { .mark($0) }
    case "--pkttype-type": return .packetType(value)
    case "--limit", "--limit-burst": return .rateLimit("\(option) \(value)")
    case "--among-src": return among(value).map { .among(.source, $0) }
    case "--among-dst": return among(value).map { .among(.destination, $0) }
    default: return nil
    }
  }

  private func among(_ value: String) -> [EBMACAddressPair]? {
    var pairs: [EBMACAddressPair] = []
    for part in value.split(separator: ",") {
      let halves = part.split(separator: "=", maxSplits: 1)
      guard let mac = halves.first.flatMap({ MACAddress($0) }) else { return nil }
      let address = halves.count == 2 ? IPAddress(halves[1]) : nil
      if halves.count == 2, address == nil { return nil }
      pairs.append(EBMACAddressPair(mac: mac, address: address))
    }
    return pairs
  }

  private func byte(_ value: String) -> UInt8? {
    RuleValue.number(value) ?? UInt8(value, radix: 16)
  }

  private func mac(_ value: String) -> MaskedMAC? {
    switch value.lowercased() {
    case "unicast":
      MaskedMAC(address: .zero, mask: MACAddress(rawValue: 0x0100_0000_0000))
    case "multicast":
      MaskedMAC(
        address: MACAddress(rawValue: 0x0100_0000_0000),
        mask: MACAddress(rawValue: 0x0100_0000_0000))
    case "broadcast": MaskedMAC(address: .broadcast)
    case "bga": MaskedMAC(address: MACAddress(rawValue: 0x0180_c200_0000))
    default: RuleValue.mac(value)
    }
  }

  private func etherType(_ value: String) -> UInt16? {
    let names: [String: UInt16] = [
      "ipv4": 0x0800, "ip": 0x0800, "arp": 0x0806, "rarp": 0x8035, "ipv6": 0x86dd,
      "802_1q": 0x8100, "802_1ad": 0x88a8, "mpls": 0x8847, "pppoe": 0x8864, "lldp": 0x88cc,
      "x25": 0x0805, "at": 0x809b, "aarp": 0x80f3, "ipx": 0x8137, "netbeui": 0x8191,
    ]
    if let named = names[value.lowercased()] { return named }
    return RuleValue.number(value) ?? UInt16(value, radix: 16)
  }

  // MARK: Target

  func target(isChain: (NetfilterChainName) -> Bool) -> EBTarget {
    guard let targetName else { return .proceed }
    if let verdict = EBTarget(verdict: targetName) { return verdict }
    let chain = NetfilterChainName(targetName)
    if targetOptions.isEmpty, isChain(chain) { return .jump(chain) }
    return extended(targetName) ?? .unrecognised(targetName)
  }

  private func extended(_ name: String) -> EBTarget? {
    func next(_ option: String, _ fallback: EBTarget) -> EBTarget? {
      guard let verdict = targetOptions[option] else { return fallback }
      return EBTarget(verdict: verdict)
    }
    func address(_ options: String...) -> MACAddress? {
      options.compactMap { targetOptions[$0] }.first.flatMap { MACAddress($0) }
    }
    switch name {
    case "mark": return next("--mark-target", .accept).flatMap { markTarget(next: $0) }
    case "snat":
      guard let mac = address("--to-source", "--to-src"), let next = next("--snat-target", .accept)
      else { return nil }
      return .sourceNAT(mac, rewritesARP: targetOptions["--snat-arp"] != nil, next: next)
    case "dnat":
      guard let mac = address("--to-destination", "--to-dst"),
        let next = next("--dnat-target", .accept)
      else { return nil }
      return .destinationNAT(mac, next: next)
    case "redirect": return next("--redirect-target", .accept).map { .redirect(next: $0) }
    case "arpreply":
      guard let mac = address("--arpreply-mac"), let next = next("--arpreply-target", .drop)
      else { return nil }
      return .arpReply(mac, next: next)
    default: return nil
    }
  }

  private func markTarget(next: EBTarget) -> EBTarget? {
    func value(_ options: String...) -> UInt32? {
      options.compactMap { targetOptions[$0] }.first.flatMap { RuleValue.number($0) }
    }
    if let mark = value("--mark-set", "--set-mark") { return .mark(and: 0, xor: mark, next: next) }
    if let mark = value("--mark-or") { return .mark(and: ~mark, xor: mark, next: next) }
    if let mark = value("--mark-and") { return .mark(and: mark, xor: 0, next: next) }
    if let mark = value("--mark-xor") { return .mark(and: .max, xor: mark, next: next) }
    return nil
  }
}
