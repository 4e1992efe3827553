// What l2population told the agents: which tunnel a MAC address is behind, and who has an address.
import Facts
import NetworkTypes

extension DriftBuilder {
  mutating func compareUnicast(_ bridge: TunnelBridge) {
    guard bridge.usesL2Population else { return }
    let rows = bridge.flows.entries(of: [TunnelTable.unicast]).filter {
      $0.priority == TunnelTable.populatedPriority
    }
    for row in rows {
      guard let vlan = row.matchedVLAN, let mac = row.matchedMAC,
        let network = bridge.node.network(of: vlan)
      else { continue }
      let owners = lookups.residents[network]?.ports(with: mac) ?? []
      let places = owners.flatMap { nodes(of: $0) }.compactMap { hostsOfEnds[$0]?.first }
      let found = bridge.destinations(of: row)
      guard !places.isEmpty else {
        if owners.isEmpty { findStray(row, mac, network, bridge) }
        continue
      }
      if found.allSatisfy({ $0.end.map(places.contains) == true }) { continue }
      let owner = owners[0]
      let isReplicated =
        owner.isDistributed || model.router(owner.router)?.mode.isHA == true
      let isUnseen = found.contains { destination in
        destination.end.flatMap { tunnelEnds[$0] }.map { hosts.node($0) == nil } == true
      }
      if isReplicated && isUnseen { continue }
      find(
        .tunnelUnicast, .different, .high, object(owner), on: bridge.node.name,
        at: "\(bridge.name) table \(row.table)",
        wanted: DriftSide("\(mac) at \(list(places))", owner.evidence),
        found: DriftSide("\(mac) at \(list(found))", [row.evidence]))
    }
    compareMissingUnicast(bridge, rows)
  }

  /// Hosts that hold it, as Neutron's agents call them.
  func nodes(of port: Port) -> [String] {
    var names = [port.boundHost].compactMap { $0 }
    if port.isDistributed || model.router(port.router)?.mode.isHA == true {
      names += port.locations.flatMap { model.node($0.node)?.hosts ?? [] }
    }
    return names
  }

  mutating func findStray(
    _ row: FlowEntry, _ mac: MACAddress, _ network: NetworkID, _ bridge: TunnelBridge
  ) {
    find(
      .tunnelUnicast, .extra, .medium, object(network), on: bridge.node.name,
      at: "\(bridge.name) table \(row.table)",
      wanted: DriftSide("no port of the network has \(mac)"),
      found: DriftSide("\(mac) at \(list(bridge.destinations(of: row)))", [row.evidence]))
  }

  /// What the rows of a table tell about a value in a VLAN.
  private struct Known<Value: Hashable>: Hashable {
    let vlan: VLANID
    let value: Value
  }

  mutating func compareMissingUnicast(
    _ bridge: TunnelBridge, _ rows: [FlowEntry]
  ) {
    let own = hasTunnels(bridge)
    let known = Set(
      rows.compactMap { row in
        row.matchedMAC.flatMap { mac in row.matchedVLAN.map { Known(vlan: $0, value: mac) } }
      })
    for (id, locals) in bridge.node.localVLANs where !locals.isEmpty {
      guard let network = model.network(id), !tunnelSegments(of: network).isEmpty else { continue }
      for item in lookups.residents[id]?.populated ?? [] where item.end != own {
        guard let mac = item.mac,
          !locals.contains(where: { known.contains(Known(vlan: $0.vlan, value: mac)) })
        else { continue }
        find(
          .tunnelUnicast, .missing, .medium, object(item.port), on: bridge.node.name,
          at: "\(bridge.name) table \(TunnelTable.unicast)",
          wanted: DriftSide("\(mac) at \(item.end)", item.port.evidence), found: .none)
      }
    }
  }

  mutating func compareARPResponder(_ bridge: TunnelBridge) {
    guard bridge.usesARPResponder else { return }
    let rows = bridge.flows.entries(of: [TunnelTable.arpResponder]).filter {
      $0.givenARPAnswer != nil
    }
    for row in rows {
      guard let vlan = row.matchedVLAN, let bits = row.match.exact(.arpTPA),
        let answer = row.givenARPAnswer, let network = bridge.node.network(of: vlan)
      else { continue }
      let address = IPAddress(bits: bits, family: .ipv4)
      let owners = lookups.residents[network]?.ports(answeringFor: address) ?? []
      let macs = owners.flatMap { $0.macs(for: address) }
      if macs.contains(answer) { continue }
      let place = "\(bridge.name) table \(row.table), \(address)"
      let found = DriftSide("\(address) is at \(answer)\(whose(answer, network))", [row.evidence])
      if let owner = owners.first {
        find(
          .arpResponder, .different, .high, object(owner), on: bridge.node.name, at: place,
          wanted: DriftSide("\(address) is at \(list(Set(macs)))", owner.evidence), found: found)
      } else {
        find(
          .arpResponder, .extra, .medium, object(network), on: bridge.node.name, at: place,
          wanted: DriftSide("no port of the network has \(address)"), found: found)
      }
    }
    compareMissingAnswers(bridge, rows)
  }

  func whose(_ mac: MACAddress, _ network: NetworkID) -> String {
    let owner = lookups.residents[network]?.ports(with: mac).first { $0.mac == mac }
    return owner.map { ", \(model.title(of: $0))'s" } ?? ""
  }

  mutating func compareMissingAnswers(_ bridge: TunnelBridge, _ rows: [FlowEntry]) {
    guard bridge.usesL2Population else { return }
    let own = hasTunnels(bridge)
    let known = Set(
      rows.compactMap { row in
        row.match.exact(.arpTPA).flatMap { bits in
          row.matchedVLAN.map { Known(vlan: $0, value: bits) }
        }
      })
    for (id, locals) in bridge.node.localVLANs where !locals.isEmpty {
      guard let network = model.network(id), !tunnelSegments(of: network).isEmpty else { continue }
      for item in lookups.residents[id]?.populated ?? [] where item.end != own {
        for address in item.addresses {
          if locals.contains(where: { known.contains(Known(vlan: $0.vlan, value: address.bits)) }) {
            continue
          }
          find(
            .arpResponder, .missing, .medium, object(item.port), on: bridge.node.name,
            at: "\(bridge.name) table \(TunnelTable.arpResponder), \(address)",
            wanted: DriftSide(
              "\(address) is at \(item.mac?.description ?? "?")", item.port.evidence),
            found: .none)
        }
      }
    }
  }
}

extension Port {
  /// Its own address or, of one address, a pair's.
  func answers(for address: IPAddress) -> Bool {
    addresses.contains(address)
      || allowedAddressPairs.contains { $0.prefix.contains(address) }
  }
  func macs(for address: IPAddress) -> [MACAddress] {
    let pairs = allowedAddressPairs.filter { $0.prefix.contains(address) }.map { $0.mac ?? mac }
    return ((addresses.contains(address) ? [mac] : []) + pairs).compactMap { $0 }
  }
}
