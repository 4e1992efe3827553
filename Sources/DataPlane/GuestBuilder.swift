// What a guest got from DHCP and router advertisements: addresses, prefixes, routes, MTU.
import Facts
import NetworkTypes

/// Makes guests of Neutron's ports and dnsmasq's files.
struct GuestBuilder {
  let facts: CloudFacts
  private let ports: [PortID: NeutronPort]
  private let subnets: [SubnetID: NeutronSubnet]
  private let networks: [NetworkID: NeutronNetwork]
  private let domains: [LibvirtDomain]

  init(_ facts: CloudFacts) {
    self.facts = facts
    ports = Dictionary(
      facts.neutron.ports.records.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    subnets = Dictionary(
      facts.neutron.subnets.records.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    networks = Dictionary(
      facts.neutron.networks.records.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    domains = facts.nodes.flatMap { $0.files.domains.values.flatMap(\.records) }
  }

  func guest(
    _ id: PortID, plug: GuestPlug, mac: MACAddress?, evidence: Evidence?, vlan: VLANID?
  ) -> Guest? {
    guard let port = ports[id] else {
      return guestFromNodes(id, plug: plug, mac: mac, evidence: evidence)
    }
    guard let mac = port.mac ?? mac else { return nil }
    let fixed = port.fixedIPs.map { fixedIP in
      InterfaceAddress(
        address: fixedIP.address,
        prefixLength: subnets[fixedIP.subnet]?.cidr.length ?? fixedIP.address.family.width)
    }
    return Guest(
      port: id, name: name(of: id) ?? port.name, network: port.network, mac: mac,
      addresses: fixed + [linkLocal(mac)],
      routes: port.fixedIPs.flatMap { routes(subnet: $0.subnet, port: port) },
      mtuBytes: networks[port.network]?.mtuBytes ?? 1500, plug: plug, vlan: vlan,
      evidence: [port.evidence] + (evidence.map { [$0] } ?? []))
  }

  private func linkLocal(_ mac: MACAddress) -> InterfaceAddress {
    InterfaceAddress(address: .v6(IPv6Address(linkLocal: mac)), prefixLength: 64)
  }

  /// The server's name as Nova wrote it into the domain.
  private func name(of id: PortID) -> String? {
    domains.first { domain in
      domain.interfaces.contains { $0.interfaceID == id }
        || domain.nova?.ports.contains { $0.id == id } ?? false
    }?.nova?.name
  }

  private func routes(subnet id: SubnetID, port: NeutronPort) -> [GuestRoute] {
    guard let subnet = subnets[id] else { return [] }
    if subnet.cidr.family == .ipv6 { return advertisedRoutes(subnet) }
    if let routes = dhcpRoutes(subnet, port: port) { return routes }
    var routes = subnet.hostRoutes.map {
      GuestRoute(
        destination: $0.destination, gateway: $0.nextHop.isUnspecified ? nil : $0.nextHop)
    }
    if let gateway = subnet.gateway {
      routes.append(GuestRoute(destination: .everything(.ipv4), gateway: gateway))
    }
    return routes
  }

  /// Option 121 replaces option 3 (RFC 3442); options of the port's own tag win over the subnet's.
  private func dhcpRoutes(_ subnet: NeutronSubnet, port: NeutronPort) -> [GuestRoute]? {
    let files = facts.nodes.compactMap { $0.files.dnsmasq[subnet.network] }
    let options = files.flatMap(\.options.records)
    guard subnet.isDHCPEnabled, !options.isEmpty else { return nil }
    let tags = ["port-\(port.id)", "subnet-\(subnet.id)"]
    for tag in tags {
      let mine = options.filter { $0.tags.contains { $0.hasPrefix(tag) } }
      if let routes = mine.lazy.compactMap(\.classlessRoutes).first {
        return routes.map {
          GuestRoute(
            destination: $0.destination, gateway: $0.nextHop.isUnspecified ? nil : $0.nextHop)
        }
      }
      if let router = mine.first(where: { $0.code == .named("router") })?.addresses.first {
        return [GuestRoute(destination: .everything(.ipv4), gateway: router)]
      }
    }
    return []
  }

  /// The default route that a router advertisement gives: via the router port's link-local address.
  private func advertisedRoutes(_ subnet: NeutronSubnet) -> [GuestRoute] {
    guard subnet.ipv6RAMode != nil else {
      return subnet.gateway.map { [GuestRoute(destination: .everything(.ipv6), gateway: $0)] }
        ?? []
    }
    let router = facts.neutron.ports.records.first { port in
      port.deviceOwner.hasPrefix("network:") && port.deviceOwner.contains("router")
        && port.fixedIPs.contains { $0.subnet == subnet.id && $0.address == subnet.gateway }
    }
    return (router?.mac).map {
      [GuestRoute(destination: .everything(.ipv6), gateway: .v6(IPv6Address(linkLocal: $0)))]
    } ?? []
  }

  /// Without the API: addresses from dnsmasq's host files or Nova's metadata, prefix and routes
  /// from the same dnsmasq's command line and options.
  private func guestFromNodes(
    _ id: PortID, plug: GuestPlug, mac: MACAddress?, evidence: Evidence?
  ) -> Guest? {
    guard let mac else { return nil }
    let served = facts.nodes.flatMap { node in
      node.files.dnsmasq.map { (network: $0.key, files: $0.value, node: node) }
    }.first { $0.files.hosts.records.contains { $0.macs.contains(mac) } }
    let host = served?.files.hosts.records.first { $0.macs.contains(mac) }
    let nova = domains.lazy.compactMap { $0.nova?.ports.first { $0.id == id } }.first
    let addresses = host?.addresses ?? nova?.addresses.map(\.address) ?? []
    let ranges: [IPPrefix] = served.map { prefixes(of: $0.network, on: $0.node) } ?? []
    let options = served?.files.options.records ?? []
    return Guest(
      port: id, name: name(of: id) ?? id.rawValue, network: served?.network, mac: mac,
      addresses: addresses.map { address in
        InterfaceAddress(
          address: address,
          prefixLength: ranges.first { $0.contains(address) }?.length ?? address.family.width)
      } + [linkLocal(mac)],
      routes: options.lazy.compactMap(\.classlessRoutes).first?.map {
        GuestRoute(
          destination: $0.destination, gateway: $0.nextHop.isUnspecified ? nil : $0.nextHop)
      } ?? [],
      mtuBytes: 1500, plug: plug, vlan: nil, evidence: evidence.map { [$0] } ?? [])
  }

  private func prefixes(of network: NetworkID, on node: NodeFacts) -> [IPPrefix] {
    node.processes.records.compactMap { DnsmasqCommandLine(process: $0.arguments) }
      .filter { $0.hostsFile?.contains(network.rawValue) ?? false }
      .flatMap(\.ranges).compactMap(\.prefix)
  }
}
