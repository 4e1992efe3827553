// Routers' namespaces: legacy ones, pairs, and the parts of distributed ones. Part of NodeNamespaces.

/// The link between a distributed router and its node's floating IP namespace: a /31 of 169.254.64.0/18.
struct FloatingLink {
  let router: Ref<Router>
  let inner: Device
  let outer: Device
  let innerAddress: IPv4
  var outerAddress: IPv4 { innerAddress + 1 }
  let innerMAC: MAC
  let outerMAC: MAC
}

extension NodeNamespaces {
  private var cloud: Cloud { plan.cloud }

  mutating func addRouter(_ ref: Ref<Router>) {
    switch cloud.routers[ref].kind {
    case .legacy: addWhole(ref, isActive: true)
    case .highlyAvailable: addWhole(ref, isActive: cloud.routers[ref].agents.first == plan.ref)
    case .distributed:
      addInstance(ref)
      if cloud.routers[ref].agents.contains(plan.ref) { addCentral(ref) }
    }
  }

  private func translations(
    _ floatingIPs: [Ref<FloatingIP>]
  ) -> [(floating: IPv4, fixed: IPv4, hasInbound: Bool)] {
    floatingIPs.compactMap { ref in
      let floating = cloud.floatingIPs[ref]
      guard let fixed = cloud.ports[floating.port].address4 else { return nil }
      return (floating.address, fixed, !plan.faults.lostTranslations.contains(ref))
    }
  }

  /// Of a pair, both hold the devices and the active one the addresses.
  private mutating func addWhole(_ ref: Ref<Router>, isActive: Bool) {
    let router = cloud.routers[ref]
    let isPair = router.kind == .highlyAvailable
    var state = NamespaceState(name: "qrouter-\(router.id)")
    state.bindsForeign = isPair
    state.forwards6 = isActive
    var rules = RouterNetfilter(
      part: .central(gateway: cloud.ports[router.gateway].address4 ?? IPv4(0)))
    for plug in plan.plugs(of: ref) {
      var device = device(plug)
      let port = cloud.ports[plug.port]
      switch port.owner {
      case .haInterface:
        device.addresses6 = []
        if isActive {
          device.addresses4.append(
            Address4(address: IPv4(169, 254, 0, 0) + router.virtualRouterID, length: 24))
        }
      case .gateway:
        rules.external = device.name
        device.addresses4 += router.floatingIPs.map {
          Address4(address: cloud.floatingIPs[$0].address, length: 32)
        }
      default:
        if port.address4 != nil { rules.inner.append(device.name) }
        if port.address6 != nil { rules.inner6.append(device.name) }
      }
      if isPair { device = held(device, port.owner, isActive) }
      state.devices.append(device)
    }
    if isActive, let external = rules.external,
      let gateway = cloud.networks[cloud.external].subnet4.gateway
    {
      state.routes4.append(
        defaultRoute(gateway, external, by: isPair ? "keepalived" : "static"))
    }
    rules.translations = translations(router.floatingIPs)
    (state.iptables4, state.iptables6) = (rules.text4, rules.text6)
    if isActive { serveMetadata(router.id, &state) }
    if isPair { runPair(router, isActive, &state) }
    if !router.interfaces6.isEmpty { advertise(ref, &state) }
    states.append(state)
  }

  private func held(_ device: Device, _ owner: Port.Owner, _ isActive: Bool) -> Device {
    var device = device
    guard owner != .haInterface else { return device }
    if isActive {
      device.addresses4 = device.addresses4.map {
        Address4(address: $0.address, length: $0.length, hasBroadcast: false)
      }
    } else {
      device.addresses4 = []
      device.addresses6 = []
    }
    return device
  }

  private mutating func runPair(
    _ router: Router, _ isActive: Bool, _ state: inout NamespaceState
  ) {
    let folder: Text = "/var/lib/neutron/ha_confs/\(router.id)"
    let monitor = state.devices.first { $0.name.bytes.starts(with: [0x68, 0x61, 0x2d]) }
    let address: Text = "169.254.0.\(router.virtualRouterID)/24"
    let name = monitor?.name ?? ""
    state.pids.append(
      start(
        """
        /usr/bin/python3 /usr/bin/neutron-keepalived-state-change --router_id=\(router.id) \
        --namespace=qrouter-\(router.id) --conf_dir=\(folder) --monitor_interface=\(name) \
        --monitor_cidr=\(address) --state_path=/var/lib/neutron --user=0 --group=0
        """))
    let keepalived = start(
      """
      keepalived -P -f \(folder)/keepalived.conf -p \(folder).pid.keepalived \
      -r \(folder).pid.keepalived-vrrp
      """)
    state.pids.append(keepalived)
    copies.append(("\(folder)/state", isActive ? "primary" : "backup"))
    copies.append(("\(folder).pid.keepalived", "\(keepalived)\n"))
    copies.append(("\(folder)/keepalived.conf", keepalivedFile(router, name, address)))
  }

  private func keepalivedFile(_ router: Router, _ monitor: Text, _ address: Text) -> Text {
    let devices = router.interfaces.map { ("qr-", $0) } + [("qg-", router.gateway)]
    var excluded = Text()
    for (prefix, ref) in devices {
      let port = cloud.ports[ref]
      let name: Text = "\(prefix)\(port.id.prefix(11))"
      guard let own = port.address4 else { continue }
      let length = cloud.networks[port.network].subnet4.length
      excluded += "        \(own)/\(length) dev \(name) no_track\n"
      if prefix == "qg-" {
        for floating in router.floatingIPs {
          excluded += "        \(cloud.floatingIPs[floating].address)/32 dev \(name) no_track\n"
        }
      }
      excluded += "        \(port.mac.linkLocal)/64 dev \(name) scope link no_track\n"
    }
    let gateway: Text = "qg-\(cloud.ports[router.gateway].id.prefix(11))"
    return """
      global_defs {
          notification_email_from neutron@openstack.local
          router_id neutron
      }
      vrrp_instance VR_\(router.virtualRouterID) {
          state BACKUP
          interface \(monitor)
          virtual_router_id \(router.virtualRouterID)
          priority 50
          garp_master_delay 60
          nopreempt
          advert_int 2
          track_interface {
              \(monitor)
          }
          virtual_ipaddress {
              \(address) dev \(monitor)
          }
          virtual_ipaddress_excluded {
      \(excluded)    }
          virtual_routes {
              0.0.0.0/0 via \(cloud.networks[cloud.external].subnet4.base + 1) dev \(gateway) no_track
          }
      }
      """
  }

  private mutating func advertise(_ ref: Ref<Router>, _ state: inout NamespaceState) {
    let router = cloud.routers[ref]
    let pid = start("radvd -C /var/lib/neutron/ra/\(router.id).radvd.conf -m syslog -u root")
    state.pids.append(pid)
    var text = Text()
    for interface in router.interfaces6 {
      let port = cloud.ports[interface]
      guard let subnet = cloud.networks[port.network].subnet6 else { continue }
      text += """
        interface qr-\(port.id.prefix(11))
        {
           AdvSendAdvert on;
           MinRtrAdvInterval 30;
           MaxRtrAdvInterval 100;
           AdvLinkMTU 1450;

           prefix \(subnet.base)/64
           {
                AdvOnLink on;
                AdvAutonomous on;
           };


           route fe80::a9fe:a9fe/128 {
           };
        };

        """
    }
    copies.append(("/var/lib/neutron/ra/\(router.id).radvd.conf", text))
    copies.append(("/var/lib/neutron/external/pids/\(router.id).pid.radvd", "\(pid)\n"))
  }
}

// Distributed routers.
extension NodeNamespaces {
  /// By the router's order on the node, so that both ends agree.
  func floatingLink(of ref: Ref<Router>) -> FloatingLink {
    let order = plan.index.routers[plan.ref.index].filter {
      plan.cloud.routers[$0].kind == .distributed
    }
    let position = order.firstIndex(of: ref) ?? 0
    let router = plan.cloud.routers[ref]
    var random = RandomSource(seed: router.id.low ^ UInt64(plan.ref.index) &* 0x9e37)
    let (innerMAC, outerMAC) = (random.deviceMAC(), random.deviceMAC())
    let address = IPv4(169, 254, 64, 0) + position * 2
    func end(_ prefix: String, _ mac: MAC, _ own: IPv4, _ index: Int) -> Device {
      Device(
        index: index, name: "\(prefix)-\(router.id.prefix(10))",
        kind: .pair(peer: nil, peerIndex: prefix == "rfp" ? 100 + position : 2), mac: mac,
        mtuBytes: 1_500, addresses4: [Address4(address: own, length: 31, hasBroadcast: false)],
        addresses6: [Address6(address: mac.linkLocal)])
    }
    return FloatingLink(
      router: ref, inner: end("rfp", innerMAC, address, 2),
      outer: end("fpr", outerMAC, address + 1, 100 + position), innerAddress: address,
      innerMAC: innerMAC, outerMAC: outerMAC)
  }

  private func localFloatingIPs(_ router: Router) -> [Ref<FloatingIP>] {
    router.floatingIPs.filter {
      plan.cloud.ports[plan.cloud.floatingIPs[$0].port].node == plan.ref
    }
  }

  private mutating func addInstance(_ ref: Ref<Router>) {
    let router = plan.cloud.routers[ref]
    let link = floatingLink(of: ref)
    var state = NamespaceState(name: "qrouter-\(router.id)")
    state.devices.append(link.inner)
    var rules = RouterNetfilter(part: .local)
    rules.external = link.inner.name
    for plug in plan.plugs(of: ref)
    where plan.cloud.ports[plug.port].owner == .distributedInterface {
      state.devices.append(device(plug))
      rules.inner.append(plug.device)
    }
    addCentralRoutes(router, &state)
    state.routes4.append(defaultRoute(link.outerAddress, link.inner.name, table: "16"))
    state.neighbours.append(neighbour(link.outerAddress, link.inner.name, link.outerMAC))
    let floating = localFloatingIPs(router)
    for ref in floating {
      let port = plan.cloud.floatingIPs[ref].port
      guard let fixed = plan.cloud.ports[port].address4 else { continue }
      state.rules4.append(
        #"{"priority":\#(33_000 + ref.index % 30_000),"src":"\#(fixed)","table":"16"}"#)
    }
    addCentralRules(router, &state)
    rules.translations = translations(floating)
    (state.iptables4, state.iptables6) = (rules.text4, rules.text6)
    serveMetadata(router.id, &state)
    states.append(state)
  }

  private func addCentralRoutes(_ router: Router, _ state: inout NamespaceState) {
    for (position, ref) in router.interfaces.enumerated() {
      let port = plan.cloud.ports[ref]
      guard let own = port.address4,
        let central = plan.cloud.ports[router.central[position]].address4
      else { continue }
      let device: Text = "qr-\(port.id.prefix(11))"
      state.routes4.append(defaultRoute(central, device, table: "\(Int(own.rawValue))"))
      for other in plan.cloud.networks[port.network].ports where other != ref {
        let neighbour = plan.cloud.ports[other]
        guard let address = neighbour.address4, !plan.faults.lostNeighbours.contains(other)
        else { continue }
        state.neighbours.append(self.neighbour(address, device, neighbour.mac))
      }
    }
  }

  private func addCentralRules(_ router: Router, _ state: inout NamespaceState) {
    for ref in router.interfaces {
      let port = plan.cloud.ports[ref]
      guard let own = port.address4 else { continue }
      let length = plan.cloud.networks[port.network].subnet4.length
      let number = Int(own.rawValue)
      state.rules4.append(
        #"{"priority":\#(number),"src":"\#(own)","srclen":\#(length),"table":"\#(number)"}"#)
    }
  }

  private mutating func addCentral(_ ref: Ref<Router>) {
    let router = plan.cloud.routers[ref]
    var state = NamespaceState(name: "snat-\(router.id)")
    var rules = RouterNetfilter(
      part: .central(gateway: plan.cloud.ports[router.gateway].address4 ?? IPv4(0)))
    rules.servesMetadata = false
    for plug in plan.plugs(of: ref) {
      switch plan.cloud.ports[plug.port].owner {
      case .centralSNAT: rules.inner.append(plug.device)
      case .gateway: rules.external = plug.device
      default: continue
      }
      state.devices.append(device(plug))
    }
    if let external = rules.external {
      state.routes4.append(
        defaultRoute(plan.cloud.networks[plan.cloud.external].subnet4.base + 1, external))
    }
    (state.iptables4, state.iptables6) = (rules.text4, rules.text6)
    states.append(state)
  }

  /// One for the external network, where any distributed router has an instance.
  mutating func addFloating() {
    guard let gateway = plan.agentGateway else { return }
    let external = plan.cloud.networks[plan.cloud.external]
    var state = NamespaceState(name: "fip-\(external.id)")
    state.bindsForeign = true
    var links = Text()
    var priorities = Text()
    for ref in plan.index.routers[plan.ref.index]
    where plan.cloud.routers[ref].kind == .distributed {
      let link = floatingLink(of: ref)
      let table = Int(link.outerAddress.rawValue)
      state.devices.append(link.outer)
      state.neighbours.append(neighbour(link.innerAddress, link.outer.name, link.innerMAC))
      state.routes4.append(
        defaultRoute(external.subnet4.base + 1, gateway.device, table: "\(table)"))
      state.rules4.append(
        #"{"priority":\#(table),"src":"all","iif":"\#(link.outer.name)","table":"\#(table)"}"#)
      links += "\(plan.cloud.routers[ref].id),\(link.innerAddress)/31\n"
      for floating in localFloatingIPs(plan.cloud.routers[ref]) {
        let address = plan.cloud.floatingIPs[floating].address
        state.routes4.append(
          #"""
          {"dst":"\#(address)","gateway":"\#(link.innerAddress)","dev":"\#(link.outer.name)",\#
          "protocol":"static","flags":[]}
          """#)
        priorities += "\(address),\(33_000 + floating.index % 30_000)\n"
      }
    }
    state.devices.append(device(gateway))
    let rules = RouterNetfilter(part: .floating)
    (state.iptables4, state.iptables6) = (rules.text4, rules.text6)
    states.append(state)
    copies.append(("/var/lib/neutron/fip-linklocal-networks", links))
    if !priorities.isEmpty { copies.append(("/var/lib/neutron/fip-priorities", priorities)) }
  }
}
