// Targets with their options.
import Facts
import NetworkTypes

/// Targets that go on with the next rule and change nothing that a verdict looks at.
private let targetsWithoutEffect: Set<String> = [
  "LOG", "NFLOG", "ULOG", "AUDIT", "TRACE", "CHECKSUM", "TCPMSS", "TCPOPTSTRIP", "CLASSIFY",
  "SECMARK", "CONNSECMARK", "IDLETIMER", "RATEEST", "LED", "TEE",
]

extension RuleWordCursor {
  /// The target `name`; what stays behind the cursor was not understood.
  mutating func target(_ name: String, family: AddressFamily) throws(UnreadOption)
    -> IPTablesTarget
  {
    switch name {
    case "ACCEPT": return .accept
    case "DROP": return .drop
    case "RETURN": return .returnToCaller
    case "QUEUE", "NFQUEUE": return .queue(takeAllText())
    case "REJECT": return .reject(try rejectKind(family))
    case "DNAT": return .destinationNAT(try natRange())
    case "SNAT": return .sourceNAT(try natRange())
    case "MASQUERADE": return .masquerade(try natRange())
    case "REDIRECT": return .redirect(try natRange())
    case "NETMAP":
      guard try option() == "--to" else { throw UnreadOption() }
      return .netmap(try required(MaskedAddress(try value())?.prefix))
    case "NOTRACK": return .notrack
    case "CT": return try trackingTarget()
    case "MARK": return .mark(try markChange())
    case "CONNMARK": return .connectionMark(try connectionMarkChange())
    case _ where targetsWithoutEffect.contains(name):
      return .noEffect(name: name, options: takeAllText())
    default: return try headerTarget(name)
    }
  }

  private mutating func takeAllText() -> String {
    take { _ in false }.map { $0.isQuoted ? "\"\($0.text)\"" : $0.text }.joined(separator: " ")
  }
  private mutating func option() throws(UnreadOption) -> String {
    try required(next()?.option)
  }

  private mutating func headerTarget(_ name: String) throws(UnreadOption) -> IPTablesTarget {
    switch name {
    case "TPROXY": return try transparentProxy()
    case "TOS":
      guard try option() == "--set-tos" else { throw UnreadOption() }
      let (value, mask) = try required(RuleValue.maskedByte(try value()))
      return .tos(value: value, mask: mask)
    case "DSCP":
      guard try option() == "--set-dscp" else { throw UnreadOption() }
      return .dscp(try required(RuleValue.number(try value())))
    case "TTL", "HL": return try ttlTarget(prefix: name == "TTL" ? "--ttl-" : "--hl-")
    case "SET": return try setTarget()
    default: throw UnreadOption()
    }
  }

  private mutating func ttlTarget(prefix: String) throws(UnreadOption) -> IPTablesTarget {
    let option = try option()
    guard option.hasPrefix(prefix) else { throw UnreadOption() }
    let amount = try required(UInt8(try value()))
    switch option.dropFirst(prefix.count) {
    case "set": return .ttl(.set, amount)
    case "inc": return .ttl(.increase, amount)
    case "dec": return .ttl(.decrease, amount)
    default: throw UnreadOption()
    }
  }

  private mutating func setTarget() throws(UnreadOption) -> IPTablesTarget {
    let change: SetChange
    switch try option() {
    case "--add-set": change = .add
    case "--del-set": change = .delete
    case "--map-set": change = .map
    default: throw UnreadOption()
    }
    let name = IPSetName(try value())
    let ends = try required(RuleValue.ends(try value()))
    while let word = current?.option {
      guard ["--exist", "--timeout", "--map-mark", "--map-prio", "--map-queue"].contains(word)
      else { throw UnreadOption() }
      position += word == "--timeout" ? 2 : 1
    }
    return .changeSet(change, name, ends)
  }

  private mutating func transparentProxy() throws(UnreadOption) -> IPTablesTarget {
    var port: UInt16?
    var address: IPAddress?
    var mark = MaskedMark(value: 0, mask: 0)
    while let word = next() {
      switch word.option {
      case "--on-port": port = UInt16(try value())
      case "--on-ip": address = try required(IPAddress(try value()))
      case "--tproxy-mark": mark = try required(RuleValue.mark(try value()))
      default: throw UnreadOption()
      }
    }
    if address?.isUnspecified == true { address = nil }
    return .transparentProxy(port: try required(port), address: address, mark: mark)
  }

  private mutating func rejectKind(_ family: AddressFamily) throws(UnreadOption) -> RejectKind {
    guard let word = next() else {
      return family == .ipv4 ? .portUnreachable : .portUnreachable6
    }
    guard word.option == "--reject-with" else { throw UnreadOption() }
    let name = try value()
    if name == "tcp-reset" || name == "tcp-rst" { return .tcpReset }
    return Self.rejectCodes[name] ?? .unrecognised(name)
  }

  private static let rejectCodes: [String: RejectKind] = [
    "icmp-net-unreachable": .icmp(type: 3, code: 0),
    "icmp-host-unreachable": .icmp(type: 3, code: 1),
    "icmp-proto-unreachable": .icmp(type: 3, code: 2),
    "icmp-port-unreachable": .icmp(type: 3, code: 3),
    "icmp-net-prohibited": .icmp(type: 3, code: 9),
    "icmp-host-prohibited": .icmp(type: 3, code: 10),
    "icmp-admin-prohibited": .icmp(type: 3, code: 13),
    "icmp6-no-route": .icmp6(type: 1, code: 0), "no-route": .icmp6(type: 1, code: 0),
    "icmp6-adm-prohibited": .icmp6(type: 1, code: 1), "adm-prohibited": .icmp6(type: 1, code: 1),
    "icmp6-addr-unreachable": .icmp6(type: 1, code: 3), "addr-unreach": .icmp6(type: 1, code: 3),
    "icmp6-port-unreachable": .icmp6(type: 1, code: 4), "port-unreach": .icmp6(type: 1, code: 4),
    "icmp6-policy-fail": .icmp6(type: 1, code: 5), "policy-fail": .icmp6(type: 1, code: 5),
    "icmp6-reject-route": .icmp6(type: 1, code: 6), "reject-route": .icmp6(type: 1, code: 6),
  ]

  /// DNAT, SNAT, MASQUERADE, REDIRECT.
  private mutating func natRange() throws(UnreadOption) -> NATRange {
    var range = NATRange()
    while let word = next() {
      switch word.option {
      case "--to-destination", "--to-source":
        if range.addresses != nil || range.ports != nil {
          range.unrecognised = "\(word.text) \(try value())"
        } else {
          try readNATDestination(try value(), into: &range)
        }
      case "--to-ports":
        range.ports = try required(RuleValue.ports(try value(), separator: "-"))
      case "--random", "--random-fully": range.isRandom = true
      case "--persistent": range.isPersistent = true
      default: throw UnreadOption()
      }
    }
    return range
  }

  /// `a`, `a-b`, `a:80`, `a-b:80-90/80`, `:80`, `[a6]:80`, `[a6]-[b6]:80`.
  private func readNATDestination(_ text: String, into range: inout NATRange)
    throws(UnreadOption)
  {
    var addresses = text[...]
    var ports: Substring?
    if let close = text.lastIndex(of: "]") {
      let rest = text[text.index(after: close)...]
      addresses = text[...close]
      if rest.hasPrefix(":") {
        ports = rest.dropFirst()
      } else if !rest.isEmpty {
        throw UnreadOption()
      }
    } else if let colon = text.firstIndex(of: ":"), text.lastIndex(of: ":") == colon {
      addresses = text[..<colon]
      ports = text[text.index(after: colon)...]
    }
    if !addresses.isEmpty {
      let bare = addresses.filter { $0 != "[" && $0 != "]" }
      range.addresses = try required(RuleValue.addresses(bare))
    }
    guard let ports else { return }
    let parts = ports.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    range.ports = try required(RuleValue.ports(try required(parts.first), separator: "-"))
    if parts.count == 2 { range.basePort = try required(UInt16(parts[1])) }
  }

  private mutating func trackingTarget() throws(UnreadOption) -> IPTablesTarget {
    var options = TrackingOptions()
    while let word = next() {
      switch word.option {
      case "--notrack": return .notrack
      case "--zone", "--zone-orig", "--zone-reply":
        let text = try value()
        options.zone = text == "mark" ? .fromMark : .number(try required(RuleValue.number(text)))
        options.zoneDirection =
          word.text == "--zone" ? .both : word.text == "--zone-orig" ? .original : .reply
      case "--helper": options.helper = try required(next()).text
      case "--ctevents", "--expevents", "--timeout":
        let text = "\(word.text) \(try value())"
        options.others += options.others.isEmpty ? text : " " + text
      default: throw UnreadOption()
      }
    }
    return .track(options)
  }

  /// `--set-xmark`, and the spellings that older savers print.
  private mutating func markChange() throws(UnreadOption) -> MaskedMark {
    let option = try option()
    let mark = try required(RuleValue.mark(try value()))
    switch option {
    case "--set-xmark": return mark
    case "--set-mark": return MaskedMark(value: mark.value, mask: mark.mask | mark.value)
    case "--and-mark": return MaskedMark(value: 0, mask: ~mark.value)
    case "--or-mark": return MaskedMark(value: mark.value, mask: mark.value)
    case "--xor-mark": return MaskedMark(value: mark.value, mask: 0)
    default: throw UnreadOption()
    }
  }

  private mutating func connectionMarkChange() throws(UnreadOption) -> ConnectionMarkChange {
    let option = current?.option
    guard option == "--save-mark" || option == "--restore-mark" else {
      return .set(try markChange())
    }
    position += 1
    var mask = UInt32.max
    var connectionMask = UInt32.max
    while let word = next() {
      let value = try required(RuleValue.number(try value(), of: UInt32.self))
      switch word.option {
      case "--nfmask": mask = value
      case "--ctmask": connectionMask = value
      case "--mask": (mask, connectionMask) = (value, value)
      default: throw UnreadOption()
      }
    }
    return option == "--save-mark"
      ? .save(mask: mask, connectionMask: connectionMask)
      : .restore(mask: mask, connectionMask: connectionMask)
  }
}
