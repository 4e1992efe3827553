// What an answer rests on that no capture holds: guests' own addresses and caches, and what of metadata
// lies beyond its proxy.
import DataPlane
import Facts
import LogicalModel
import NetworkTypes
import Trace

extension Diagnostician {
  /// Premises of "it works", those that the capture gives reason to doubt first.
  func premises(of result: TraceResult) -> [Premise] {
    let ends = guestEnds(of: result)
    let found =
      ends.flatMap { staleNeighbours(of: $0.guest, asking: nextHop($0.guest, result)) }
      + metadataPremises(result)
      + ends.flatMap { borrowers(of: $0.address, $0.guest) }
      + result.assumptions.map { Premise(.cachedState, $0) }
    let unique = found.reduce(into: [Premise]()) { if !$0.contains($1) { $0.append($1) } }
    return unique.enumerated().sorted { a, b in
      (a.element.isDoubtful ? 0 : 1, a.element.code, a.offset)
        < (b.element.isDoubtful ? 0 : 1, b.element.code, b.offset)
    }.map(\.element)
  }

  /// The guests that speak, with the addresses that they speak from.
  private func guestEnds(of result: TraceResult) -> [(guest: Guest, address: IPAddress)] {
    var ids: [PortID] = []
    if case .port(let id) = result.probe.origin { ids.append(id) }
    ids += result.receivedBy.map { PortID($0) }
    return ids.compactMap { id in
      guard let guest = cloud.guest(id).map({ cloud.guests[$0] }) else { return nil }
      let named = [result.probe.source, result.seen?.destination, result.probe.destination]
        .compactMap { $0 }.first { guest.owns($0) }
      guard let address = named ?? guest.firstAddress(result.probe.destination.family) else {
        return nil
      }
      return (guest, address)
    }
  }

  // MARK: addresses

  /// Neighbours of the guest that nothing keeps from using its address too.
  private func borrowers(of address: IPAddress, _ guest: Guest) -> [Premise] {
    guard let network = guest.network, !address.isLinkLocal else { return [] }
    let security = SecurityIntent(facts: cloud.facts, model: model)
    return model.ports(of: network).filter { port in
      port.id != guest.port && port.owner == .server && !port.locations.isEmpty
        && security.isUnfiltered(port)
    }.sorted { $0.id < $1.id }.map { port in
      Premise(
        .guestAddresses,
        "\(model.title(of: port)), whose port security is off, does not use \(address) of "
          + "\(guest.name) too", cause: .addressDuplicate, check: whoAnswers(address, network))
    }
  }

  /// Two MACs that answer are two holders.
  private func whoAnswers(_ address: IPAddress, _ network: NetworkID) -> String? {
    guard address.family == .ipv4,
      let server = model.dhcpServers.first(where: { $0.network == network }),
      let device = server.interface
    else { return nil }
    return "\(server.node)# \(Shell.inside(server.key))arping -c 3 -I \(Shell.word(device)) "
      + "\(address)"
  }

  // MARK: neighbour caches

  /// Whom the guest asks for a MAC when it speaks to the other end.
  private func nextHop(_ guest: Guest, _ result: TraceResult) -> IPAddress? {
    let isSender = result.probe.origin == .port(guest.port)
    let other = isSender ? result.probe.destination : result.seen?.source
    return other.flatMap { guest.route(to: $0)?.gateway ?? $0 }
  }

  /// The guest sends frames to somebody who is not on its network: what it learned, it learned
  /// elsewhere, and what else it still holds from there cannot be told.
  private func staleNeighbours(of guest: Guest, asking next: IPAddress?) -> [Premise] {
    guard let port = model.port(guest.port), let network = port.network,
      let node = port.locations.first?.node, let facts = cloud.nodes[node]?.facts
    else { return [] }
    let source = "eth(src=\(guest.mac),dst="
    for flow in facts.openVSwitch.datapathFlows.records {
      guard let mac = flow.destination(after: source), !mac.isMulticast,
        let stranger = model.ports.first(where: { $0.mac == mac }), stranger.network != network,
        !model.ports(of: network).contains(where: { $0.mac == mac }),
        let elsewhere = stranger.network, let next,
        model.subnets(of: elsewhere).contains(where: { $0.cidr.contains(next) })
      else { continue }
      return [
        Premise(
          .guestNeighbours,
          "\(guest.name) has forgotten whom it heard elsewhere: it sends to \(mac), which is "
            + "\(model.title(of: stranger)) on "
            + (model.network(elsewhere)?.label ?? "another network")
            + ", so its neighbour cache may hold \(next) of that network",
          evidence: [flow.evidence], check: "in \(guest.name)# ip neigh show")
      ]
    }
    return []
  }
}

extension DatapathFlow {
  /// The MAC behind `eth(src=…,dst=`; nil where the flow has another source or masks it.
  fileprivate func destination(after source: String) -> MACAddress? {
    guard let start = match.firstRange(of: source)?.upperBound else { return nil }
    return MACAddress(String(match[start...].prefix { $0 != ")" && $0 != "/" && $0 != "," }))
  }
}
