// `-m set`: whether a packet's values are in an ipset.
import Facts
import NetworkTypes

extension HookRun {
  func truth(_ test: IPSetTest, _ world: World) -> Truth {
    if !test.counterTests.isEmpty { return .unknown("an element's counters decide") }
    return truth(test, test.name, world, depth: 0)
  }

  private func truth(_ test: IPSetTest, _ name: IPSetName, _ world: World, depth: Int) -> Truth {
    guard let set = model.ipsets[name] else {
      let reason = model.ipsetGap.map { ": \($0)" } ?? ""
      return .unknown("ipset \(name) is not in the capture\(reason)")
    }
    guard let dimensions = set.type.dimensions else {
      return .unknown("ipset type \(set.type) is not modelled")
    }
    if dimensions == [.set] { return listTruth(test, set, world, depth: depth) }
    // The kernel takes a set of too many dimensions, or of the other family, as not matching.
    guard test.ends.count >= dimensions.count else { return .no }
    if let family = set.family, family != world.packet.family { return .no }
    return memberTruth(test, set, dimensions, world)
  }

  /// Lists hold sets only, so two levels are all there is.
  private func listTruth(_ test: IPSetTest, _ list: IPSet, _ world: World, depth: Int) -> Truth {
    guard depth < 2 else { return .unknown("ipset lists nest too deep") }
    var result = Truth(!list.isComplete ? nil : false, orUnknown: "ipset \(list.name) was cut")
    for member in list.members {
      guard case .set(let name)? = member.elements.first else { continue }
      switch truth(test, name, world, depth: depth + 1) {
      case .yes: return .yes
      case .no: break
      case .unknown(let why): result = .unknown(why)
      }
    }
    return result
  }

  private func memberTruth(
    _ test: IPSetTest, _ set: IPSet, _ dimensions: [IPSetType.Dimension], _ world: World
  ) -> Truth {
    guard let values = values(test, set, dimensions, world.packet) else { return .no }
    var best: (widths: [Int], isException: Bool)?
    var unsure: String?
    for member in set.members {
      switch widths(member, values, set) {
      case .unread: unsure = "an element of ipset \(set.name) is not understood"
      case .outside: break
      case .inside(let widths):
        if best == nil || best.map({ $0.widths.lexicographicallyPrecedes(widths) }) == true {
          best = (widths, member.isException)
        }
      }
    }
    if let unsure { return .unknown(unsure) }
    // The most specific element decides, exceptions among them.
    if let best { return exceptionTruth(best.isException, test, set) }
    return Truth(!set.isComplete ? nil : false, orUnknown: "ipset \(set.name) was captured in part")
  }

  private func exceptionTruth(_ isException: Bool, _ test: IPSetTest, _ set: IPSet) -> Truth {
    guard isException else { return .yes }
    return test.returnsNomatch ? .yes : .no
  }

  private enum Value {
    case address(IPAddress)
    case port(ipProtocol: UInt8, UInt16)
    case mac(MACAddress)
    case interface(logical: InterfaceName?, physical: InterfaceName?)
    case mark(UInt32)
  }

  /// The packet's value in each dimension; nil where it lacks one.
  private func values(
    _ test: IPSetTest, _ set: IPSet, _ dimensions: [IPSetType.Dimension], _ packet: Packet
  ) -> [Value]? {
    var values: [Value] = []
    for (dimension, end) in zip(dimensions, test.ends) {
      guard let value = value(dimension, end, set, packet) else { return nil }
      values.append(value)
    }
    return values
  }

  private func value(
    _ dimension: IPSetType.Dimension, _ end: PacketEnd, _ set: IPSet, _ packet: Packet
  ) -> Value? {
    switch dimension {
    case .ip, .net:
      guard let address = end == .source ? packet.source : packet.destination else { return nil }
      return .address(masked(address, set, dimension))
    case .port: return portValue(end, set, packet)
    case .mac: return .mac(end == .source ? packet.ethSrc : packet.ethDst)
    case .mark: return .mark(packet.mark & (set.options["markmask"].flatMap(hex) ?? .max))
    case .iface:
      return end == .source
        ? .interface(logical: context.inDevice, physical: context.physicalIn)
        : .interface(logical: context.outDevice, physical: context.physicalOut)
    case .set: return nil
    }
  }

  /// `netmask 24`, `bitmask …` of sets of single addresses.
  private func masked(
    _ address: IPAddress, _ set: IPSet, _ dimension: IPSetType.Dimension
  ) -> IPAddress {
    guard dimension == .ip else { return address }
    if let length = set.options["netmask"].flatMap({ Int($0) }) {
      return IPPrefix(host: address).widened(to: length).address
    }
    if let mask = set.options["bitmask"].flatMap({ IPAddress($0) }) {
      return IPAddress(bits: address.bits & mask.bits, family: address.family)
    }
    return address
  }

  private func hex(_ text: String) -> UInt32? {
    UInt32(text.hasPrefix("0x") ? String(text.dropFirst(2)) : text, radix: 16)
  }

  private func portValue(_ end: PacketEnd, _ set: IPSet, _ packet: Packet) -> Value? {
    let number = packet.ipProtocol
    if packet.isICMP {
      if packet.fragment == .later { return nil }
      return set.type.storage == "bitmap"
        ? nil
        : .port(ipProtocol: number, UInt16(packet.icmpType) << 8 | UInt16(packet.icmpCode))
    }
    guard packet.hasPorts else {
      return set.type.storage == "bitmap" ? nil : .port(ipProtocol: number, 0)
    }
    if packet.fragment == .later { return nil }
    if set.type.storage == "bitmap", number != IPProtocol.tcp, number != IPProtocol.udp {
      return nil
    }
    return .port(ipProtocol: number, packet.port(end))
  }

  private enum Position {
    case outside, unread
    /// How specific the element is, dimension by dimension.
    case inside([Int])
  }

  private func widths(_ member: IPSetMember, _ values: [Value], _ set: IPSet) -> Position {
    var widths: [Int] = []
    guard member.elements.count == values.count else { return .unread }
    for (element, value) in zip(member.elements, values) {
      switch (element, value) {
      case (.network(let prefix), .address(let address)):
        guard prefix.contains(address) else { return .outside }
        widths.append(prefix.length)
      case (.addresses(let range), .address(let address)):
        guard range.contains(address) else { return .outside }
        widths.append(address.family.width)
      case (.port(let number, let range), .port(let other, let port)):
        guard number == nil || number == other, range.contains(port) else { return .outside }
      case (.mac(let mac), .mac(let other)): guard mac == other else { return .outside }
      case (.mark(let mark), .mark(let other)): guard mark == other else { return .outside }
      case (.interface(let name, let isPhysical), .interface(let logical, let physical)):
        guard matches(name, isPhysical ? physical : logical, member) else { return .outside }
      default: return .unread
      }
    }
    return .inside(widths)
  }

  private func matches(
    _ name: InterfaceName, _ device: InterfaceName?, _ member: IPSetMember
  ) -> Bool {
    guard let device else { return false }
    guard member.options["wildcard"] != nil else { return name == device }
    return device.rawValue.hasPrefix(name.rawValue)
  }
}
