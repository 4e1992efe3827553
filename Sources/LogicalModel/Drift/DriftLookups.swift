// What comparisons ask again and again of the whole cloud, found once: a cloud of a thousand nodes has
// tens of thousands of ports, and each node asks about those of its networks. Feeds DriftBuilder.
import Facts
import NetworkTypes

struct DriftLookups {
  /// Routers that were asked for and are up.
  let wantedRouters: [Router]
  /// Where the distributed ones among them route, by node.
  let distributedPlaces: [NodeName: [(router: Router, place: RouterPlace)]]
  /// Those that Neutron has, by network.
  let residents: [NetworkID: NetworkResidents]
  let agentModes: [String: String]
  /// Open vSwitch agents by their nodes.
  let switchAgents: [NodeName: NeutronAgent]
  /// Where tunnels to captured nodes end.
  let capturedEnds: Set<IPAddress>
  /// Of all networks.
  let tunnelIDs: Set<UInt64>
  let networkRecords: [NetworkID: NeutronNetwork]
  let routerRecords: [RouterID: NeutronRouter]
  let addressGroups: [String: NeutronAddressGroup]
  /// Members of groups that rules name.
  let members: [GroupOfFamily: Set<IPPrefix>]
  let floatingRecords: [RouterID: [NeutronFloatingIP]]
  let floatingRecordsByAddress: [IPAddress: [NeutronFloatingIP]]
  /// As the model has them, by what the API calls them.
  let floatingIPs: [FloatingIPID: FloatingIP]
  let floatingIPsByAddress: [IPAddress: [FloatingIP]]
  /// By what veths of theirs are at least called after.
  let routersByVethID: [Substring: [Router]]
  let servers: [NetworkID: [DHCPServer]]
  let proxies: [NodeName: [MetadataProxy]]
  /// Guests' ports by the nodes on which they are plugged, in the model's order.
  let guests: [NodeName: [Port]]
  let guestsByAddress: [IPAddress: [Port]]
  /// What devices and chains of the API's ports are called after.
  let deviceIDs: Set<Substring>
  let chainIDs: Set<Substring>

  struct GroupOfFamily: Hashable {
    let group: String
    let family: AddressFamily
  }

  init(
    _ model: CloudModel, _ facts: CloudFacts, ports: [PortID: NeutronPort],
    portsByNetwork: [NetworkID: [Port]], portsByGroup: [SecurityGroupID: [NeutronPort]],
    hostsOfEnds: [String: [IPAddress]], hosts: HostDirectory
  ) {
    let neutron = facts.neutron
    func first<Key: Hashable, Value>(_ pairs: some Sequence<(Key, Value)>) -> [Key: Value] {
      Dictionary(pairs) { first, _ in first }
    }
    wantedRouters = model.routers.filter { $0.origin.contains(.api) && $0.isAdminUp != false }
    distributedPlaces = wantedRouters.reduce(into: [:]) { found, router in
      guard router.mode.isDistributed else { return }
      for place in router.places where place.part == .router {
        found[place.node, default: []].append((router, place))
      }
    }
    residents = portsByNetwork.mapValues {
      NetworkResidents($0, model, records: ports, hostsOfEnds: hostsOfEnds)
    }
    agentModes = first(
      neutron.agents.records.lazy.compactMap { agent in agent.agentMode.map { (agent.host, $0) } })
    switchAgents = first(
      neutron.agents.records.lazy.filter { $0.binary.contains("openvswitch") }
        .compactMap { agent in hosts.node(agent.host).map { ($0, agent) } })
    capturedEnds = Set(hostsOfEnds.filter { hosts.node($0.key) != nil }.values.joined())
    tunnelIDs = Set(
      model.networks.lazy.flatMap { DriftBuilder.tunnelSegments(of: $0) }.map { UInt64($0) })
    networkRecords = first(neutron.networks.records.lazy.map { ($0.id, $0) })
    routerRecords = first(neutron.routers.records.lazy.map { ($0.id, $0) })
    addressGroups = first(neutron.addressGroups.records.lazy.map { ($0.id, $0) })
    let groups = addressGroups
    members = Self.members(of: model, groups, portsByGroup)
    floatingRecords = neutron.floatingIPs.records.reduce(into: [:]) { found, record in
      if let router = record.router { found[router, default: []].append(record) }
    }
    floatingRecordsByAddress = Dictionary(grouping: neutron.floatingIPs.records, by: \.address)
    floatingIPs = first(
      model.floatingIPs.lazy.compactMap { floating in floating.id.map { ($0, floating) } })
    floatingIPsByAddress = Dictionary(grouping: model.floatingIPs, by: \.address)
    routersByVethID = Dictionary(grouping: model.routers) {
      $0.id.rawValue.prefix(DevicePrefix.shortestVethID)
    }
    servers = Dictionary(grouping: model.dhcpServers, by: \.network)
    proxies = Dictionary(grouping: model.metadataProxies, by: \.node)
    let plugged = model.ports.filter { $0.owner == .server || $0.owner == .subPort }
    guests = plugged.reduce(into: [:]) { found, port in
      for node in Set(port.locations.map(\.node)) { found[node, default: []].append(port) }
    }
    guestsByAddress = plugged.reduce(into: [:]) { found, port in
      guard port.owner == .server else { return }
      for address in Set(port.addresses) { found[address, default: []].append(port) }
    }
    deviceIDs = Set(ports.keys.map { $0.rawValue.prefix(NeutronNames.deviceIDLength) })
    chainIDs = Set(ports.keys.map { $0.rawValue.prefix(DriftBuilder.chainIDLength) })
  }

  private static func members(
    of model: CloudModel, _ addressGroups: [String: NeutronAddressGroup],
    _ portsByGroup: [SecurityGroupID: [NeutronPort]]
  ) -> [GroupOfFamily: Set<IPPrefix>] {
    var found: [GroupOfFamily: Set<IPPrefix>] = [:]
    for rule in model.securityGroups.lazy.flatMap(\.rules) {
      guard let group = rule.remoteGroup?.rawValue ?? rule.remoteAddressGroup else { continue }
      let key = GroupOfFamily(group: group, family: rule.family)
      if found[key] == nil { found[key] = members(of: key, addressGroups, portsByGroup) }
    }
    return found
  }

  /// Addresses of all ports of a group, or of an address group, in one family.
  static func members(
    of key: GroupOfFamily, _ addressGroups: [String: NeutronAddressGroup],
    _ portsByGroup: [SecurityGroupID: [NeutronPort]]
  ) -> Set<IPPrefix> {
    if let addresses = addressGroups[key.group] {
      return Set(addresses.addresses.filter { $0.family == key.family })
    }
    var found: Set<IPPrefix> = []
    for record in portsByGroup[SecurityGroupID(key.group)] ?? [] {
      for fixed in record.fixedIPs where fixed.address.family == key.family {
        found.insert(IPPrefix(host: fixed.address))
      }
      for pair in record.allowedAddressPairs where pair.prefix.family == key.family {
        found.insert(pair.prefix)
      }
    }
    return found
  }
}

/// The ports of one network by what flows and neighbours name them by, and where they are.
struct NetworkResidents {
  let ports: [Port]
  private var byMAC: [MACAddress: [Int]] = [:]
  private var byAddress: [IPAddress: [Int]] = [:]
  /// Those with pairs of more than one address.
  private var ranging: [Int] = []
  /// Where tunnels to the network's ports end: of bound, active ones and of routers' replicas.
  private(set) var ends: Set<IPAddress> = []
  /// Those that l2population tells the agents of: bound, active ones; of routers' replicas none.
  private(set) var populated: [PopulatedPort] = []

  struct PopulatedPort {
    let port: Port
    let mac: MACAddress?
    /// IPv4 only.
    let addresses: [IPAddress]
    let end: IPAddress
  }

  init(
    _ ports: [Port], _ model: CloudModel, records: [PortID: NeutronPort],
    hostsOfEnds: [String: [IPAddress]]
  ) {
    self.ports = ports
    for (index, port) in ports.enumerated() {
      for mac in Set([port.mac].compactMap { $0 } + port.allowedAddressPairs.compactMap(\.mac)) {
        byMAC[mac, default: []].append(index)
      }
      let pairs = port.allowedAddressPairs.map(\.prefix)
      if pairs.contains(where: { !$0.isHost }) {
        ranging.append(index)
      } else {
        for address in Set(port.addresses + pairs.map(\.address)) {
          byAddress[address, default: []].append(index)
        }
      }
      guard let record = records[port.id], record.status == "ACTIVE", record.isAdminUp else {
        continue
      }
      let isReplicated = port.isDistributed || model.router(port.router)?.mode.isHA == true
      if let host = record.host { ends.formUnion(hostsOfEnds[host] ?? []) }
      // Replicas stand where their devices are: the API names one host at most.
      if isReplicated {
        for location in port.locations {
          for host in model.node(location.node)?.hosts ?? [] {
            ends.formUnion(hostsOfEnds[host] ?? [])
          }
        }
      }
      guard !isReplicated, port.owner.isPlugged,
        let end = port.boundHost.flatMap({ hostsOfEnds[$0]?.first })
      else { continue }
      populated.append(
        PopulatedPort(
          port: port, mac: port.mac, addresses: port.addresses.filter { $0.family == .ipv4 },
          end: end))
    }
  }

  func ports(with mac: MACAddress) -> [Port] { (byMAC[mac] ?? []).map { ports[$0] } }
  /// Whose own address it is, or lies in a pair of theirs.
  func ports(answeringFor address: IPAddress) -> [Port] {
    let pairs = ranging.filter { ports[$0].answers(for: address) }
    let own = byAddress[address] ?? []
    return (pairs.isEmpty ? own : (own + pairs).sorted()).map { ports[$0] }
  }
}
