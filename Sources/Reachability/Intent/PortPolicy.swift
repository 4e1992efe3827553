// What a guest's port may send and be sent, as Neutron's objects have it.
import DataPlane
import Facts
import NetworkTypes
import PacketSets

/// The packets that a port's tenant asked for.
public struct PortPolicy {
  /// Untagged frames with the port's own addresses, of kinds that a guest may send.
  public let genuine: PacketSet
  /// Of IP, what its security groups let out.
  public let egress: PacketSet
  /// Of IP, what its security groups let in, as it looks at the port.
  public let ingress: PacketSet
  /// Destinations that are the port's own.
  public let owned: PacketSet
  public let isFiltered: Bool
  public let isUp: Bool
  public let doubts: [String]
  let ingressRules: [(NeutronSecurityGroupRule, PacketSet)]
}

struct PortPolicyBuilder {
  let space: PacketSpace
  let rules: SecurityRules
  private let networks: [NetworkID: NeutronNetwork]

  init(space: PacketSpace, neutron: NeutronFacts, rules: SecurityRules) {
    self.space = space
    self.rules = rules
    networks = Dictionary(
      neutron.networks.records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func policy(_ port: NeutronPort) -> PortPolicy {
    let network = networks[port.network]
    let isFiltered = port.isPortSecurityEnabled ?? network?.isPortSecurityEnabled ?? true
    let isUp = port.isAdminUp && network?.isAdminUp ?? true
    let owned = space.or(
      space.union(addresses(port).map { space.prefix(.destination, $0.1) }),
      space.and(space.ip, space.isGroup(.ethDestination)))
    guard isFiltered else {
      return PortPolicy(
        genuine: .all, egress: space.ip, ingress: space.ip, owned: owned, isFiltered: false,
        isUp: isUp, doubts: [], ingressRules: [])
    }
    let out = rules.allowed(port.securityGroups, .egress)
    let into = rules.allowed(port.securityGroups, .ingress)
    return PortPolicy(
      genuine: genuine(port), egress: space.or(out.packets, alwaysOut),
      ingress: space.or(into.packets, alwaysIn), owned: owned, isFiltered: true, isUp: isUp,
      doubts: out.doubts + into.doubts, ingressRules: into.byRule)
  }

  /// MAC and prefix, the link-local address that goes with each MAC included.
  private func addresses(_ port: NeutronPort) -> [(MACAddress, IPPrefix)] {
    guard let own = port.mac else { return [] }
    var pairs = port.fixedIPs.map { (own, IPPrefix(host: $0.address)) }
    pairs += port.allowedAddressPairs.map { ($0.mac ?? own, $0.prefix) }
    let macs = Set(pairs.map(\.0)).union([own])
    return pairs + macs.sorted().map { ($0, IPPrefix(host: .v6(IPv6Address(linkLocal: $0)))) }
  }

  // MARK: Anti-spoofing

  private func genuine(_ port: NeutronPort) -> PacketSet {
    let pairs = addresses(port)
    let macs = space.union(
      Set(pairs.map(\.0)).map { space.value(.ethSource, UInt128($0.rawValue)) })
    var ip = PacketSet.empty
    var arp = space.all(of: [space.arp, macs, space.value(.source, 0)])
    for (mac, prefix) in pairs {
      let from = space.value(.ethSource, UInt128(mac.rawValue))
      ip = space.or(ip, space.and(from, space.prefix(.source, prefix)))
      if prefix.family == .ipv4 {
        arp = space.or(arp, space.all(of: [space.arp, from, space.bits(.source, prefix)]))
      }
    }
    let others = space.and(macs, space.minus(.all, space.or(space.ip, space.arp)))
    // Before an address is taken: DHCP from nobody, duplicate address detection.
    let asking = space.all(of: [space.dhcpClient, macs, space.value(.source, 0)])
    let joining = space.all(of: [
      space.family(.ipv6), macs, space.value(.source, 0),
      space.value(.ipProtocol, UInt128(IPProtocol.icmp6)),
      space.union([131, 132, 133, 135, 143].map { space.value(.sourcePort, $0) }),
    ])
    let all = space.union([ip, arp, others, asking, joining])
    return space.and(
      space.minus(all, space.or(forgedAdvertisements(pairs), serving)), space.value(.vlan, 0))
  }

  /// Advertisements of others' addresses.
  private func forgedAdvertisements(_ pairs: [(MACAddress, IPPrefix)]) -> PacketSet {
    let own = space.union(
      pairs.filter { $0.1.family == .ipv6 }.map { space.bits(.ndTarget, $0.1) })
    let advertisement = space.all(of: [
      space.family(.ipv6), space.value(.ipProtocol, UInt128(IPProtocol.icmp6)),
      space.value(.sourcePort, 136),
    ])
    return space.minus(advertisement, own)
  }

  /// What only routers and DHCP servers send.
  private var serving: PacketSet {
    space.union([
      space.all(of: [
        space.family(.ipv4), space.value(.ipProtocol, 17), space.value(.sourcePort, 67),
        space.value(.destinationPort, 68),
      ]),
      space.all(of: [
        space.family(.ipv6), space.value(.ipProtocol, 17), space.value(.sourcePort, 547),
        space.value(.destinationPort, 546),
      ]),
      space.all(of: [
        space.family(.ipv6), space.value(.ipProtocol, UInt128(IPProtocol.icmp6)),
        space.value(.sourcePort, 134),
      ]),
    ])
  }

  // MARK: What no rule is needed for

  private var alwaysOut: PacketSet {
    space.union([
      space.dhcpClient,
      space.all(of: [
        space.family(.ipv6), space.value(.ipProtocol, 17), space.value(.sourcePort, 546),
        space.value(.destinationPort, 547),
      ]),
      icmp6([130, 131, 132, 133, 135, 136, 143]),
    ])
  }

  private var alwaysIn: PacketSet {
    space.union([
      space.all(of: [
        space.family(.ipv4), space.value(.ipProtocol, 17), space.value(.sourcePort, 67),
        space.value(.destinationPort, 68),
      ]),
      space.all(of: [
        space.family(.ipv6), space.value(.ipProtocol, 17), space.value(.sourcePort, 547),
        space.value(.destinationPort, 546),
      ]),
      icmp6([130, 131, 132, 133, 134, 135, 136]),
    ])
  }

  private func icmp6(_ types: [UInt128]) -> PacketSet {
    space.all(of: [
      space.family(.ipv6), space.value(.ipProtocol, UInt128(IPProtocol.icmp6)),
      space.union(types.map { space.value(.sourcePort, $0) }),
    ])
  }
}

extension PacketSpace {
  var dhcpClient: PacketSet {
    all(of: [
      family(.ipv4), value(.ipProtocol, 17), value(.sourcePort, 68), value(.destinationPort, 67),
    ])
  }
}
