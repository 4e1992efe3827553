// Servers from libvirt's domains and from ports' owners; ports from the API and from switch databases.
import Facts
import NetworkTypes

extension ModelBuilder {
  mutating func buildServers() {
    for node in nodes {
      for domain in node.domains { note(domain, on: node.name) }
      for attachment in node.attachments {
        guard let id = attachment.server else { continue }
        servers[id, default: Server(id: id, origin: .nodes)].origin.insert(.nodes)
        if servers[id]?.node == nil { servers[id]?.node = node.name }
      }
    }
    for port in neutron.ports.records
    where PortOwner(deviceOwner: port.deviceOwner) == .server && !port.deviceID.isEmpty {
      let id = ServerID(port.deviceID)
      servers[id, default: Server(id: id, origin: .api)].origin.insert(.api)
      if servers[id]?.node == nil { servers[id]?.node = hosts.node(port.host) }
      if servers[id]?.project == nil { servers[id]?.project = port.project }
    }
  }

  private mutating func note(_ domain: LibvirtDomain, on node: NodeName) {
    var server = servers[domain.id] ?? Server(id: domain.id, origin: .nodes)
    // A domain that migrated away may still be defined; the running one counts.
    guard server.isRunning != true || domain.runningID != nil else { return }
    server.origin.insert(.nodes)
    server.name = domain.nova?.name ?? ""
    server.instanceName = domain.name
    server.node = node
    server.project = domain.nova?.project
    server.projectName = domain.nova?.projectName
    server.flavor = domain.nova?.flavor
    server.isRunning = domain.runningID != nil
    server.evidence.append(domain.evidence)
    servers[domain.id] = server
  }

  mutating func buildPorts() {
    for record in neutron.ports.records { ports[record.id] = port(record) }
    let owned = neutron.ports.records.filter { !$0.deviceID.isEmpty }
    let byOwner = Dictionary(grouping: owned, by: \.deviceID)
    let devices = nodes.map { guestDevices(of: $0, byOwner) }
    for (node, guests) in zip(nodes, devices) { notePorts(of: node, guests) }
    let short = Dictionary(grouping: neutron.ports.records.map(\.id)) {
      $0.rawValue.prefix(NeutronNames.deviceIDLength)
    }
    for (node, guests) in zip(nodes, devices) { noteNamedDevices(of: node, guests, short) }
    noteNovaPorts()
    noteLeases()
    for (id, port) in ports.sorted(by: { $0.key < $1.key }) {
      ports[id]?.locations.sort { $0.node < $1.node }
      guard let server = port.server else { continue }
      servers[server]?.ports.append(id)
    }
  }

  private func port(_ record: NeutronPort) -> Port {
    var port = Port(
      id: record.id, owner: PortOwner(deviceOwner: record.deviceOwner), origin: .api)
    port.name = record.name
    port.network = record.network
    port.project = record.project
    port.mac = record.mac
    port.fixedIPs = record.fixedIPs.map { FixedIP(address: $0.address, subnet: $0.subnet) }
    port.deviceID = record.deviceID
    port.server = port.owner == .server ? ServerID(record.deviceID) : nil
    port.router = port.owner.isRouters ? RouterID(record.deviceID) : nil
    port.isAdminUp = record.isAdminUp
    port.status = record.status
    port.boundHost = record.host
    port.boundNode = hosts.node(record.host)
    port.securityGroups = record.securityGroups
    port.isPortSecurityEnabled = record.isPortSecurityEnabled
    port.allowedAddressPairs = record.allowedAddressPairs
    port.vifType = record.vifType
    port.isDistributed =
      record.vifType == "distributed" || record.deviceOwner.hasSuffix("_distributed")
    port.evidence = [record.evidence]
    return port
  }

  /// A guest's device on its node, by the port that libvirt or Nova names, or by MAC.
  private func guestDevices(
    of node: NodeIndex, _ byOwner: [String: [NeutronPort]]
  ) -> [PortID: InterfaceName] {
    var devices: [PortID: InterfaceName] = [:]
    for domain in node.domains {
      for interface in domain.interfaces {
        guard let device = interface.targetDevice,
          let port = interface.interfaceID ?? port(of: interface, domain, node, byOwner)
        else { continue }
        devices[port] = device
      }
    }
    return devices
  }

  private func port(
    of interface: LibvirtInterface, _ domain: LibvirtDomain, _ node: NodeIndex,
    _ byOwner: [String: [NeutronPort]]
  ) -> PortID? {
    guard let mac = interface.mac else { return nil }
    let attached = node.attachmentsByServer[domain.id]?.first { $0.mac == mac }?.portID
    return attached ?? byOwner[domain.id.rawValue]?.first { $0.mac == mac }?.id
  }

  /// Every switch interface that carries a port's id.
  private mutating func notePorts(of node: NodeIndex, _ guests: [PortID: InterfaceName]) {
    for (id, attachments) in node.attachmentsByPort.sorted(by: { $0.key < $1.key }) {
      guard let attachment = attachments.first(where: { $0.network != nil }) ?? attachments.first,
        let location = node.location(of: id, guestDevice: guests[id])
      else { continue }
      var port = ports[id] ?? Port(id: id, owner: .none, origin: .nodes)
      port.origin.insert(.nodes)
      if !port.origin.contains(.api) { infer(&port, attachment, location, node) }
      port.locations.append(location)
      ports[id] = port
    }
  }

  /// Ports of the API that no switch names: Linux bridge agents, older plugs, vhost-user.
  /// Only those whose id a device here bears: each node has few of a large cloud's.
  private mutating func noteNamedDevices(
    of node: NodeIndex, _ guests: [PortID: InterfaceName], _ short: [Substring: [PortID]]
  ) {
    // A device's name keeps eleven characters of its port's id: where another port with the same
    // beginning is plugged here, the device is that one's.
    let taken = Set(
      node.attachmentsByPort.keys.map { $0.rawValue.prefix(NeutronNames.deviceIDLength) })
    let named = node.devices.keys.flatMap { device in
      DevicePrefix.allCases.compactMap { device.rawValue.after($0.rawValue).map { $0[...] } }
    }
    // Two that only a name could tell apart: neither is said to be there.
    let alone = Set(named).compactMap { short[$0] }.filter { $0.count == 1 }.flatMap { $0 }
    for id in Set(alone + guests.keys).sorted() where ports[id]?.origin.contains(.api) == true {
      guard node.attachmentsByPort[id] == nil,
        !taken.contains(id.rawValue.prefix(NeutronNames.deviceIDLength)),
        let location = node.location(of: id, guestDevice: guests[id])
      else { continue }
      ports[id]?.origin.insert(.nodes)
      ports[id]?.locations.append(location)
    }
  }

  private func infer(
    _ port: inout Port, _ attachment: SwitchAttachment, _ location: PortLocation,
    _ node: NodeIndex
  ) {
    let role = NamespaceRole(location.namespace)
    port.mac = port.mac ?? attachment.mac
    port.network = port.network ?? attachment.network ?? network(of: role)
    port.server = port.server ?? attachment.server
    port.evidence += location.evidence
    if port.owner == .none {
      port.owner =
        PortOwner(location.interface, in: role) ?? (attachment.server == nil ? .none : .server)
    }
    if port.owner.isRouters { port.router = port.router ?? role?.router }
    if port.boundNode == nil, !port.owner.isRouters { port.boundNode = location.node }
    for address in location.addresses
    where !isFloating(address, port.owner) && !node.virtualAddresses.contains(address.address) {
      port.add(address.address)
    }
  }

  private func network(of role: NamespaceRole?) -> NetworkID? {
    switch role {
    case .dhcp(let id), .floating(let id): id
    default: nil
    }
  }

  /// Host addresses on a gateway device are floating IPs, not the port's.
  private func isFloating(_ address: InterfaceAddress, _ owner: PortOwner) -> Bool {
    switch owner {
    case .routerGateway, .floatingAgent:
      address.prefixLength == address.address.family.width
    default: address.address.v4 == NeutronNames.metadataAddress
    }
  }

  /// Fixed addresses as Nova noted them in the domain.
  private mutating func noteNovaPorts() {
    for node in nodes {
      for domain in node.domains {
        for noted in domain.nova?.ports ?? [] {
          guard var port = ports[noted.id], !port.origin.contains(.api) else { continue }
          for address in noted.addresses where address.type == "fixed" { port.add(address.address) }
          port.project = port.project ?? domain.nova?.project
          ports[noted.id] = port
        }
      }
    }
  }

  /// Fixed addresses as the DHCP agent wrote them for dnsmasq, by MAC.
  private mutating func noteLeases() {
    var found: [NetworkAndMAC: [IPAddress]] = [:]
    for node in nodes {
      for (network, files) in node.facts.files.dnsmasq {
        for host in files.hosts.records {
          for mac in host.macs { found[NetworkAndMAC(network, mac), default: []] += host.addresses }
        }
      }
    }
    for (id, port) in ports where !port.origin.contains(.api) {
      guard let network = port.network, let mac = port.mac else { continue }
      for address in found[NetworkAndMAC(network, mac)] ?? [] { ports[id]?.add(address) }
    }
  }

  private struct NetworkAndMAC: Hashable {
    let network: NetworkID
    let mac: MACAddress
    init(_ network: NetworkID, _ mac: MACAddress) {
      self.network = network
      self.mac = mac
    }
  }
}

extension Port {
  fileprivate mutating func add(_ address: IPAddress) {
    guard !addresses.contains(address) else { return }
    fixedIPs.append(FixedIP(address: address, subnet: nil))
    fixedIPs.sort { $0.address < $1.address }
  }
}
