// The kernel's per-interface knobs of one namespace, combined as the kernel combines them.
// Made of a capture's sysctl section; feeds the IP and ARP stages of the simulation.
import Facts
import NetworkTypes

/// Sysctls of a namespace. Each accessor is nil where the capture does not hold the knob, so that
/// a stage that depends on it can say so.
public struct SysctlModel: Sendable {
  private let values: [String: Int]

  public init(_ section: Section<Sysctl>) {
    var values: [String: Int] = [:]
    for record in section.records {
      if let value = Int(record.value) { values[record.name] = value }
    }
    self.values = values
  }

  public subscript(_ name: String) -> Int? { values[name] }

  private func conf(_ family: String, _ interface: InterfaceName, _ knob: String) -> Int? {
    values["net.\(family).conf.\(interface).\(knob)"]
  }

  /// `IN_DEV_ORCONF`: on where either `all` or the interface is.
  private func either(_ interface: InterfaceName, _ knob: String) -> Bool? {
    let all = conf("ipv4", "all", knob)
    let own = conf("ipv4", interface, knob)
    if (all ?? 0) != 0 || (own ?? 0) != 0 { return true }
    return all == nil || own == nil ? nil : false
  }

  /// `IN_DEV_MAXCONF`: the larger of `all` and the interface's.
  private func larger(_ interface: InterfaceName, _ knob: String) -> Int? {
    guard let all = conf("ipv4", "all", knob), let own = conf("ipv4", interface, knob) else {
      return nil
    }
    return max(all, own)
  }

  /// 0 off, 1 strict, 2 loose (RFC 3704).
  public func reversePathFilter(_ interface: InterfaceName) -> Int? {
    larger(interface, "rp_filter")
  }
  public func arpIgnore(_ interface: InterfaceName) -> Int? { larger(interface, "arp_ignore") }
  public func arpAnnounce(_ interface: InterfaceName) -> Int? { larger(interface, "arp_announce") }
  public func arpFilter(_ interface: InterfaceName) -> Bool? { either(interface, "arp_filter") }
  public func proxyARP(_ interface: InterfaceName) -> Bool? { either(interface, "proxy_arp") }
  public func proxyARPWithinWire(_ interface: InterfaceName) -> Bool? {
    conf("ipv4", interface, "proxy_arp_pvlan").map { $0 != 0 }
  }
  public func sendsRedirects(_ interface: InterfaceName) -> Bool? {
    either(interface, "send_redirects")
  }
  public func acceptLocal(_ interface: InterfaceName) -> Bool? {
    either(interface, "accept_local")
  }
  public func routeLocalnet(_ interface: InterfaceName) -> Bool? {
    either(interface, "route_localnet")
  }
  public func sourceValidMark(_ interface: InterfaceName) -> Bool? {
    either(interface, "src_valid_mark")
  }

  /// Whether packets that come in on the interface may be forwarded.
  public func forwarding(_ interface: InterfaceName, _ family: AddressFamily) -> Bool? {
    switch family {
    case .ipv4:
      conf("ipv4", interface, "forwarding").map { $0 != 0 }
        ?? values["net.ipv4.ip_forward"].map { $0 != 0 }
    case .ipv6:
      // IPv6 decides by `all`; the interface's own knob only changes host behaviour.
      conf("ipv6", "all", "forwarding").map { $0 != 0 }
    }
  }

  public func isIPv6Disabled(_ interface: InterfaceName) -> Bool? {
    conf("ipv6", interface, "disable_ipv6").map { $0 != 0 }
  }
  public func proxyND(_ interface: InterfaceName) -> Bool? {
    conf("ipv6", interface, "proxy_ndp").map { $0 != 0 }
  }

  /// br_netfilter: whether bridged packets of the family run through its hooks. Off where the
  /// module is not loaded, which shows as the knob's absence in a section that was captured.
  public func bridgeCallsNetfilter(_ family: AddressFamily) -> Bool {
    let knob = family == .ipv4 ? "bridge-nf-call-iptables" : "bridge-nf-call-ip6tables"
    return (values["net.bridge.\(knob)"] ?? 0) != 0
  }
  /// Whether VLAN-tagged bridged frames run through the hooks too.
  public var bridgeFiltersTagged: Bool {
    (values["net.bridge.bridge-nf-filter-vlan-tagged"] ?? 0) != 0
  }
}
