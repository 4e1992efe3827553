// Hosts at the ends: guests and the outside world, as their namespaces are set up.
import DataPlane
import NetworkTypes

/// A host with one device.
struct EndHost {
  let mac: MACAddress
  let mtuBytes: Int
  let addresses: [InterfaceAddress]
  let routes: [GuestRoute]
  let isLinked: Bool
  /// Answers for every public address, as the internet behind a gateway does.
  let isInternet: Bool

  init(_ guest: Guest, isLinked: Bool) {
    mac = guest.mac
    mtuBytes = guest.mtuBytes
    addresses = guest.addresses
    routes = guest.routes
    self.isLinked = isLinked
    isInternet = false
  }

  init(_ host: OutsideHost, mtuBytes: Int) {
    mac = host.mac
    self.mtuBytes = mtuBytes
    addresses = host.addresses
    routes = []
    isLinked = true
    isInternet = true
  }

  /// What the project's model of a guest assumes, whatever this machine's defaults are.
  static let settings: [(path: String, value: String)] = [
    ("net/ipv4/ip_forward", "0"), ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"), ("net/ipv4/conf/eth0/rp_filter", "0"),
    ("net/ipv4/conf/all/accept_redirects", "0"), ("net/ipv4/conf/eth0/accept_redirects", "0"),
    ("net/ipv6/conf/all/accept_ra", "0"), ("net/ipv6/conf/default/accept_ra", "0"),
    ("net/ipv6/conf/eth0/accept_ra", "0"),
  ]

  /// Lines for `ip -batch`, the first without a family.
  func lines(_ device: String) -> [(AddressFamily?, [String])] {
    var links = [
      "link set dev lo up", "link set dev \(device) addrgenmode none",
      "link set dev \(device) address \(mac)",
    ]
    if mtuBytes > 0 { links.append("link set dev \(device) mtu \(mtuBytes)") }
    if isLinked { links.append("link set dev \(device) up") }
    return [(nil, links)] + [.ipv4, .ipv6].map { ($0, lines(device, $0)) }
  }

  private func lines(_ device: String, _ family: AddressFamily) -> [String] {
    var lines = addresses.filter { $0.address.family == family }.map {
      "addr add \($0) dev \(device)" + (family == .ipv6 ? " nodad" : "")
    }
    guard isLinked else { return lines }
    lines += routes.filter { $0.destination.family == family }.map { route in
      "route append \(route.destination) "
        + (route.gateway.map { "via \($0) dev \(device) onlink" } ?? "dev \(device)")
    }
    if isInternet { lines += internet(family) }
    return lines
  }

  /// Every public address is one's own; the private ranges are nowhere, the subnet is on the wire.
  /// All in the local table: the packet filter asks that one which addresses are ours.
  private func internet(_ family: AddressFamily) -> [String] {
    let own = addresses.filter { $0.address.family == family }.map { "\($0.prefix)" }
    let nowhere =
      family == .ipv4
      ? Self.privateRanges : []
    let all = family == .ipv4 ? "0.0.0.0/0" : "2000::/3"
    // The kernel keeps the local and the main table as one until there is a rule of one's own, and
    // `throw` would then end the search for a route.
    return ["rule add pref 32768 lookup main", "route add local \(all) dev lo table local"]
      + Set(own + nowhere).sorted().map { "route add throw \($0) table local" }
  }

  /// What `IPAddress.isPrivate` means, as routes.
  private static let privateRanges = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "198.18.0.0/15",
  ]

  /// Whatever port a packet is for, something listens there: one listener takes them all.
  static func redirects(_ device: String) -> String {
    """
    *nat
    -A PREROUTING -i \(device) -p tcp -m addrtype --dst-type LOCAL \
    -j REDIRECT --to-ports \(anyPort)
    -A PREROUTING -i \(device) -p udp -m udp ! --dport 67:68 -m addrtype --dst-type LOCAL \
    -j REDIRECT --to-ports \(anyPort)
    COMMIT

    """
  }
  /// Where the redirected packets arrive.
  static let anyPort: UInt16 = 7
}
