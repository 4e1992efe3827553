// A router's namespaces: are they where they should be, with their devices and addresses, routes,
// rules, neighbours, and the kernel's knobs?
import DataPlane
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  func routers(of view: NodeView) -> [Deviation] {
    var found: [Deviation] = []
    for (name, space) in view.node.namespaces.sorted(by: { $0.key < $1.key }) {
      guard let role = NamespaceRole(name) else { continue }
      if case .dhcp = role { continue }
      if let part = part(in: space.key), part.isActive {
        found += devices(part) + translation(part) + neighbours(part)
        found += metadataRules(part)
      }
      found += routes(space) + rules(space)
      if part(in: space.key)?.isActive != false { found += knobs(space, role) }
    }
    return found + namespacesMissing(on: view)
  }

  // MARK: namespaces and activity

  private func namespacesMissing(on view: NodeView) -> [Deviation] {
    model.routers.compactMap { router in
      guard router.isAdminUp != false, router.origin.contains(.api),
        isHere(router, view), !router.places.contains(where: { $0.node == view.name })
      else { return nil }
      return Deviation(
        .namespaceMissing, node: view.name, object: "qrouter-\(router.id)",
        "router \(router.label) is scheduled on \(view.name), which has no namespace of it"
          + agentNote(view.name, Ways.l3Agent), evidence: router.evidence, changes: [],
        fix: Fix(
          [Ways.rebuild(router.id), Ways.restart(Ways.l3Agent, on: view.name)],
          note: "touches all traffic of the router"))
    } + activity(on: view)
  }

  private func isHere(_ router: Router, _ view: NodeView) -> Bool {
    let names = Set(model.node(view.name)?.hosts ?? []).union([view.name.rawValue])
    if router.mode == .legacy { return router.scheduledHosts.contains(where: names.contains) }
    guard router.mode == .distributed else { return false }
    return router.interfaces.contains { interface in
      interface.network.map { network in
        (members[network]?[view.name] ?? []).contains { $0.owner == .server }
      } ?? false
    }
  }

  /// Named for the first node of the router only.
  private func activity(on view: NodeView) -> [Deviation] {
    model.routers.compactMap { router in
      guard router.mode == .highlyAvailable, router.places.first?.node == view.name,
        router.places.allSatisfy({ $0.isActive != nil })
      else { return nil }
      let active = router.places.filter { $0.isActive == true }
      if active.count == 1 { return nil }
      return active.isEmpty ? noneActive(router) : severalActive(router, active)
    }
  }

  private func noneActive(_ router: Router) -> Deviation? {
    guard let place = router.places.first,
      let files = facts.node(place.node)?.files.keepalived[router.id]
    else { return nil }
    var changes: [FactChange] = []
    for instance in files.instances {
      for address in instance.virtualAddresses + instance.excludedAddresses {
        guard let device = address.device else { continue }
        changes.append(.addAddress(DeviceKey(place.key, device), address.address))
      }
      for route in instance.virtualRoutes {
        changes.append(
          .addRoute(
            place.key,
            Route(
              table: .main, destination: route.destination,
              nextHops: [NextHop(gateway: route.gateway, interface: route.device)],
              evidence: .none)))
      }
    }
    let nodes = router.places.map(\.node.rawValue).joined(separator: ", ")
    return Deviation(
      .noActiveRouter, node: place.node, object: "qrouter-\(router.id)",
      "no node holds the addresses of highly available router \(router.label) (\(nodes))",
      evidence: router.places.flatMap(\.evidence), changes: changes,
      fix: Fix(
        [Ways.rebuild(router.id)] + router.places.map { Ways.restart(Ways.l3Agent, on: $0.node) },
        note: "keepalived of every node is down or hears another's advertisements; the restart of "
          + "one agent is enough"))
  }

  private func severalActive(_ router: Router, _ active: [RouterPlace]) -> Deviation? {
    let keep = active.first { $0.reportedState == "active" } ?? active[0]
    var changes: [FactChange] = []
    for place in active where place.key != keep.key {
      guard let space = cloud.namespace(place.key) else { continue }
      let instances = facts.node(place.node)?.files.keepalived[router.id]?.instances ?? []
      let virtual = Set(instances.flatMap(\.virtualAddresses).map(\.address.address))
      for (device, list) in space.addresses.sorted(by: { $0.key < $1.key }) {
        let isRouters = [.routerInterface, .gateway].contains(DevicePrefix(device))
        for address in list.map(\.address.address) where isRouters || virtual.contains(address) {
          changes.append(.removeAddress(DeviceKey(place.key, device), address))
        }
      }
    }
    let nodes = active.map(\.node.rawValue).joined(separator: ", ")
    let others = active.filter { $0.key != keep.key }
    return Deviation(
      .severalActiveRouters, node: others.first?.node, object: "qrouter-\(router.id)",
      "\(nodes) all hold the addresses of highly available router \(router.label)",
      evidence: active.flatMap(\.evidence), changes: changes,
      fix: Fix(
        others.map { Ways.restart(Ways.l3Agent, on: $0.node) },
        note: "mend VRRP (protocol 112) on the router's HA network first, or it comes back"))
  }

  // MARK: devices and addresses

  private func devices(_ part: RouterPart) -> [Deviation] {
    var found: [Deviation] = []
    var wanted: [(InterfaceName, PortID, [IPAddress], NetworkID?)] = []
    if part.place.part == .router {
      for interface in part.router.interfaces {
        wanted.append(
          (
            DevicePrefix.routerInterface.device(of: interface.port), interface.port,
            interface.addresses, interface.network
          ))
      }
    } else {
      for interface in part.router.centralInterfaces {
        wanted.append(
          (
            DevicePrefix.centralSNAT.device(of: interface.port), interface.port,
            interface.addresses, interface.network
          ))
      }
    }
    if part.holdsGateway, let gateway = part.router.gateway, let port = gateway.port {
      wanted.append(
        (
          DevicePrefix.gateway.device(of: port), port,
          gateway.addresses + centralFloatingIPs(part).map(\.address), gateway.network
        ))
    }
    for (name, port, addresses, network) in wanted {
      guard part.space.facts.links.isKnown else { continue }
      guard part.space.devices[name] != nil else {
        found.append(deviceMissing(name, port, part))
        continue
      }
      guard part.space.facts.addresses.isKnown else { continue }
      let held = part.space.addresses[name] ?? []
      for address in addresses where !held.contains(where: { $0.address.address == address }) {
        found.append(addressMissing(address, name, port, network, part))
      }
    }
    return found
  }

  private func deviceMissing(_ name: InterfaceName, _ port: PortID, _ part: RouterPart)
    -> Deviation
  {
    Deviation(
      .deviceMissing, node: part.place.node, namespace: part.place.namespace,
      object: name.rawValue,
      "\(part.place.namespace) on \(part.place.node) has no device \(name)"
        + agentNote(part.place.node, Ways.l3Agent),
      evidence: model.port(port)?.evidence ?? [], changes: [],
      fix: Fix(
        [Ways.rebuild(part.router.id), Ways.restart(Ways.l3Agent, on: part.place.node)],
        note: "touches router \(part.router.label)"), port: port)
  }

  /// Floating IPs that the part translates itself: all of a router that is not distributed, and of
  /// one that is those whose guest has no fip namespace beside it.
  func centralFloatingIPs(_ part: RouterPart) -> [FloatingIP] {
    guard part.holdsGateway else { return [] }
    return model.floatingIPs(of: part.router.id).filter { floating in
      guard floating.origin.contains(.api), isInUse(floating) else { return false }
      guard part.router.mode.isDistributed else { return true }
      guard let node = model.port(floating.port)?.boundNode else { return true }
      return !part.router.places.contains { $0.node == node && $0.part == .router }
        || model.node(node)?.l3Mode == "dvr_no_external"
    }
  }

  private func isInUse(_ floating: FloatingIP) -> Bool {
    floating.port != nil
      || model.portForwardings.contains {
        $0.origin.contains(.api) && $0.address == floating.address
      }
  }

  private func addressMissing(
    _ address: IPAddress, _ name: InterfaceName, _ port: PortID, _ network: NetworkID?,
    _ part: RouterPart
  ) -> Deviation {
    let isFloating = model.floatingIPs(of: part.router.id).contains { $0.address == address }
    let length =
      isFloating
      ? address.family.width
      : network.flatMap { id in model.subnets(of: id).first { $0.cidr.contains(address) } }?.cidr
        .length ?? address.family.width
    let key = DeviceKey(part.space.key, name)
    let entry = InterfaceAddress(address: address, prefixLength: length)
    let lost = expectedRoutes(in: part.space.key).filter { $0.device == name && !$0.isThere }
    let command = FixCommand(
      part.place.node,
      "\(Shell.inside(part.space.key))ip addr add \(entry) dev \(Shell.word(name))")
    return Deviation(
      .addressMissing, node: part.place.node, namespace: part.place.namespace,
      object: "\(name) \(address)",
      "\(name) in \(part.place.namespace) on \(part.place.node) lacks "
        + (isFloating ? "floating IP " : "") + "\(address)",
      evidence: part.space.devices[name].map { [$0.link.evidence] } ?? [],
      changes: [.addAddress(key, entry)] + lost.flatMap { $0.changes(in: part.space.key) },
      fix: Fix(
        [
          [command] + lost.map { FixCommand(part.place.node, $0.command(in: part.space.key)) },
          Ways.rebuild(part.router.id),
        ], note: "touches this address only"), port: port)
  }

  // MARK: routes, rules

  private func routes(_ space: NamespaceModel) -> [Deviation] {
    expectedRoutes(in: space.key).compactMap { expected in
      // What goes down with its device is the device's deviation.
      guard !expected.isThere, space.devices[expected.device]?.isUp == true else { return nil }
      let isDefault = expected.route.destination.length == 0
      let key = space.key
      let code: CauseCode =
        expected.instead != nil ? .routeWrong : isDefault ? .defaultRouteMissing : .routeMissing
      var text = "\(key.namespace) on \(key.node) has no route \(expected.routeText)"
      if expected.route.table != .main { text += " in table \(expected.route.table)" }
      if let other = expected.instead {
        let hop = other.nextHops.first
        text +=
          ", but one"
          + (hop?.gateway.map { " via \($0)" } ?? "")
          + (hop?.interface.map { " dev \($0)" } ?? "")
      }
      let router = NamespaceRole(key.namespace)?.router
      return Deviation(
        code, node: key.node, namespace: key.namespace, object: expected.routeText,
        text + ": \(expected.what)",
        evidence: expected.instead.map { [$0.evidence] } ?? [],
        changes: expected.changes(in: key),
        fix: Fix(
          [
            [FixCommand(key.node, expected.command(in: key))],
            router.map { Ways.rebuild($0) } ?? Ways.restart(Ways.l3Agent, on: key.node),
          ], note: "touches what takes this route"))
    }
  }

  private func rules(_ space: NamespaceModel) -> [Deviation] {
    expectedRules(in: space.key).filter { !$0.isThere }.map { expected in
      let key = space.key
      return Deviation(
        .policyRuleMissing, node: key.node, namespace: key.namespace,
        object: "\(key.namespace) rule \(expected.rule.source.map { "from \($0)" } ?? "")",
        "\(key.namespace) on \(key.node) lacks a routing rule: \(expected.what)",
        evidence: [], changes: [.addRule(key, expected.rule)],
        fix: Fix(
          [
            [FixCommand(key.node, expected.text)], Ways.restart(Ways.l3Agent, on: key.node),
          ], note: "touches what the rule selects"))
    }
  }

  // MARK: kernel's knobs

  private func knobs(_ space: NamespaceModel, _ role: NamespaceRole) -> [Deviation] {
    var found: [Deviation] = []
    let devices = space.devices.keys.sorted().filter { $0 != "lo" && DevicePrefix($0) != nil }
    let closed = devices.filter { space.sysctls.forwarding($0, .ipv4) == false }
    if !closed.isEmpty {
      let names =
        ["net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"]
        + closed.map { "net.ipv4.conf.\(Sysctl.component(of: $0)).forwarding" }
      found.append(
        knob(
          .forwardingOff, names, "1", space,
          "\(space.key.namespace) on \(space.key.node) does not forward IPv4 packets",
          command: closed.count == devices.count
            ? "sysctl -w net.ipv4.ip_forward=1"
            : "sysctl -w "
              + closed.map { "net.ipv4.conf.\(Sysctl.component(of: $0)).forwarding=1" }
              .joined(separator: " ")))
    }
    let needsIPv6 = space.facts.addresses.records.contains {
      $0.address.address.family == .ipv6 && !$0.address.address.isLinkLocal
        && $0.interface != "lo"
    }
    if needsIPv6, space.sysctls["net.ipv6.conf.all.forwarding"] == 0 {
      found.append(
        knob(
          .forwardingOff, ["net.ipv6.conf.all.forwarding"], "1", space,
          "\(space.key.namespace) on \(space.key.node) does not forward IPv6 packets",
          command: "sysctl -w net.ipv6.conf.all.forwarding=1"))
    }
    if case .floating = role {
      for name in devices
      where DevicePrefix(name) == .floatingAgent && space.sysctls.proxyARP(name) == false {
        let knobName = "net.ipv4.conf.\(Sysctl.component(of: name)).proxy_arp"
        found.append(
          knob(
            .proxyARPOff, [knobName], "1", space,
            "\(name) in \(space.key.namespace) on \(space.key.node) does not answer ARP for "
              + "floating IPs: proxy_arp is 0", command: "sysctl -w \(knobName)=1",
            object: name.rawValue))
      }
    }
    return found
  }

  private func knob(
    _ code: CauseCode, _ names: [String], _ value: String, _ space: NamespaceModel, _ text: String,
    command: String, object: String? = nil
  ) -> Deviation {
    let records = space.facts.sysctls.records
    let set = names.filter { name in records.contains { $0.name == name } }
    let key = space.key
    return Deviation(
      code, node: key.node, namespace: key.namespace, object: object ?? key.namespace.rawValue,
      text,
      evidence: records.filter { set.contains($0.name) && $0.value != value }.map(\.evidence),
      changes: set.map { .setSysctl(key, name: $0, value: value) },
      fix: Fix(
        [
          [FixCommand(key.node, Shell.inside(key) + command)],
          Ways.restart(Ways.l3Agent, on: key.node),
        ], note: "touches this namespace"))
  }

  // MARK: neighbours of distributed routers

  private func neighbours(_ part: RouterPart) -> [Deviation] {
    guard part.router.mode.isDistributed, part.place.part == .router,
      part.space.facts.neighbours.isKnown
    else { return [] }
    var found: [Deviation] = []
    for interface in part.router.interfaces {
      guard let network = interface.network else { continue }
      let name = DevicePrefix.routerInterface.device(of: interface.port)
      guard part.space.devices[name] != nil else { continue }
      let subnets = subnetsOf(interface)
      for port in model.ports(of: network) {
        guard port.id != interface.port, let mac = port.mac, !port.isDistributed,
          port.owner == .server || port.owner == .dhcp || port.owner == .centralSNAT
        else { continue }
        for address in port.addresses
        where address.family == .ipv4 && subnets.contains(where: { $0.cidr.contains(address) }) {
          found += [neighbour(address, mac, name, part, port)].compactMap { $0 }
        }
      }
    }
    return found
  }

  private func neighbour(
    _ address: IPAddress, _ mac: MACAddress, _ name: InterfaceName, _ part: RouterPart,
    _ port: Port
  ) -> Deviation? {
    let held = part.space.neighbours[
      NamespaceModel.NeighbourKey(interface: name, address: address)]
    if held?.mac == mac { return nil }
    if let held, !held.states.contains("PERMANENT") { return nil }
    let key = DeviceKey(part.space.key, name)
    let what =
      held?.mac.map { "has \(address) at \($0); its port has \(mac)" }
      ?? "lacks a permanent neighbour entry for \(address)"
    return Deviation(
      held == nil ? .neighbourMissing : .neighbourWrong, node: key.node,
      namespace: key.namespace, object: "\(name) \(address)",
      "\(key.namespace) on \(key.node) \(what)",
      evidence: held.map { [$0.evidence] } ?? [], changes: [.setNeighbour(key, address, mac)],
      fix: Fix(
        [
          [
            FixCommand(
              key.node,
              "\(Shell.inside(part.space.key))ip neigh replace \(address) lladdr \(mac) nud "
                + "permanent dev \(Shell.word(name))")
          ], Ways.restart(Ways.l3Agent, on: key.node),
        ], note: "touches routed traffic to \(address) from \(key.node)"), port: port.id)
  }
}
