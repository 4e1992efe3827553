// What a namespace's IP layer decides about a packet from a wire: where to, and whether its source
// may come in here. Asked by the simulation for packets and for ARP requests alike, as the kernel
// asks `ip_route_input` for both.
import Facts
import NetworkTypes

/// The answer of `ip_route_input`.
public enum InputRoute: Sendable {
  /// For the namespace itself, or a broadcast on one of its wires.
  case local(Route)
  case forward(Route, NextHop, RoutingRule?)
  case refused(RouteDecision)
  case forwardingOff
  case martian(String)
  /// rp_filter's mode, and what it finds amiss.
  case reversePath(Int, String)
  case unknown(String, Evidence?)
}

extension NamespaceModel {
  /// Routes what comes in on `query.inputInterface`; multicast and limited broadcast are not asked
  /// for here, since no table decides about them.
  public func routeInput(_ query: RouteQuery) -> InputRoute {
    guard let name = query.inputInterface, let source = query.source else {
      return .martian("a packet without a source")
    }
    if let martian = martian(source, query.destination, on: name) { return martian }
    switch routing(query.destination.family).lookup(query) {
    case .found(let route, let hop, let rule):
      if route.type != .unicast {
        return sourceProblem(query, source, on: name, out: nil) ?? .local(route)
      }
      switch sysctls.forwarding(name, query.destination.family) {
      case nil: return .unknown("whether \(key) forwards is not in the capture", nil)
      case false?: return .forwardingOff
      case true?:
        return sourceProblem(query, source, on: name, out: hop.interface)
          ?? .forward(route, hop, rule)
      }
    case .unknown(let text, let evidence): return .unknown(text, evidence)
    case let decision: return .refused(decision)
    }
  }

  /// Addresses that no packet from a wire may have.
  private func martian(
    _ source: IPAddress, _ destination: IPAddress, on name: InterfaceName
  ) -> InputRoute? {
    let isClosed = name != "lo" && sysctls.routeLocalnet(name) != true
    var isBad = source.isMulticast || isClosed && source.isLoopback
    if case .v4(let address) = source {
      isBad = isBad || address == .broadcast || address.rawValue >> 24 == 0
    }
    if isBad { return .martian("\(source) is no source that may come in on \(name)") }
    guard case .v4(let address) = destination,
      address.rawValue >> 24 == 0 || isClosed && destination.isLoopback
    else { return nil }
    return .martian("\(destination) is no destination that may come in on \(name)")
  }

  /// `fib_validate_source`; nil where the source may come in.
  private func sourceProblem(
    _ query: RouteQuery, _ source: IPAddress, on name: InterfaceName, out: InterfaceName?
  ) -> InputRoute? {
    // Over the loopback a packet brings its route along; IPv6 has no such check.
    guard name != "lo", source.family == .ipv4 else { return nil }
    if let mode = sysctls.reversePathFilter(name) {
      return sourceProblem(query, source, on: name, out: out, mode: mode)
    }
    guard sourceProblem(query, source, on: name, out: out, mode: 1) != nil else { return nil }
    return sourceProblem(query, source, on: name, out: out, mode: 0)
      ?? .unknown("rp_filter of \(name) in \(key) is not in the capture and decides here", nil)
  }

  private func sourceProblem(
    _ query: RouteQuery, _ source: IPAddress, on name: InterfaceName, out: InterfaceName?,
    mode: Int
  ) -> InputRoute? {
    let isSendingBack = name == out && sysctls.sendsRedirects(name) != false
    if mode == 0, !isSendingBack {
      if sysctls.acceptLocal(name) == true { return nil }
      if !routing4.isCustom {
        let isOwn = addresses.values.joined().contains { $0.address.address == source }
        return isOwn ? ownSource(source, name) : nil
      }
    }
    return wayBackProblem(query, source, on: name, out: out, mode: mode)
  }

  private func ownSource(_ source: IPAddress, _ name: InterfaceName) -> InputRoute {
    .martian("\(source) is \(key)'s own address and came in on \(name)")
  }

  /// The route back to the source (RFC 3704), looked up as if the answer came in on the device that
  /// this packet leaves by, so rules with `iif` apply; for local delivery that is `lo`.
  private func wayBackProblem(
    _ query: RouteQuery, _ source: IPAddress, on name: InterfaceName, out: InterfaceName?,
    mode: Int
  ) -> InputRoute? {
    let filtered: InputRoute? =
      mode == 0
      ? nil : .reversePath(mode, "the route back to \(source) does not leave there")
    switch routing4.lookup(wayBack(query, source, on: name, out: out)) {
    case .found(let route, _, _):
      if route.type == .local, sysctls.acceptLocal(name) != true { return ownSource(source, name) }
      guard route.type == .unicast || route.type == .local else {
        return .martian("\(source) is a \(route.type) address and came in on \(name)")
      }
      if route.nextHops.contains(where: { $0.interface == name }) { return nil }
      // A device without an address has nothing that its peers could be near to.
      return usableAddresses(name, .ipv4).isEmpty || mode == 1 ? filtered : nil
    case .unknown(let text, let evidence): return .unknown(text, evidence)
    default: return filtered
    }
  }

  private func wayBack(
    _ query: RouteQuery, _ source: IPAddress, on name: InterfaceName, out: InterfaceName?
  ) -> RouteQuery {
    var back = RouteQuery(destination: source, source: query.destination)
    back.inputInterface = out
    if sysctls.sourceValidMark(name) == true { back.mark = query.mark }
    (back.tos, back.ipProtocol) = (query.tos, query.ipProtocol)
    (back.sourcePort, back.destinationPort) = (query.destinationPort, query.sourcePort)
    return back
  }
}
