// Plants faults whose effect is known. Feeds NodePlan, and the list that a test compares with.

/// One thing made wrong.
struct PlantedFault {
  enum Effect: String {
    /// Something arrives that Neutron's objects do not allow.
    case leak
    /// Something does not arrive that they ask for.
    case breakage
    case both = "leak and breakage"
  }
  let kind: FaultKind
  let node: String
  let effect: Effect
  /// What it is about, by role: ids as the API has them.
  let objects: [(role: String, id: Text)]
  /// For people.
  let text: Text

  var json: Text {
    let pairs: [Text] = objects.map { #""\#($0.role)":"\#($0.id)""# }
    return #"""
      {"kind":"\#(kind.rawValue)","node":"\#(node)","effect":"\#(effect.rawValue)",\#
      "objects":{\#(pairs, separator: ",")},"text":"\#(text)"}
      """#
  }
}

enum FaultKind: String, CaseIterable {
  case wrongTag = "wrong-vlan-tag"
  case lostTranslation = "floating-ip-dnat-missing"
  case openPort = "rule-left-behind"
  case unflooded = "flood-target-missing"
  case wrongSegment = "wrong-segment-inbound"
  case lostMember = "remote-group-member-missing"
  case bridged = "vlans-joined"
  case lostTunnel = "tunnel-port-missing"
  case openSender = "arp-spoofing-open"
  case lostNeighbour = "neighbour-missing"
}

struct Planting {
  private(set) var faults: [Ref<Node>: NodeFaults] = [:]
  private(set) var list: [PlantedFault] = []
  private let cloud: Cloud
  private let index: CloudIndex
  private var random: RandomSource
  /// A network has one fault at most, so that effects do not cover each other.
  private var touched: Set<Ref<Network>> = []

  private init(_ cloud: Cloud, _ index: CloudIndex) {
    self.cloud = cloud
    self.index = index
    random = RandomSource(seed: cloud.options.seed ^ 0xbad)
  }

  /// Kinds take turns; one that finds no place is passed over, and a cloud too small for as many
  /// faults as are wanted gets fewer.
  static func make(_ cloud: Cloud, _ index: CloudIndex) -> Planting {
    var planting = Planting(cloud, index)
    var failures = 0
    var turn = 0
    while planting.list.count < cloud.options.planted, failures < FaultKind.allCases.count {
      let kind = FaultKind.allCases[turn % FaultKind.allCases.count]
      turn += 1
      failures = planting.plant(kind) ? 0 : failures + 1
    }
    return planting
  }

  var file: Text { "[\n\(list.map(\.json), separator: ",\n")\n]\n" }

  private mutating func plant(_ kind: FaultKind) -> Bool {
    let nodes = random.shuffled(cloud.nodes.refs.filter { !index.guests[$0.index].isEmpty })
    for node in nodes {
      let plan = NodePlan(cloud, index, node, NodeFaults())
      if plant(kind, plan) { return true }
    }
    return false
  }

  private mutating func plant(_ kind: FaultKind, _ plan: NodePlan) -> Bool {
    switch kind {
    case .wrongTag: plantWrongTag(plan)
    case .lostTranslation: plantLostTranslation(plan)
    case .openPort: plantOpenPort(plan)
    case .unflooded: plantUnflooded(plan)
    case .wrongSegment: plantWrongSegment(plan)
    case .lostMember: plantLostMember(plan)
    case .bridged: plantBridged(plan)
    case .lostTunnel: plantLostTunnel(plan)
    case .openSender: plantOpenSender(plan)
    case .lostNeighbour: plantLostNeighbour(plan)
    }
  }

  private mutating func record(
    _ kind: FaultKind, _ node: Ref<Node>, _ effect: PlantedFault.Effect,
    _ networks: [Ref<Network>], _ objects: [(role: String, id: Text)], _ text: Text,
    _ change: (inout NodeFaults) -> Void
  ) -> Bool {
    touched.formUnion(networks)
    change(&faults[node, default: NodeFaults()])
    list.append(
      PlantedFault(
        kind: kind, node: cloud.nodes[node].name, effect: effect, objects: objects, text: text))
    return true
  }

  // What there is to choose from.

  private func guests(_ plan: NodePlan) -> [Ref<Port>] {
    plan.guests.map(\.port).filter { !touched.contains(cloud.ports[$0].network) }
  }
  private func isTunnelled(_ network: Ref<Network>) -> Bool {
    cloud.networks[network].kind == .vxlan
  }
  /// Guests of a network on other nodes.
  private func others(_ network: Ref<Network>, than node: Ref<Node>) -> [Ref<Port>] {
    cloud.networks[network].ports.filter {
      cloud.ports[$0].owner == .guest && cloud.ports[$0].node != node
    }
  }
  /// A guest here, and a network here of another tenant, both tunnelled and unspoilt.
  private func strangers(_ plan: NodePlan) -> (guest: Ref<Port>, network: Ref<Network>)? {
    for guest in guests(plan) where isTunnelled(cloud.ports[guest].network) {
      let own = cloud.ports[guest].network
      for network in plan.networks where isTunnelled(network) && !touched.contains(network) {
        let (tenant, other) = (cloud.networks[own].tenant, cloud.networks[network].tenant)
        if other != nil, other != tenant, !others(network, than: plan.ref).isEmpty {
          return (guest, network)
        }
      }
    }
    return nil
  }
  private func id(_ port: Ref<Port>) -> Text { "\(cloud.ports[port].id)" }
  private func id(_ network: Ref<Network>) -> Text { "\(cloud.networks[network].id)" }
}

// Faults that join what should be apart.
extension Planting {
  private mutating func plantWrongTag(_ plan: NodePlan) -> Bool {
    guard let (guest, network) = strangers(plan) else { return false }
    let own = cloud.ports[guest].network
    return record(
      .wrongTag, plan.ref, .both, [own, network],
      [("port", id(guest)), ("network", id(own)), ("other_network", id(network))],
      "the port's tag is another tenant's network's VLAN: the guest is there and not at home"
    ) { $0.wrongTags[guest] = network }
  }

  private mutating func plantWrongSegment(_ plan: NodePlan) -> Bool {
    guard let (guest, network) = strangers(plan) else { return false }
    let own = cloud.ports[guest].network
    return record(
      .wrongSegment, plan.ref, .both, [own, network],
      [("network", id(network)), ("other_network", id(own)), ("port", id(guest))],
      "frames of the network from other nodes come out in the other network's VLAN"
    ) { $0.wrongSegments[network] = own }
  }

  private mutating func plantBridged(_ plan: NodePlan) -> Bool {
    guard let (guest, network) = strangers(plan) else { return false }
    let own = cloud.ports[guest].network
    return record(
      .bridged, plan.ref, .leak, [own, network],
      [("other_network", id(network)), ("port", id(guest)), ("network", id(own))],
      "frames of the other network to the guest's MAC are handed to it, past its filter"
    ) { $0.bridgedGuests[network] = guest }
  }

  /// Of a guest with a floating IP, so that anybody can reach it.
  private mutating func plantOpenPort(_ plan: NodePlan) -> Bool {
    guard let guest = guests(plan).first(where: { cloud.ports[$0].floatingIP != nil })
    else { return false }
    let network = cloud.ports[guest].network
    return record(
      .openPort, plan.ref, .leak, [network],
      [("port", id(guest)), ("network", id(network)), ("tcp_port", "2323")],
      "leftover rules let anybody reach the guest's TCP port 2323"
    ) { $0.openPorts[guest] = 2_323 }
  }

  private mutating func plantOpenSender(_ plan: NodePlan) -> Bool {
    guard let guest = guests(plan).first else { return false }
    let network = cloud.ports[guest].network
    return record(
      .openSender, plan.ref, .leak, [network],
      [("port", id(guest)), ("network", id(network))],
      "the guest may send ARP for any address"
    ) { $0.openSenders.insert(guest) }
  }
}

// Faults that part what should be joined.
extension Planting {
  private mutating func plantLostTranslation(_ plan: NodePlan) -> Bool {
    let here = guests(plan).compactMap { cloud.ports[$0].floatingIP }
    guard let floating = here.first else { return false }
    let object = cloud.floatingIPs[floating]
    let router = cloud.routers[object.router]
    let network = cloud.ports[object.port].network
    // A pair's other half keeps its rule, as when one agent has missed a message.
    let place = router.kind == .distributed ? plan.ref : router.agents[0]
    return record(
      .lostTranslation, place, .breakage, [network],
      [
        ("floating_ip", "\(object.id)"), ("address", "\(object.address)"),
        ("port", id(object.port)), ("router", "\(router.id)"),
      ],
      "nothing leads from the floating address to the guest"
    ) { $0.lostTranslations.insert(floating) }
  }

  private mutating func plantUnflooded(_ plan: NodePlan) -> Bool {
    for guest in guests(plan) where isTunnelled(cloud.ports[guest].network) {
      let network = cloud.ports[guest].network
      guard let dhcp = cloud.networks[network].dhcp, let place = cloud.ports[dhcp].node else {
        continue
      }
      return record(
        .unflooded, plan.ref, .breakage, [network],
        [
          ("network", id(network)), ("port", id(guest)), ("dhcp_port", id(dhcp)),
          ("peer", "\(cloud.nodes[place].name)"),
        ],
        "broadcasts do not reach the node with the DHCP server: no leases"
      ) { $0.unfloodedPeers[network] = place }
    }
    return false
  }

  private mutating func plantLostMember(_ plan: NodePlan) -> Bool {
    for guest in guests(plan) {
      let network = cloud.ports[guest].network
      let groups = plan.rules(of: guest).compactMap { group, rule -> Ref<SecurityGroup>? in
        rule.transport == .any && rule.remote == .group(group) ? group : nil
      }
      let members = groups.flatMap { cloud.groups[$0].members }
      guard
        let member = members.first(where: {
          cloud.ports[$0].network == network && cloud.ports[$0].node != plan.ref
        })
      else { continue }
      return record(
        .lostMember, plan.ref, .breakage, [network],
        [("network", id(network)), ("port", id(guest)), ("member", id(member))],
        "on this node the member is no source that its group's rule for members admits"
      ) { $0.lostMembers[network] = member }
    }
    return false
  }

  private mutating func plantLostTunnel(_ plan: NodePlan) -> Bool {
    for guest in guests(plan) where isTunnelled(cloud.ports[guest].network) {
      let network = cloud.ports[guest].network
      guard let other = others(network, than: plan.ref).first,
        let place = cloud.ports[other].node
      else { continue }
      return record(
        .lostTunnel, plan.ref, .breakage, [network],
        [
          ("network", id(network)), ("port", id(guest)), ("other_port", id(other)),
          ("peer", "\(cloud.nodes[place].name)"),
        ],
        "nothing goes from this node through the tunnel to the peer"
      ) { $0.lostTunnels.insert(place) }
    }
    return false
  }

  /// Of a guest of another network of the router, on another node: nobody answers ARP across nodes.
  private mutating func plantLostNeighbour(_ plan: NodePlan) -> Bool {
    for guest in guests(plan) {
      let network = cloud.ports[guest].network
      guard let router = cloud.networks[network].router,
        cloud.routers[router].kind == .distributed
      else { continue }
      for second in cloud.routers[router].networks
      where second != network && !touched.contains(second) {
        guard let other = others(second, than: plan.ref).first else { continue }
        return record(
          .lostNeighbour, plan.ref, .breakage, [network, second],
          [
            ("router", "\(cloud.routers[router].id)"), ("port", id(guest)),
            ("other_port", id(other)),
          ],
          "the router's instance here does not know where the other guest is"
        ) { $0.lostNeighbours.insert(other) }
      }
    }
    return false
  }
}
