// Matches and targets of ebtables.
import Conntrack
import Facts
import NetworkTypes

extension HookRun {
  func truth(_ matches: [EBMatch], _ packet: Packet) -> Truth {
    var result = Truth.yes
    for match in matches {
      switch truth(match.test, packet).inverted(match.isNegated) {
      case .no: return .no
      case .yes: break
      case .unknown(let why): result = .unknown(why)
      }
    }
    return result
  }

  private func truth(_ test: EBTest, _ packet: Packet) -> Truth {
    switch test {
    case .protocolType(let type):
      return Truth((packet.vlans.outer == nil ? packet.etherType : EtherType.vlan) == type)
    case .lengthFrame: return Truth(packet.etherType < 0x600)
    case .source(let mac): return Truth(mac.contains(packet.ethSrc))
    case .destination(let mac): return Truth(mac.contains(packet.ethDst))
    case .inInterface(let pattern):
      return Truth(context.inDevice != nil && pattern.matches(context.inDevice))
    case .outInterface(let pattern):
      return Truth(context.outDevice != nil && pattern.matches(context.outDevice))
    // A frame from or to the bridge itself has no port whose bridge could be asked for.
    case .logicalIn(let pattern):
      return Truth(context.inDevice == nil || context.inDevice == bridge || pattern.matches(bridge))
    case .logicalOut(let pattern):
      return Truth(
        context.outDevice == nil || context.outDevice == bridge || pattern.matches(bridge))
    case .mark(let mark): return Truth(mark.matches(packet.mark))
    case .vlanID, .vlanPriority, .vlanEncapsulated: return vlanTruth(test, packet)
    case .among(let end, let pairs): return amongTruth(end, pairs, packet)
    case .packetType(let name):
      if name == "otherhost" || name == "host" {
        return packet.linkType == .unicast
          ? .unknown("whether the frame is for the bridge itself is not known") : .no
      }
      return Truth(packet.linkType.rawValue == name)
    case .rateLimit: return .unknown("a rate limit depends on other traffic")
    case .unrecognised(let text): return .unknown("ebtables option '\(text)' is not modelled")
    default: return networkTruth(test, packet)
    }
  }

  private func networkTruth(_ test: EBTest, _ packet: Packet) -> Truth {
    switch test {
    case .ipSource(let range): Truth(packet.isIP && range.contains(packet.source))
    case .ipDestination(let range): Truth(packet.isIP && range.contains(packet.destination))
    case .ipTOS(let value): Truth(packet.isIP && packet.tos == value)
    case .ipProtocol(let number): Truth(packet.isIP && packet.ipProtocol == number)
    case .ports(let end, let range):
      Truth(
        packet.hasTransportPorts && packet.fragment != .later && range.contains(packet.port(end)))
    case .icmp(let types, let codes):
      Truth(
        packet.isICMP && types.contains(packet.icmpType) && codes.contains(packet.icmpCode))
    default: arpTruth(test, packet)
    }
  }

  private func arpTruth(_ test: EBTest, _ packet: Packet) -> Truth {
    guard packet.isARP else { return .no }
    return switch test {
    case .arpOperation(let operation): Truth(packet.arpOperation == operation)
    case .arpHardwareType(let type): Truth(type == 1)
    case .arpProtocolType(let type): Truth(type == EtherType.ipv4)
    case .arpSource(let range): Truth(range.contains(packet.source))
    case .arpDestination(let range): Truth(range.contains(packet.destination))
    case .arpSourceMAC(let mac): Truth(mac.contains(packet.arpSHA))
    case .arpDestinationMAC(let mac): Truth(mac.contains(packet.arpTHA))
    case .gratuitousARP: Truth(packet.source == packet.destination)
    default: .unknown("an ebtables match that is not modelled")
    }
  }

  private func vlanTruth(_ test: EBTest, _ packet: Packet) -> Truth {
    guard let tag = packet.vlans.outer else { return .no }
    return switch test {
    case .vlanID(let id): Truth(tag.id == id)
    case .vlanPriority(let priority): Truth(tag.priority == priority)
    case .vlanEncapsulated(let type):
      Truth((packet.vlans.inner == nil ? packet.etherType : EtherType.vlan) == type)
    default: .no
    }
  }

  private func amongTruth(
    _ end: PacketEnd, _ pairs: [EBMACAddressPair], _ packet: Packet
  ) -> Truth {
    let mac = end == .source ? packet.ethSrc : packet.ethDst
    let address = end == .source ? packet.source : packet.destination
    return Truth(
      pairs.contains { pair in
        pair.mac == mac && (pair.address == nil || address == nil || pair.address == address)
      })
  }

  // MARK: Targets

  func applyBridge(_ target: EBTarget, _ rule: RuleReference, _ world: inout World) -> RuleOutcome {
    switch target {
    case .accept: return apply(.accept, rule, &world)
    case .drop: return apply(.drop, rule, &world)
    case .returnToCaller: return apply(.returnToCaller, rule, &world)
    case .jump(let chain): return apply(.jump(chain), rule, &world)
    case .proceed: return apply(nil, rule, &world)
    case .mark(let and, let xor, let next):
      world.packet.mark = world.packet.mark & and ^ xor
      world.note(rule, .marked(world.packet.mark))
      return applyBridge(next, rule, &world)
    case .sourceNAT(let mac, let rewritesARP, let next):
      world.packet.ethSrc = mac
      if rewritesARP, world.packet.isARP { world.packet.arpSHA = mac }
      world.note(rule, .noted("source MAC \(mac)"))
      return applyBridge(next, rule, &world)
    case .destinationNAT(let mac, let next):
      world.packet.ethDst = mac
      world.note(rule, .noted("destination MAC \(mac)"))
      return applyBridge(next, rule, &world)
    case .redirect: return stop("ebtables' redirect is not modelled", rule, &world)
    case .arpReply(let mac, let next): return arpReply(mac, next, rule, &world)
    case .unrecognised(let name):
      return stop("ebtables target \(name) is not modelled", rule, &world)
    }
  }

  private func stop(_ text: String, _ rule: RuleReference, _ world: inout World) -> RuleOutcome {
    world.finish(.unknown([UnknownReason(text, rule: rule)]))
    return .finished
  }

  private func arpReply(
    _ mac: MACAddress, _ next: EBTarget, _ rule: RuleReference, _ world: inout World
  ) -> RuleOutcome {
    // Anything but a request for IPv4 on Ethernet goes on with the next rule.
    guard world.packet.isARP, world.packet.arpOperation == 1 else { return .proceed }
    world.flags.answersARPWith = mac
    world.note(rule, .noted("ARP answered with \(mac)"))
    return applyBridge(next, rule, &world)
  }
}

extension MaskedAddress {
  fileprivate func contains(_ address: IPAddress?) -> Bool { address.map { contains($0) } ?? false }
}
