// The multicast groups that a namespace's kernel listens to by itself. What processes have joined is
// in no capture.
import Facts
import NetworkTypes

extension NamespaceModel {
  /// Groups that the kernel joins on an interface: all nodes; all routers where it forwards; the
  /// solicited-node groups of its addresses and of those that it answers for.
  ///
  /// Packets to other groups end unseen (`ip6_mc_input`, `ip_check_mc_rcu`), those to an IPv6 group
  /// of scope 0 or 1 even before.
  public func groups(_ interface: InterfaceName, _ family: AddressFamily) -> Set<IPAddress> {
    guard family == .ipv6 else { return [.v4(IPv4Address(rawValue: 0xe000_0001))] }
    var groups = [Self.allNodes]
    if sysctls.forwarding(interface, .ipv6) == true { groups += Self.allRouters }
    let proxied = facts.neighbours.records.filter { $0.isProxy && $0.interface == interface }
    let own = (addresses[interface] ?? []).map(\.address.address)
    groups += (own + proxied.map(\.address)).compactMap(\.v6?.solicitedNode)
    return Set(groups.map { .v6($0) })
  }

  private static let allNodes = IPv6Address(rawValue: 0xff02 << 112 | 1)
  private static let allRouters = [
    IPv6Address(rawValue: 0xff02 << 112 | 2), IPv6Address(rawValue: 0xff05 << 112 | 2),
  ]
}
