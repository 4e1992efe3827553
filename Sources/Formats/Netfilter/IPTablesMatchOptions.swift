// Options of match modules that are one test each.
import Facts
import NetworkTypes

extension RuleWordCursor {
  /// tcp, udp, udplite, sctp, dccp, icmp, icmp6.
  mutating func transportTest(_ option: String) throws(UnreadOption) -> IPTablesTest {
    switch option {
    case "--sport", "--source-port":
      return .ports(.source, try required(RuleValue.ports(try value())))
    case "--dport", "--destination-port":
      return .ports(.destination, try required(RuleValue.ports(try value())))
    case "--syn": return .tcpFlags(mask: 0x17, set: 0x02)
    case "--tcp-flags":
      let mask = try required(RuleValue.tcpFlags(try value()))
      return .tcpFlags(mask: mask, set: try required(RuleValue.tcpFlags(try value())))
    case "--tcp-option": return .tcpOption(try required(UInt8(try value())))
    case "--icmp-type": return try icmpTest(try value())
    case "--icmpv6-type": return try icmp6Test(try value())
    default: throw UnreadOption()
    }
  }

  /// `any`, `8`, `3/1`, `3/0:5`.
  private func icmpTest(_ text: String) throws(UnreadOption) -> IPTablesTest {
    if text == "any" { return .icmp(type: nil, codes: 0...255) }
    let (type, codes) = try icmpPattern(text)
    // 255 is how the kernel spells any.
    return .icmp(type: type == 255 ? nil : type, codes: codes)
  }
  private func icmp6Test(_ text: String) throws(UnreadOption) -> IPTablesTest {
    let (type, codes) = try icmpPattern(text)
    return .icmp6(type: type, codes: codes)
  }
  private func icmpPattern(_ text: String) throws(UnreadOption) -> (UInt8, ClosedRange<UInt8>) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let type = try required(UInt8(parts[0]))
    guard parts.count == 2 else { return (type, 0...255) }
    let separator: Character = parts[1].contains("-") ? "-" : ":"
    return (type, try required(RuleValue.range(parts[1], separator: separator)))
  }

  mutating func multiportTest(_ option: String) throws(UnreadOption) -> IPTablesTest {
    let end: PacketEnd?
    switch option {
    case "--sports", "--source-ports": end = .source
    case "--dports", "--destination-ports": end = .destination
    case "--ports": end = nil
    default: throw UnreadOption()
    }
    var ranges: [PortRange] = []
    for part in try value().split(separator: ",") {
      ranges.append(try required(RuleValue.ports(part)))
    }
    return .multiport(end, ranges)
  }

  mutating func physicalDeviceTest(_ option: String) throws(UnreadOption) -> IPTablesTest {
    switch option {
    case "--physdev-in": return .physicalIn(InterfacePattern(try value()))
    case "--physdev-out": return .physicalOut(InterfacePattern(try value()))
    case "--physdev-is-in": return .isPhysicalIn
    case "--physdev-is-out": return .isPhysicalOut
    case "--physdev-is-bridged": return .isBridged
    default: throw UnreadOption()
    }
  }

  mutating func addressRangeTest(_ option: String) throws(UnreadOption) -> IPTablesTest {
    guard option == "--src-range" || option == "--dst-range" else { throw UnreadOption() }
    let range = try required(RuleValue.addresses(try value()))
    return .addressRange(
      option == "--src-range" ? .source : .destination, first: range.lowerBound,
      last: range.upperBound)
  }

  /// length, tos, dscp, ttl, hl, pkttype, ecn, tcpmss.
  mutating func headerTest(_ module: String, _ option: String) throws(UnreadOption)
    -> IPTablesTest
  {
    switch (module, option) {
    case ("length", "--length"): return .length(try required(RuleValue.range(try value())))
    case ("tcpmss", "--mss"): return .tcpMSS(try required(RuleValue.range(try value())))
    case ("tos", "--tos"):
      let (value, mask) = try required(RuleValue.maskedByte(try value()))
      return .tos(value: value, mask: mask)
    case ("dscp", "--dscp"): return .dscp(try required(RuleValue.number(try value())))
    case ("ttl", "--ttl-eq"), ("ttl", "--ttl"), ("hl", "--hl-eq"), ("hl", "--hl"):
      return .ttl(.equal, try required(UInt8(try value())))
    case ("ttl", "--ttl-lt"), ("hl", "--hl-lt"):
      return .ttl(.less, try required(UInt8(try value())))
    case ("ttl", "--ttl-gt"), ("hl", "--hl-gt"):
      return .ttl(.greater, try required(UInt8(try value())))
    case ("pkttype", "--pkt-type"):
      return .packetType(try required(PacketType(rawValue: try value())))
    case ("ecn", "--ecn-ip-ect"): return .ecn(.ip(try required(UInt8(try value()))))
    case ("ecn", "--ecn-tcp-cwr"): return .ecn(.congestionWindowReduced)
    case ("ecn", "--ecn-tcp-ece"): return .ecn(.echo)
    default: throw UnreadOption()
    }
  }

  /// One option of `-m conntrack` or `-m state`.
  mutating func conntrackTest(_ option: String) throws(UnreadOption) -> ConntrackCondition.Test {
    let value = try value()
    switch option {
    case "--ctstate", "--state": return .state(try names(value))
    case "--ctstatus": return .status(try names(value))
    case "--ctproto": return .ipProtocol(try required(RuleValue.ipProtocol(value)))
    case "--ctorigsrc": return .originalSource(try required(MaskedAddress(value)))
    case "--ctorigdst": return .originalDestination(try required(MaskedAddress(value)))
    case "--ctreplsrc": return .replySource(try required(MaskedAddress(value)))
    case "--ctrepldst": return .replyDestination(try required(MaskedAddress(value)))
    case "--ctorigsrcport": return .originalPorts(.source, try required(RuleValue.ports(value)))
    case "--ctorigdstport":
      return .originalPorts(.destination, try required(RuleValue.ports(value)))
    case "--ctreplsrcport": return .replyPorts(.source, try required(RuleValue.ports(value)))
    case "--ctrepldstport": return .replyPorts(.destination, try required(RuleValue.ports(value)))
    case "--ctdir" where value == "ORIGINAL" || value == "REPLY":
      return .isReplyDirection(value == "REPLY")
    case "--ctexpire": return .expires(try required(RuleValue.range(value)))
    default: return .unrecognised("\(option) \(value)")
    }
  }
  private func names<Name: RawRepresentable & Hashable>(_ text: String) throws(UnreadOption)
    -> Set<Name> where Name.RawValue == String
  {
    var names: Set<Name> = []
    for part in text.split(separator: ",") {
      names.insert(try required(Name(rawValue: String(part))))
    }
    return names
  }
}
