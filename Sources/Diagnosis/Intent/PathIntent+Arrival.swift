// At a port: what its security groups say, and which port it is that holds an address.
import Facts
import LogicalModel
import NetworkTypes

extension PathIntent {
  func arrive(_ owner: Port, _ flow: FlowIntent, _ hops: [FilteredHop]) -> IntentVerdict {
    // A virtual address has a port of its own that is plugged nowhere; a guest with a pair holds it.
    let port = owner.isVirtual ? holder(of: flow.destination, on: owner.network) ?? owner : owner
    if let disabled = disabled(port) { return disabled }
    if port.owner.isRouters {
      return flow.ipProtocol == IPProtocol.icmp || flow.ipProtocol == IPProtocol.icmp6
        ? .allowed(hops)
        : deny(
          "router-only-answers-icmp",
          "\(model.title(of: port)) has no service on \(flow.protocolText)", port.evidence)
    }
    return pass(port, .ingress, flow) { .allowed(hops + $0) }
  }

  func pass(
    _ port: Port, _ direction: SecurityDirection, _ flow: FlowIntent,
    _ next: ([FilteredHop]) -> IntentVerdict
  ) -> IntentVerdict {
    switch security.verdict(port, direction, flow) {
    case .allowed(let rule):
      return next([FilteredHop(port: port.id, direction: direction, flow: flow, rule: rule)])
    case .denied(let text, let evidence):
      return deny(
        direction == .ingress ? "no-ingress-rule" : "no-egress-rule", text, evidence,
        change: SecurityIntent.command(port, direction, flow))
    case .undecided(let text): return .undecided(text)
    }
  }

  // MARK: look-ups

  func network(_ id: NetworkID?) -> String { model.network(id)?.label ?? "its network" }

  func isMetadata(_ address: IPAddress) -> Bool {
    address == .v4(IPv4Address(rawValue: 0xa9fe_a9fe))
  }

  /// The port with a fixed address, else the one that may use it as a pair.
  func owner(of address: IPAddress, on network: NetworkID?) -> Port? {
    guard let network else { return nil }
    let ports = model.ports(of: network).filter { $0.origin.contains(.api) }
    let fixed = ports.first { $0.owner != .floatingIP && $0.addresses.contains(address) }
    return fixed
      ?? ports.first { port in
        port.locations.isEmpty == false
          && port.allowedAddressPairs.contains { $0.prefix == IPPrefix(host: address) }
      }
  }

  private func holder(of address: IPAddress, on network: NetworkID?) -> Port? {
    network.flatMap { id in
      model.ports(of: id).first { port in
        !port.locations.isEmpty
          && port.allowedAddressPairs.contains { $0.prefix.contains(address) }
      }
    }
  }

  /// Those that Neutron has; a node may hold one that was taken away.
  func intended(_ interfaces: [RouterInterface]) -> [RouterInterface] {
    interfaces.filter { model.port($0.port)?.origin.contains(.api) ?? false }
  }

  func linkLocalOwner(_ address: IPAddress, on network: NetworkID?) -> Port? {
    network.flatMap { id in
      model.ports(of: id).first {
        $0.mac.map { IPAddress.v6(IPv6Address(linkLocal: $0)) } == address
      }
    }
  }

  func floatingIP(_ address: IPAddress) -> FloatingIP? {
    model.floatingIPs.first { $0.address == address && $0.origin.contains(.api) }
  }
}

extension Port {
  /// Made for an address that guests share: nobody's device.
  fileprivate var isVirtual: Bool { owner == .none && locations.isEmpty }
}
