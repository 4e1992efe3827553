// Where OpenFlow's fields lie among ours, and what a flow's match is as a set.
import Facts
import NetworkTypes
import PacketSets

/// Bits of one of our fields.
struct FieldPlace {
  let field: HeaderField
  /// From the least significant.
  var shift: UInt8 = 0
  var width: UInt8
  init(_ field: HeaderField, shift: UInt8 = 0, width: UInt8? = nil) {
    self.field = field
    self.shift = shift
    self.width = width ?? UInt8(min(field.width, 128))
  }
}

extension OpenFlowField {
  /// Nil for fields that are not modelled.
  var place: FieldPlace? {
    if let registers = overlaidRegisters, registers.count == 1 {
      return FieldPlace(.register(registers.lowerBound))
    }
    return switch self {
    case .inPort, .inPort32: FieldPlace(.inPort)
    case .metadata: FieldPlace(.metadata)
    case .packetMark: FieldPlace(.packetMark)
    case .conjID: FieldPlace(.conjunctionID)
    case .tunID: FieldPlace(.tunnelID)
    case .tunSrc, .tunIPv6Src: FieldPlace(.tunnelSource)
    case .tunDst, .tunIPv6Dst: FieldPlace(.tunnelDestination)
    case .ctState: FieldPlace(.ctState)
    case .ctZone: FieldPlace(.ctZone)
    case .ctMark: FieldPlace(.ctMark)
    case .ctLabel: FieldPlace(.ctLabel)
    case .ethSrc: FieldPlace(.ethSource)
    case .ethDst: FieldPlace(.ethDestination)
    case .ethType: FieldPlace(.etherType)
    case .vlanTCI, .vlanVID: FieldPlace(.vlan)
    case .dlVLAN: FieldPlace(.vlan, width: 12)
    case .ipSrc, .ipv6Src, .arpSPA: FieldPlace(.source)
    case .ipDst, .ipv6Dst, .arpTPA: FieldPlace(.destination)
    case .nwProto, .arpOp: FieldPlace(.ipProtocol)
    case .tcpSrc, .udpSrc, .sctpSrc, .icmpType, .icmp6Type: FieldPlace(.sourcePort)
    case .tcpDst, .udpDst, .sctpDst, .icmpCode, .icmp6Code: FieldPlace(.destinationPort)
    case .arpSHA, .ndSLL: FieldPlace(.arpSHA)
    case .arpTHA, .ndTLL: FieldPlace(.arpTHA)
    case .ndTarget: FieldPlace(.ndTarget)
    case .nwTOS: FieldPlace(.tos)
    case .ipDSCP: FieldPlace(.tos, shift: 2, width: 6)
    case .nwECN: FieldPlace(.tos, width: 2)
    case .nwTTL: FieldPlace(.ttl)
    case .tcpFlags: FieldPlace(.tcpFlags)
    default: nil
    }
  }
}

extension OpenFlowField {
  /// Bits of our field that a packet which has this one never has: ours is wider.
  var unusedBits: UInt128 {
    guard let place, place.shift == 0,
      ![.nwECN, .ipDSCP, .dlVLAN, .vlanTCI, .vlanVID].contains(self)
    else { return 0 }
    let full: UInt128 = place.field.width >= 128 ? .max : (1 << UInt128(place.field.width)) - 1
    return full & ~valueMask
  }
}

extension PacketSpace {
  /// One field's condition; nil where it is not modelled.
  func condition(_ match: FieldMatch) -> PacketSet? {
    // No packet here is a fragment, and all are Ethernet frames.
    if match.field == .ipFrag || match.field == .packetType {
      return match.value == 0 ? .all : .empty
    }
    guard let place = match.field.place else { return nil }
    var mask = match.mask
    if match.field == .vlanTCI {
      // Priorities are not kept; a frame without a tag has none.
      let asksForNone = mask & tagPresent != 0 && match.value & tagPresent == 0
      if mask & 0xe000 != 0, !asksForNone || match.value & 0xe000 != 0 { return nil }
      mask &= 0x1fff
    }
    mask = mask << UInt128(place.shift) | match.field.unusedBits
    return masked(place.field, match.value << UInt128(place.shift), mask: mask)
  }

  /// The packets that have fields which ask for this.
  func prerequisite(_ prerequisite: OpenFlowField.Prerequisite) -> PacketSet {
    switch prerequisite {
    case .none, .ethernet: .all
    case .vlan: masked(.vlan, tagPresent, mask: tagPresent) ?? .all
    case .mpls: etherType(EtherType.mpls)
    case .nsh: etherType(0x894f)
    case .ipv4: family(.ipv4)
    case .ipv6: family(.ipv6)
    case .ip: ip
    case .arp: or(arp, etherType(EtherType.rarp))
    case .tcp: ipProtocol(IPProtocol.tcp)
    case .udp: ipProtocol(IPProtocol.udp)
    case .sctp: ipProtocol(IPProtocol.sctp)
    case .icmp4: and(family(.ipv4), value(.ipProtocol, 1))
    case .icmp6: and(family(.ipv6), value(.ipProtocol, 58))
    case .nd: discovery(135...136)
    case .ndSolicitation: discovery(135...135)
    case .ndAdvertisement: discovery(136...136)
    case .tracked: masked(.ctState, 0x20, mask: 0x20) ?? .all
    }
  }

  /// ICMPv6 of these types, code 0.
  func discovery(_ types: ClosedRange<UInt128>) -> PacketSet {
    all(of: [
      family(.ipv6), value(.ipProtocol, UInt128(IPProtocol.icmp6)), interval(.sourcePort, types),
      value(.destinationPort, 0),
    ])
  }
}
