// The namespaces of a node: root, routers', SNAT's, floating IPs', DHCP's, with what runs in them.
// Feeds the node's folder.

/// A process that an agent started.
struct Service {
  let pid: Int
  let command: Text
}

struct NodeNamespaces {
  let plan: NodePlan
  var states: [NamespaceState] = []
  var services: [Service] = []
  /// Small files that the collector copies, by absolute path.
  var copies: [(path: Text, text: Text)] = []
  private var nextPID = 1_000

  private var cloud: Cloud { plan.cloud }

  static func make(_ plan: NodePlan) -> NodeNamespaces {
    var result = NodeNamespaces(plan: plan)
    result.states.append(result.root)
    for network in plan.index.dhcp[plan.ref.index] { result.addDHCP(network) }
    for router in plan.index.routers[plan.ref.index] { result.addRouter(router) }
    result.addFloating()
    return result
  }

  mutating func start(_ command: Text) -> Int {
    let pid = nextPID
    nextPID += 1
    services.append(Service(pid: pid, command: command))
    return pid
  }

  func device(_ plug: Plug) -> Device {
    let port = cloud.ports[plug.port]
    let network = cloud.networks[port.network]
    var device = Device(
      index: plug.ifindex, name: plug.device, kind: .tap, mac: port.mac,
      mtuBytes: network.mtuBytes)
    if let address = port.address4 {
      device.addresses4.append(Address4(address: address, length: network.subnet4.length))
    }
    if let address = port.address6 { device.addresses6.append(Address6(address: address)) }
    device.addresses6.append(Address6(address: port.mac.linkLocal))
    return device
  }

  func neighbour(_ address: IPv4, _ device: Text, _ mac: MAC) -> Text {
    #"{"dst":"\#(address)","dev":"\#(device)","lladdr":"\#(mac)","state":["PERMANENT"]}"#
  }

  func defaultRoute(_ gateway: IPv4, _ device: Text, table: Text? = nil, by: String = "static")
    -> Text
  {
    let table: Text = table.map { #""table":"\#($0)","# } ?? ""
    return #"""
      {"dst":"default","gateway":"\#(gateway)","dev":"\#(device)",\#(table)"protocol":"\#(by)",\#
      "flags":[]}
      """#
  }

  /// The metadata proxy of a router.
  mutating func serveMetadata(_ id: ObjectID, _ state: inout NamespaceState) {
    let path: Text = "/var/lib/neutron/ns-metadata-proxy/\(id).conf"
    let pid = start("haproxy -f \(path)")
    state.pids.append(pid)
    state.sockets += """
      tcp LISTEN 0      1024   *:9697 *:* users:(("haproxy",pid=\(pid),fd=4))

      """
    let other: Text = """
          bind :::9697

          server metadata /var/lib/neutron/metadata_proxy
          http-request del-header X-Neutron-Network-ID
          http-request set-header X-Neutron-Router-ID \(id)
      """
    copyProxy(id, other, pid)
  }

  mutating func copyProxy(_ id: ObjectID, _ listener: Text, _ pid: Int) {
    copies.append(
      (
        "/var/lib/neutron/ns-metadata-proxy/\(id).conf",
        """

        global
            log         /dev/log local0 info
            log-tag     haproxy-metadata-proxy-\(id)
            user        root
            group       root
            maxconn     1024
            pidfile     /var/lib/neutron/external/pids/\(id).pid.haproxy
            daemon

        defaults
            log global
            mode http
            option httplog
            option dontlognull
            option http-server-close
            option forwardfor
            retries                 3
            timeout http-request    30s
            timeout connect         30s
            timeout client          32s
            timeout server          32s
            timeout http-keep-alive 30s

        listen listener
        \(listener)

        """
      ))
    copies.append(("/var/lib/neutron/external/pids/\(id).pid.haproxy", "\(pid)\n"))
  }
}

extension NodeNamespaces {
  /// The cards, the bridges' own devices, and what guests are plugged with.
  private var root: NamespaceState {
    let node = plan.node
    var state = NamespaceState(name: nil)
    state.forwards4 = true
    state.forwards6 = false
    var random = RandomSource(seed: node.underlayMAC.rawValue)
    state.devices.append(
      Device(index: 2, name: "eth0", kind: .card, mac: node.underlayMAC, mtuBytes: 1_600))
    state.devices.append(
      Device(index: 3, name: "eth1", kind: .card, mac: node.providerMAC, mtuBytes: 1_500))
    for (position, name) in ["ovs-netdev", "br-ex", "br-phy", "br-int", "br-tun"].enumerated() {
      var device = Device(
        index: 4 + position, name: "\(name)", kind: .tap, mac: random.deviceMAC(),
        mtuBytes: name == "br-phy" ? 1_600 : 1_500)
      device.isUp = name == "br-ex" || name == "br-phy"
      if name == "br-phy" {
        device.mac = node.underlayMAC
        device.addresses4 = [Address4(address: node.underlay, length: 16)]
      }
      state.devices.append(device)
    }
    for plug in plan.guests { addGuestDevices(plug, &state, &random) }
    if plan.isHybrid {
      let filters = HybridNetfilter(plan)
      state.iptables4 = filters.text(.ipv4)
      state.iptables6 = filters.text(.ipv6)
      state.ipsets = filters.sets
    }
    state.sockets = """
      tcp LISTEN 0      10     127.0.0.1:6640 0.0.0.0:* users:(("ovsdb-server",pid=86,fd=23))
      tcp LISTEN 0      50     127.0.0.1:6633 0.0.0.0:* users:(("neutron-openvsw",pid=105,fd=9))

      """
    return state
  }

  private func addGuestDevices(
    _ plug: Plug, _ state: inout NamespaceState, _ random: inout RandomSource
  ) {
    let port = cloud.ports[plug.port]
    let mtuBytes = cloud.networks[port.network].mtuBytes
    let tail = port.id.prefix(11)
    var tap = Device(
      index: plug.ifindex, name: "tap\(tail)", kind: .tap, mac: port.mac.hostSide,
      mtuBytes: mtuBytes)
    guard plan.isHybrid else { return state.devices.append(tap) }
    let bridge: Text = "qbr\(tail)"
    let mac = random.deviceMAC()
    tap.index = plug.ifindex + 1
    tap.master = bridge
    state.devices.append(tap)
    state.devices.append(
      Device(
        index: plug.ifindex + 2, name: bridge, kind: .bridge, mac: mac, mtuBytes: mtuBytes))
    state.devices.append(
      Device(
        index: plug.ifindex, name: "qvo\(tail)", kind: .pair(peer: "qvb\(tail)", peerIndex: 0),
        mac: random.deviceMAC(), mtuBytes: mtuBytes))
    state.devices.append(
      Device(
        index: plug.ifindex + 3, name: "qvb\(tail)", kind: .pair(peer: "qvo\(tail)", peerIndex: 0),
        mac: mac, mtuBytes: mtuBytes, master: bridge))
  }
}
