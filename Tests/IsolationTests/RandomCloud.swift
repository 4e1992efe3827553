// Small clouds by a seed: a few nodes with Neutron's bridges, networks on VLANs and in tunnels, guests
// behind flows, behind iptables or behind nothing, a router with NAT; then a few things gone wrong.
import Facts
import NetworkTypes

struct RandomCloud {
  struct Network {
    let id: String
    /// The third byte of its prefix 10.0.x.0/24, which two may share.
    let subnet: Int
    let segment: Int
    let isTunnelled: Bool
    func address(_ host: Int) -> IPAddress {
      IPAddress(bits: 0x0a00_0000 + UInt128(subnet) << 8 + UInt128(host), family: .ipv4)
    }
  }
  struct Server {
    let id: String
    let network: Int
    let address: IPAddress
    let mac: MACAddress
  }
  static let external = 0xcb00_7100 as UInt128

  private(set) var networks: [Network] = []
  private(set) var servers: [Server] = []
  private var nodes: [NodeDraft] = []
  /// Local VLANs by node, then by network; the external network's is the last.
  private var vlans: [[Int]] = []
  private var neutron = NeutronFacts()
  private var random: Random
  private var macCount: UInt64 = 0

  init(seed: Int) {
    random = Random(seed: seed)
    let count = 2 + random.next(2)
    networks = (0..<count).map { index in
      Network(
        id: "net\(index)-000000", subnet: random.once(in: 3) ? 0 : index, segment: 100 + index,
        isTunnelled: random.once(in: 2))
    }
    let nodeCount = 2 + random.next(2)
    for index in 0..<nodeCount { addNode(index, of: nodeCount) }
    addNeutron()
    for network in networks.indices {
      for host in 0..<(1 + random.next(2)) { addServer(network, host) }
    }
    if !random.once(in: 4) { addRouter() }
    for _ in 0..<random.next(4) { disturb() }
  }

  var facts: CloudFacts {
    var facts = CloudFacts()
    facts.nodes = nodes.map { $0.facts() }
    facts.neutron = neutron
    return facts
  }

  private mutating func nextMAC() -> MACAddress {
    macCount += 1
    return MACAddress(rawValue: 0xfa16_3e00_0000 + macCount)
  }

  // MARK: Nodes

  private static func underlay(_ node: Int) -> IPAddress {
    IPAddress(bits: 0xc0a8_0a00 + UInt128(node) + 1, family: .ipv4)
  }

  private mutating func addNode(_ index: Int, of count: Int) {
    var local: [Int] = []
    while local.count <= networks.count {
      let vlan = 1 + random.next(40)
      if !local.contains(vlan) { local.append(vlan) }
    }
    vlans.append(local)
    var root = NamespaceDraft(name: "root")
    root.filtersBridges = true
    root.addLink("eth0", mac: nextMAC())
    root.addAddress("eth0", Self.underlay(index), length: 24)
    root.addLink("eth1", mac: nextMAC())
    root.addLink("br-int", mac: nextMAC())
    root.addLink("br-ex", mac: nextMAC())
    var node = NodeDraft(name: "n\(index)")
    node.bridges = [integration(local), physical(local), tunnels(local, index, count)]
    node.namespaces = [root]
    nodes.append(node)
  }

  private func patch(_ name: String, _ peer: String) -> PortDraft {
    PortDraft(name: name, type: "patch", options: ["peer": peer])
  }

  private func integration(_ local: [Int]) -> BridgeDraft {
    var bridge = BridgeDraft(name: "br-int")
    let wire = bridge.add(patch("int-br-ex", "phy-br-ex"))
    let tunnel = bridge.add(patch("patch-tun", "patch-int"))
    for (network, vlan) in zip(networks, local) where !network.isTunnelled {
      bridge.flows.append(
        "table=0, priority=3,in_port=\(wire),dl_vlan=\(network.segment) "
          + "actions=mod_vlan_vid:\(vlan),resubmit(,60)")
    }
    bridge.flows += [
      "table=0, priority=3,in_port=\(wire),vlan_tci=0x0000/0x1fff "
        + "actions=mod_vlan_vid:\(local[networks.count]),resubmit(,60)",
      "table=0, priority=2,in_port=\(wire) actions=drop",
      "table=0, priority=1,in_port=\(tunnel) actions=resubmit(,60)",
      "table=0, priority=0 actions=resubmit(,60)",
      "table=60, priority=3 actions=NORMAL",
      "table=71, priority=0 actions=drop", "table=72, priority=0 actions=drop",
      "table=81, priority=0 actions=drop", "table=82, priority=0 actions=drop",
      "table=94, priority=1 actions=NORMAL",
    ]
    return bridge
  }

  private func physical(_ local: [Int]) -> BridgeDraft {
    var bridge = BridgeDraft(name: "br-ex")
    _ = bridge.add(PortDraft(name: "eth1"))
    let inside = bridge.add(patch("phy-br-ex", "int-br-ex"))
    for (network, vlan) in zip(networks, local) where !network.isTunnelled {
      bridge.flows.append(
        "table=0, priority=4,in_port=\(inside),dl_vlan=\(vlan) "
          + "actions=mod_vlan_vid:\(network.segment),NORMAL")
    }
    bridge.flows += [
      "table=0, priority=4,in_port=\(inside),dl_vlan=\(local[networks.count]) "
        + "actions=strip_vlan,NORMAL",
      "table=0, priority=2,in_port=\(inside) actions=drop",
      "table=0, priority=0 actions=NORMAL",
    ]
    return bridge
  }

  private func tunnels(_ local: [Int], _ index: Int, _ count: Int) -> BridgeDraft {
    var bridge = BridgeDraft(name: "br-tun")
    let inside = bridge.add(patch("patch-int", "patch-tun"))
    let ends = (0..<count).filter { $0 != index }.map { far in
      bridge.add(
        PortDraft(
          name: "vxlan-\(far)", type: "vxlan",
          options: [
            "remote_ip": "\(Self.underlay(far))", "local_ip": "\(Self.underlay(index))",
            "in_key": "flow", "out_key": "flow",
          ]))
    }
    bridge.flows = ["table=0, priority=1,in_port=\(inside) actions=resubmit(,22)"]
    bridge.flows += ends.map { "table=0, priority=1,in_port=\($0) actions=resubmit(,4)" }
    for (network, vlan) in zip(networks, local) where network.isTunnelled {
      bridge.flows += [
        "table=4, priority=1,tun_id=\(network.segment) "
          + "actions=mod_vlan_vid:\(vlan),resubmit(,10)",
        "table=22, priority=1,dl_vlan=\(vlan) actions=strip_vlan,set_tunnel:\(network.segment),"
          + ends.map { "output:\($0)" }.joined(separator: ","),
      ]
    }
    bridge.flows += [
      "table=10, priority=1 actions=output:\(inside)", "table=22, priority=0 actions=drop",
    ]
    return bridge
  }

  // MARK: Neutron

  private mutating func addNeutron() {
    var records = networks.map { network in
      var record = NeutronNetwork(id: NetworkID(network.id), evidence: nowhere)
      record.name = network.id
      record.segments = [
        NeutronSegment(
          networkType: network.isTunnelled ? "vxlan" : "vlan",
          physicalNetwork: network.isTunnelled ? nil : "br-ex",
          segmentationID: UInt32(network.segment))
      ]
      return record
    }
    var outside = NeutronNetwork(id: "ext-0000000", evidence: nowhere)
    outside.isExternal = true
    outside.segments = [
      NeutronSegment(networkType: "flat", physicalNetwork: "br-ex", segmentationID: nil)
    ]
    records.append(outside)
    neutron.networks = Section(records: records)
    var subnets = networks.compactMap { network in
      IPPrefix(network.address(0), length: 24).map {
        subnet("sub-\(network.id)", NetworkID(network.id), $0, gateway: network.address(1))
      }
    }
    let gateway = IPAddress(bits: Self.external + 1, family: .ipv4)
    if let prefix = IPPrefix(IPAddress(bits: Self.external, family: .ipv4), length: 24) {
      subnets.append(subnet("sub-ext", "ext-0000000", prefix, gateway: gateway))
    }
    neutron.subnets = Section(records: subnets)
    neutron.ports = Section(records: [])
    neutron.routers = Section(records: [])
    neutron.floatingIPs = Section(records: [])
    neutron.securityGroups = Section(records: [])
    neutron.securityGroupRules = Section(records: [])
    neutron.trunks = Section(records: [])
    neutron.agents = Section(records: [])
  }

  private func subnet(
    _ id: String, _ network: NetworkID, _ prefix: IPPrefix, gateway: IPAddress
  ) -> NeutronSubnet {
    var subnet = NeutronSubnet(
      id: SubnetID(id), network: network, cidr: prefix, evidence: nowhere)
    subnet.gateway = gateway
    return subnet
  }

  private mutating func addPort(
    _ id: String, _ network: Int, _ address: IPAddress, _ mac: MACAddress, owner: String
  ) {
    let isOutside = network == networks.count
    var port = NeutronPort(
      id: PortID(id), network: isOutside ? "ext-0000000" : NetworkID(networks[network].id),
      evidence: nowhere)
    port.mac = mac
    port.deviceOwner = owner
    port.fixedIPs = [
      NeutronFixedIP(
        subnet: SubnetID(isOutside ? "sub-ext" : "sub-\(networks[network].id)"), address: address)
    ]
    neutron.ports.records.append(port)
  }

  // MARK: Servers

  private mutating func addServer(_ network: Int, _ host: Int) {
    let number = servers.count
    let server = Server(
      id: "vm\(number)-0000000", network: network,
      address: networks[network].address(10 + host), mac: nextMAC())
    servers.append(server)
    addPort(server.id, network, server.address, server.mac, owner: "compute:nova")
    neutron.ports.records[neutron.ports.records.count - 1].name = "vm\(number)"
    let node = random.next(nodes.count)
    switch random.next(3) {
    case 0: plugHybrid(server, on: node)
    case 1: plug(server, on: node, isFiltered: true)
    default: plug(server, on: node, isFiltered: false)
    }
  }

  private mutating func plug(_ server: Server, on node: Int, isFiltered: Bool) {
    let tap = "tap" + server.id
    let vlan = vlans[node][server.network]
    nodes[node].namespaces[0].addLink(tap, mac: nextMAC(), kind: "tun")
    let port = nodes[node].bridges[0].add(
      PortDraft(
        name: tap, tag: vlan,
        externalIDs: ["iface-id": server.id, "attached-mac": "\(server.mac)"]))
    guard isFiltered else { return }
    let mac = "\(server.mac)"
    let allowed = random.pick(["tcp,tp_dst=22", "udp", "icmp", "ip"])
    nodes[node].bridges[0].flows += [
      "table=60, priority=100,in_port=\(port) actions=load:\(port)->NXM_NX_REG5[],"
        + "load:\(vlan)->NXM_NX_REG6[],resubmit(,71)",
      "table=60, priority=90,dl_vlan=\(vlan),dl_dst=\(mac) actions=load:\(port)->NXM_NX_REG5[],"
        + "load:\(vlan)->NXM_NX_REG6[],strip_vlan,resubmit(,81)",
      "table=71, priority=95,arp,reg5=\(port),in_port=\(port),dl_src=\(mac),"
        + "arp_spa=\(server.address) actions=resubmit(,94)",
      "table=71, priority=65,ip,reg5=\(port),in_port=\(port),dl_src=\(mac),"
        + "nw_src=\(server.address) actions=ct(table=72,zone=NXM_NX_REG6[0..15])",
      "table=72, priority=77,ct_state=+new-est,ip,reg5=\(port) actions=resubmit(,73)",
      "table=73, priority=100,reg6=\(vlan),dl_dst=\(mac) actions=drop",
      "table=73, priority=80,reg5=\(port) "
        + "actions=ct(commit,zone=NXM_NX_REG6[0..15]),resubmit(,94)",
      "table=81, priority=100,arp,reg5=\(port) actions=output:\(port)",
      "table=81, priority=90,ct_state=-trk,ip,reg5=\(port) "
        + "actions=ct(table=82,zone=NXM_NX_REG6[0..15])",
      "table=82, priority=77,ct_state=+new-est,\(allowed),reg5=\(port) "
        + "actions=ct(commit,zone=NXM_NX_REG6[0..15]),output:\(port)",
    ]
  }

  private mutating func plugHybrid(_ server: Server, on node: Int) {
    let id = server.id
    let mac = "\(server.mac)"
    nodes[node].namespaces[0].addLink(
      "qbr" + id, mac: nextMAC(), kind: "bridge", attributes: ["ageing_time": "0"])
    nodes[node].namespaces[0].addLink(
      "tap" + id, mac: nextMAC(), kind: "tun", master: "qbr" + id)
    nodes[node].namespaces[0].addLink(
      "qvb" + id, mac: nextMAC(), kind: "veth", master: "qbr" + id, peer: "qvo" + id)
    nodes[node].namespaces[0].addLink("qvo" + id, mac: nextMAC(), kind: "veth", peer: "qvb" + id)
    _ = nodes[node].bridges[0].add(
      PortDraft(
        name: "qvo" + id, tag: vlans[node][server.network],
        externalIDs: ["iface-id": id, "attached-mac": mac]))
    let allowed = random.pick(["-p tcp -m tcp --dport 22", "-p udp", "-p icmp", ""])
    nodes[node].namespaces[0].chains += ["i" + id, "o" + id]
    nodes[node].namespaces[0].rules += [
      "-A FORWARD -m physdev --physdev-out tap\(id) --physdev-is-bridged -j i\(id)",
      "-A FORWARD -m physdev --physdev-in tap\(id) --physdev-is-bridged -j o\(id)",
      "-A i\(id) -m state --state RELATED,ESTABLISHED -j RETURN",
      "-A i\(id) \(allowed)\(allowed.isEmpty ? "" : " ")-j RETURN", "-A i\(id) -j DROP",
      "-A o\(id) -s \(server.address)/32 -m mac --mac-source \(mac) -j RETURN",
      "-A o\(id) -j DROP",
    ]
  }

  // MARK: The router

  private mutating func addRouter() {
    let node = random.next(nodes.count)
    var space = NamespaceDraft(name: "qrouter-r0000000")
    space.isRouter = true
    let joined = networks.indices.filter { $0 < 2 || random.once(in: 2) }
    for network in joined
    where !space.addresses.contains(where: {
      $0.address.address == networks[network].address(1)
    }) {
      addRouterPort("qr-", network, networks[network].address(1), on: node, &space)
    }
    let own = IPAddress(bits: Self.external + 10, family: .ipv4)
    let gateway = IPAddress(bits: Self.external + 1, family: .ipv4)
    addRouterPort("qg-", networks.count, own, on: node, &space)
    let outside = space.links[space.links.count - 1].name.rawValue
    space.addRoute(.everything(.ipv4), via: gateway, outside)
    if random.once(in: 2) {
      let server = servers[random.next(servers.count)]
      let floating = IPAddress(bits: Self.external + 20, family: .ipv4)
      space.addAddress(outside, floating, length: 32)
      space.translations += [
        "-A PREROUTING -d \(floating)/32 -j DNAT --to-destination \(server.address)",
        "-A POSTROUTING -s \(server.address)/32 -o \(outside) -j SNAT --to-source \(floating)",
      ]
    }
    space.translations.append("-A POSTROUTING -o \(outside) -j SNAT --to-source \(own)")
    if random.once(in: 2) {
      space.rules.append("-A FORWARD -p \(random.pick(["tcp", "udp", "icmp"])) -j DROP")
    }
    nodes[node].namespaces.append(space)
  }

  private mutating func addRouterPort(
    _ prefix: String, _ network: Int, _ address: IPAddress, on node: Int,
    _ space: inout NamespaceDraft
  ) {
    let id = "rp\(network)-0000000"
    let mac = nextMAC()
    space.addLink(prefix + id, mac: mac)
    space.addAddress(prefix + id, address, length: 24)
    for server in servers where server.network == network {
      space.neighbours.append(
        Neighbour(
          address: server.address, interface: InterfaceName(prefix + id), mac: server.mac,
          states: ["STALE"], evidence: nowhere))
    }
    addPort(
      id, network, address, mac,
      owner: prefix == "qg-" ? "network:router_gateway" : "network:router_interface")
    _ = nodes[node].bridges[0].add(
      PortDraft(
        name: prefix + id, tag: vlans[node][network], type: "internal",
        externalIDs: ["iface-id": id, "attached-mac": "\(mac)"]))
  }

  // MARK: What goes wrong

  private mutating func disturb() {
    let node = random.next(nodes.count)
    let bridge = random.next(nodes[node].bridges.count)
    switch random.next(6) {
    case 0:
      let flow = random.next(nodes[node].bridges[bridge].flows.count)
      nodes[node].bridges[bridge].flows.remove(at: flow)
    case 1: exchangeActions(nodes[node].bridges[bridge].flows, node, bridge)
    case 2: addFlow(node, bridge)
    case 3:
      let tagged = nodes[node].bridges[0].ports.indices.filter {
        nodes[node].bridges[0].ports[$0].tag != nil
      }
      if tagged.isEmpty { return }
      nodes[node].bridges[0].ports[random.pick(tagged)].tag = random.pick(vlans[node])
    case 4: spoilRules(node)
    default: addRule(node)
    }
  }

  private mutating func exchangeActions(_ flows: [String], _ node: Int, _ bridge: Int) {
    let (a, b) = (random.next(flows.count), random.next(flows.count))
    func parts(_ flow: String) -> (String, String) {
      let range = flow.range(of: " actions=") ?? flow.endIndex..<flow.endIndex
      return (String(flow[..<range.lowerBound]), String(flow[range.lowerBound...]))
    }
    let (first, second) = (parts(flows[a]), parts(flows[b]))
    guard first.0.prefix(8) == second.0.prefix(8) else { return }
    nodes[node].bridges[bridge].flows[a] = first.0 + second.1
    nodes[node].bridges[bridge].flows[b] = second.0 + first.1
  }

  private mutating func addFlow(_ node: Int, _ bridge: Int) {
    let ports = nodes[node].bridges[bridge].ports.count
    let match = random.pick([
      "in_port=\(1 + random.next(ports))", "dl_vlan=\(random.pick(vlans[node]))",
      "dl_dst=\(servers[random.next(servers.count)].mac)",
      "ip,nw_dst=\(servers[random.next(servers.count)].address)", "arp",
    ])
    let actions = random.pick([
      "drop", "NORMAL", "output:\(1 + random.next(ports))", "strip_vlan,NORMAL",
      "mod_vlan_vid:\(random.pick(vlans[node])),NORMAL",
      "mod_vlan_vid:\(random.pick(vlans[node])),resubmit(,60)",
      "strip_vlan,output:\(1 + random.next(ports))",
      "mod_dl_dst:\(servers[random.next(servers.count)].mac),NORMAL",
      "mod_nw_src:\(servers[random.next(servers.count)].address),NORMAL",
      "output:\(1 + random.next(ports)),output:\(1 + random.next(ports)),NORMAL",
    ])
    let table = random.pick([0, 0, 60, 94])
    nodes[node].bridges[bridge].flows.append(
      "table=\(table), priority=\(200 + random.next(50)),\(match) actions=\(actions)")
  }

  private mutating func spoilRules(_ node: Int) {
    let space = random.next(nodes[node].namespaces.count)
    let count = nodes[node].namespaces[space].rules.count
    if count > 0 { nodes[node].namespaces[space].rules.remove(at: random.next(count)) }
    if !nodes[node].namespaces[space].translations.isEmpty, random.once(in: 2) {
      let count = nodes[node].namespaces[space].translations.count
      nodes[node].namespaces[space].translations.remove(at: random.next(count))
    }
  }

  private mutating func addRule(_ node: Int) {
    let space = random.next(nodes[node].namespaces.count)
    let address = servers[random.next(servers.count)].address
    let other = servers[random.next(servers.count)].address
    let rule = random.pick([
      "-A FORWARD -s \(address)/32 -j ACCEPT", "-A FORWARD -d \(address)/32 -j DROP",
      "-A INPUT -p icmp -j DROP", "-A FORWARD -p udp -m udp --dport 53 -j DROP",
    ])
    nodes[node].namespaces[space].rules.append(rule)
    if nodes[node].namespaces[space].isRouter {
      nodes[node].namespaces[space].translations.append(
        "-A PREROUTING -d \(address)/32 -p tcp -m tcp --dport 22 "
          + "-j DNAT --to-destination \(other)")
    }
  }
}
