// The wires between nodes: one for each physical network, one for what else joins bridges, one
// for the tunnels' underlay; and the outside hosts on them.
import Facts
import NetworkTypes
import OpenFlow

extension DataPlaneModel {
  mutating func wireSegments() {
    for node in nodes.values.sorted(by: { $0.name < $1.name }) {
      for (key, device) in uplinks(of: node) {
        attach(device, to: segmentName(of: key.bridge, on: node))
      }
      for device in tunnelDevices(of: node) { attach(device, to: "underlay") }
    }
    for index in segments.indices { learnKnownMACs(of: index) }
  }

  private mutating func attach(_ device: DeviceKey, to name: String) {
    let index =
      segments.firstIndex { $0.name == name }
      ?? {
        segments.append(Segment(name: name))
        return segments.count - 1
      }()
    guard !segments[index].members.contains(device) else { return }
    segments[index].members.append(device)
    updateDevice(device) { $0.attachment = .segment(index) }
  }

  /// System devices that are ports of a bridge and have no other end inside the capture.
  private func uplinks(of node: NodeModel) -> [(SwitchPortKey, DeviceKey)] {
    node.switchDevices.filter { key, deviceKey in
      guard let device = device(deviceKey) else { return false }
      return !device.isSwitchInternal && device.attachment == Attachment.none
        && guestsByDevice[deviceKey] == nil
    }.sorted { $0.value < $1.value }
  }

  /// The physical network that the agent maps to the bridge, else the bridge's own name.
  private func segmentName(of bridge: BridgeName, on node: NodeModel) -> String {
    let mapped = bridgeMappings(of: node).filter { $0.value == bridge }.keys.sorted()
    return mapped.first ?? bridge.rawValue
  }

  /// Physical network to bridge, from the node's own files, else from what its agent reported.
  public func bridgeMappings(of node: NodeModel) -> [String: BridgeName] {
    var mappings: [String: BridgeName] = [:]
    for path in node.facts.files.configurations.keys.sorted() {
      guard let section = node.facts.files.configurations[path] else { continue }
      mappings.merge(section.bridgeMappings) { first, _ in first }
    }
    if mappings.isEmpty {
      let host = node.facts.hostname ?? node.name.rawValue
      for agent in facts.neutron.agents.records
      where agent.host == host || agent.host == node.name.rawValue {
        mappings.merge(agent.bridgeMappings) { first, _ in first }
      }
    }
    return mappings
  }

  /// Devices outside the switch that hold the local address of a tunnel.
  private func tunnelDevices(of node: NodeModel) -> [DeviceKey] {
    let locals = node.tunnelAddresses
    guard let root = node.namespaces[.root] else { return [] }
    return root.addresses.filter { _, list in
      list.contains { locals.contains($0.address.address) }
    }.keys.sorted().compactMap { name in
      guard let device = root.devices[name], device.switchPort == nil,
        device.attachment == Attachment.none
      else { return nil }
      return device.key
    }
  }

  private mutating func learnKnownMACs(of index: Int) {
    var known: [MACAddress: DeviceKey] = [:]
    for member in segments[index].members {
      guard let device = device(member), let node = nodes[member.node] else { continue }
      known[device.mac] = member
      guard let port = device.switchPort else { continue }
      for (key, other) in node.switchDevices where key.bridge == port.bridge {
        if let local = self.device(other), local.isSwitchInternal { known[local.mac] = member }
      }
      let learned = node.facts.openVSwitch.bridges[port.bridge]?.learnedMACs.records ?? []
      for entry in learned where entry.port.map({ OpenFlowPort($0) }) ?? .local != port.number {
        known[entry.mac] = member
      }
    }
    segments[index].knownMACs = known
  }

  /// A gateway outside for each provider subnet whose gateway address no port of the cloud has.
  mutating func placeOutsideHosts() {
    let owned = Set(facts.neutron.ports.records.flatMap { $0.fixedIPs.map(\.address) })
    for network in facts.neutron.networks.records.sorted(by: { $0.id < $1.id }) {
      for segment in network.segments {
        guard let physical = segment.physicalNetwork,
          let index = segments.firstIndex(where: { $0.name == physical })
        else { continue }
        let subnets = facts.neutron.subnets.records.filter { $0.network == network.id }
        let gateways = subnets.compactMap { subnet -> InterfaceAddress? in
          guard let gateway = subnet.gateway, !owned.contains(gateway) else { return nil }
          return InterfaceAddress(address: gateway, prefixLength: subnet.cidr.length)
        }
        guard !gateways.isEmpty else { continue }
        outsideHosts.append(
          OutsideHost(
            network: network.id, segment: index,
            vlan: segment.networkType == "vlan"
              ? segment.segmentationID.flatMap { VLANID($0) } : nil,
            mac: outsideMAC(gateways, number: outsideHosts.count), addresses: gateways,
            evidence: [network.evidence]))
        segments[index].outsideHosts.append(outsideHosts.count - 1)
      }
    }
  }

  /// The gateway's address as some router has it in its cache, else a locally administered one.
  private func outsideMAC(_ gateways: [InterfaceAddress], number: Int) -> MACAddress {
    for node in nodes.values.sorted(by: { $0.name < $1.name }) {
      for namespace in node.namespaces.values.sorted(by: { $0.key < $1.key }) {
        for neighbour in namespace.neighbours.values.sorted(by: { $0.evidence < $1.evidence })
        where gateways.contains(where: { $0.address == neighbour.address }) {
          if let mac = neighbour.mac { return mac }
        }
      }
    }
    return MACAddress(rawValue: 0x02_00_5e_00_00_00 | UInt64(number))
  }
}
