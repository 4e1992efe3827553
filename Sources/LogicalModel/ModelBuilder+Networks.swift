// Networks from the API and from what agents noted in switch databases; subnets from the API, from
// dnsmasq's ranges and from devices' prefixes.
import Facts
import NetworkTypes

extension ModelBuilder {
  mutating func buildNetworks() {
    for record in neutron.networks.records { networks[record.id] = network(record) }
    for node in nodes {
      for attachment in node.attachments { note(attachment, on: node) }
      for (_, role) in node.roles { note(role) }
      for id in node.facts.files.dnsmasq.keys.sorted() { touch(id) }
    }
    for id in networks.keys {
      networks[id]?.localVLANs.sort { ($0.node, $0.vlan) < ($1.node, $1.vlan) }
    }
  }

  private func network(_ record: NeutronNetwork) -> Network {
    var network = Network(id: record.id, origin: .api)
    network.name = record.name
    network.project = record.project
    network.status = record.status
    network.isAdminUp = record.isAdminUp
    network.isShared = record.isShared
    network.isExternal = record.isExternal
    network.mtuBytes = record.mtuBytes
    network.segments = record.segments
    network.evidence = [record.evidence]
    return network
  }

  /// The network is on a node.
  private mutating func touch(_ id: NetworkID) {
    networks[id, default: Network(id: id, origin: .nodes)].origin.insert(.nodes)
  }

  private mutating func note(_ role: NamespaceRole) {
    switch role {
    case .dhcp(let id): touch(id)
    case .floating(let id):
      touch(id)
      networks[id]?.isExternal = true
    case .router, .snat: return
    }
  }

  private mutating func note(_ attachment: SwitchAttachment, on node: NodeIndex) {
    guard let id = attachment.network else { return }
    touch(id)
    if DevicePrefix(attachment.interface.name) == .gateway { networks[id]?.isExternal = true }
    guard var network = networks[id] else { return }
    if let segment = attachment.segment, !network.segments.contains(segment),
      !network.origin.contains(.api) || network.segments.isEmpty
    {
      network.segments.append(segment)
    }
    if let vlan = attachment.localVLAN, let evidence = attachment.port?.evidence {
      network.count(vlan, attachment.segment, node.name, evidence)
    }
    networks[id] = network
  }
}

extension Network {
  fileprivate mutating func count(
    _ vlan: VLANID, _ segment: NeutronSegment?, _ node: NodeName, _ evidence: Evidence
  ) {
    let known = localVLANs.firstIndex {
      $0.node == node && $0.vlan == vlan && $0.segment == segment
    }
    if let known {
      localVLANs[known].ports += 1
    } else {
      localVLANs.append(
        LocalVLAN(node: node, vlan: vlan, segment: segment, ports: 1, evidence: evidence))
    }
  }
}

extension ModelBuilder {
  /// What the devices of its ports carry, where the API does not say; the smallest if they differ.
  mutating func inferMTUs() {
    var smallest: [NetworkID: Int] = [:]
    for port in ports.values {
      guard let id = port.network, networks[id]?.mtuBytes == nil else { continue }
      for location in port.locations {
        guard let link = node(location.node)?.device(location.interface)?.link else { continue }
        smallest[id] = min(smallest[id] ?? .max, link.mtuBytes)
      }
    }
    for (id, mtu) in smallest { networks[id]?.mtuBytes = mtu }
  }

  mutating func buildSubnets() {
    subnets = neutron.subnets.records.map(subnet)
    let known = Set(subnets.compactMap(\.id))
    for node in nodes { noteRanges(of: node, known) }
    for port in ports.values.sorted(by: { $0.id < $1.id }) { notePrefixes(of: port) }
    nameSubnetsOfPorts()
  }

  private func subnet(_ record: NeutronSubnet) -> Subnet {
    var subnet = Subnet(id: record.id, network: record.network, cidr: record.cidr, origin: .api)
    subnet.name = record.name
    subnet.gateway = record.gateway
    subnet.isDHCPEnabled = record.isDHCPEnabled
    subnet.pools = record.pools
    subnet.hostRoutes = record.hostRoutes
    subnet.dnsServers = record.dnsServers
    subnet.ipv6RAMode = record.ipv6RAMode
    subnet.ipv6AddressMode = record.ipv6AddressMode
    subnet.project = record.project
    subnet.evidence = [record.evidence]
    return subnet
  }

  /// `--dhcp-range=set:subnet-<id>,…` (before 2020 `set:tag0,…`) of the running dnsmasqs.
  private mutating func noteRanges(of node: NodeIndex, _ known: Set<SubnetID>) {
    for process in node.facts.processes.records {
      guard let line = DnsmasqCommandLine(process: process.arguments),
        let network = DnsmasqPaths.network(of: line)
      else { continue }
      for range in line.ranges {
        guard let cidr = range.prefix else { continue }
        let id = range.setTags.compactMap { $0.after("subnet-") }.first.map { SubnetID($0) }
        noteSubnet(id, network, cidr, process.evidence) { $0.isDHCPEnabled = true }
        noteOptions(of: id, network, cidr, node.facts.files.dnsmasq[network])
      }
    }
  }

  private mutating func noteOptions(
    of id: SubnetID?, _ network: NetworkID, _ cidr: IPPrefix, _ files: DnsmasqFiles?
  ) {
    guard let id, let files else { return }
    let options = files.options.records.filter { $0.tags.contains("subnet-\(id)") }
    for option in options {
      switch option.code {
      case .named("router"), .number(3):
        noteSubnet(id, network, cidr, option.evidence) {
          $0.gateway = $0.gateway ?? option.addresses.first
        }
      case .named("dns-server"), .number(6), .named6("dns-server"), .number6(23):
        noteSubnet(id, network, cidr, option.evidence) {
          if $0.dnsServers.isEmpty { $0.dnsServers = option.addresses }
        }
      default: continue
      }
    }
  }

  /// A prefix on a router's or DHCP server's device is a subnet of its network.
  private mutating func notePrefixes(of port: Port) {
    guard let network = port.network, port.owner != .server else { return }
    for location in port.locations {
      for address in location.addresses where isSubnet(address, port.owner) {
        let gateway = gateway(on: address, of: port.owner, at: location)
        noteSubnet(nil, network, address.prefix, location.evidence.first) { subnet in
          if subnet.gateway == nil { subnet.gateway = gateway }
        }
      }
    }
  }

  /// A router's interface is a subnet's gateway (where DHCP names no other); behind its gateway device
  /// the default route names it.
  private func gateway(
    on address: InterfaceAddress, of owner: PortOwner, at location: PortLocation
  ) -> IPAddress? {
    if owner == .routerInterface { return address.address }
    guard owner == .routerGateway || owner == .floatingAgent,
      let facts = node(location.node)?.namespace(location.namespace)
    else { return nil }
    let routes = (address.address.family == .ipv4 ? facts.routes4 : facts.routes6).records
    let hops = routes.filter { $0.destination.length == 0 }.flatMap(\.nextHops)
    return hops.first { $0.interface == location.interface }?.gateway
  }

  /// Floating IPs are host addresses, HA devices carry VRRP's own addresses.
  private func isSubnet(_ address: InterfaceAddress, _ owner: PortOwner) -> Bool {
    address.prefixLength < address.address.family.width && !address.address.isLoopback
      && !(owner == .highAvailability && address.address.isLinkLocal)
      && address.address.v4?.isLinkLocal != true
  }

  private mutating func noteSubnet(
    _ id: SubnetID?, _ network: NetworkID, _ cidr: IPPrefix, _ evidence: Evidence?,
    _ change: (inout Subnet) -> Void
  ) {
    let position =
      subnets.firstIndex { $0.network == network && id != nil && $0.id == id }
      ?? subnets.firstIndex { $0.network == network && $0.cidr == cidr }
    if let position {
      subnets[position].origin.insert(.nodes)
      subnets[position].id = subnets[position].id ?? id
      if !subnets[position].origin.contains(.api) { change(&subnets[position]) }
      return
    }
    var subnet = Subnet(id: id, network: network, cidr: cidr, origin: .nodes)
    subnet.evidence = [evidence].compactMap { $0 }
    change(&subnet)
    subnets.append(subnet)
  }

  /// Addresses that only nodes knew get the subnet they lie in.
  private mutating func nameSubnetsOfPorts() {
    let byNetwork = Dictionary(grouping: subnets, by: \.network)
    for id in ports.keys {
      guard var port = ports[id], let network = port.network else { continue }
      for index in port.fixedIPs.indices where port.fixedIPs[index].subnet == nil {
        let address = port.fixedIPs[index].address
        port.fixedIPs[index].subnet =
          byNetwork[network]?.first { $0.cidr.contains(address) }?.id
      }
      ports[id] = port
    }
  }
}
