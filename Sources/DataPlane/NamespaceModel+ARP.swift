// Which ARP requests a namespace's kernel answers (`arp_process`).
import Facts
import NetworkTypes

/// How a namespace answers an ARP request.
public enum ARPAnswer: Hashable, Sendable {
  /// At once, for an address of its own.
  case owner
  /// For somebody else's; to a broadcast up to 0.8 s later (`proxy_delay`).
  case proxy
  case none
  /// What decides is not in the capture.
  case unknown(String, Evidence?)
}

extension NamespaceModel {
  /// The answer on `name` to a request of `sender` for `target`.
  public func arpAnswer(
    for target: IPv4Address, sender: IPAddress, on name: InterfaceName
  ) -> ARPAnswer {
    // Nobody yet: whoever asks so looks for a duplicate of the address that it is about to take.
    if sender.isUnspecified {
      return isLocal(.v4(target)) ? localAnswer(target, sender, name) : .none
    }
    var query = RouteQuery(destination: .v4(target), source: sender)
    query.inputInterface = name
    switch routeInput(query) {
    case .local(let route) where route.type == .local:
      let answer = localAnswer(target, sender, name)
      return answer == .owner && isFiltered(target, sender, name) ? .none : answer
    case .forward(_, let hop, _):
      return mayAnswerForOther(target, sender, name, out: hop.interface) ? .proxy : .none
    case .unknown(let text, let evidence): return .unknown(text, evidence)
    default: return .none
    }
  }

  /// `arp_ignore`.
  private func localAnswer(
    _ target: IPv4Address, _ sender: IPAddress, _ name: InterfaceName
  ) -> ARPAnswer {
    let own = addresses[name] ?? []
    let isOnDevice = own.contains { $0.address.address == .v4(target) }
    guard let ignore = sysctls.arpIgnore(name) else {
      return isOnDevice
        ? .owner : .unknown("arp_ignore of \(name) in \(key) is not in the capture", nil)
    }
    let isOurs: Bool
    switch ignore {
    case 1: isOurs = isOnDevice
    case 2:
      // Any of the device's subnets that holds both will do.
      isOurs =
        isOnDevice
        && own.contains {
          $0.address.prefix.contains(.v4(target))
            && (sender.isUnspecified || $0.address.prefix.contains(sender))
        }
    case 3:
      isOurs = addresses.contains { interface, addresses in
        let countsHost = sysctls.routeLocalnet(interface) == true
        return addresses.contains {
          $0.address.address == .v4(target) && (countsHost || $0.scope != "host")
        }
      }
    case 8: isOurs = false
    default: isOurs = true
    }
    return isOurs ? .owner : .none
  }

  /// `arp_filter`: only the device that leads back to who asks answers.
  private func isFiltered(
    _ target: IPv4Address, _ sender: IPAddress, _ name: InterfaceName
  ) -> Bool {
    guard sysctls.arpFilter(name) == true else { return false }
    let query = RouteQuery(destination: sender, source: .v4(target))
    guard case .found(let route, let hop, _) = routing4.lookup(query) else { return true }
    return route.type == .local || hop.interface != name
  }

  /// Proxy ARP: for what is behind another device, or, where hosts of one wire may not talk to each
  /// other (RFC 3069), for what is on the same.
  private func mayAnswerForOther(
    _ target: IPv4Address, _ sender: IPAddress, _ name: InterfaceName, out: InterfaceName?
  ) -> Bool {
    if out == name { return sender != .v4(target) && sysctls.proxyARPWithinWire(name) == true }
    return sysctls.proxyARP(name) == true || isProxied(.v4(target), on: name)
  }

  /// Whether a proxy entry of the neighbour table says so.
  public func isProxied(_ address: IPAddress, on name: InterfaceName) -> Bool {
    facts.neighbours.records.contains {
      $0.isProxy && $0.address == address && $0.interface == name
    }
  }
}
