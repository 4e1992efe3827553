// The kernel's filter: lets through whatever the probe may have become on its way (other addresses,
// other ports, a tag, a tunnel around it) and keeps the rest of the traffic out. Which frames are
// the probe's is decided by its marks.
import Trace

enum CaptureFilter {
  static func text(_ kind: ProbeProtocol, tunnelPorts: Set<UInt16>) -> String {
    let plain = self.plain(kind, tunnelPorts)
    // `vlan` shifts everything that stands behind it.
    return "\(plain) or (vlan and (\(plain)))"
  }

  /// For captures on all devices at once, whose header knows no `vlan`.
  static func cooked(_ kind: ProbeProtocol, tunnelPorts: Set<UInt16>) -> String {
    "\(plain(kind, tunnelPorts)) or ether proto 0x8100"
  }

  private static func plain(_ kind: ProbeProtocol, _ tunnelPorts: Set<UInt16>) -> String {
    let inner: String
    switch kind {
    case .icmp: inner = "icmp"
    case .icmp6: inner = "icmp6"
    // Refusals are ICMP errors.
    case .tcp: inner = "tcp or icmp or icmp6"
    case .udp: inner = "udp or icmp or icmp6"
    case .arp: inner = "arp"
    case .dhcp: inner = "udp port 67 or udp port 68"
    case .sctp: inner = "ip or ip6"
    }
    let tunnels = tunnelPorts.sorted().map { " or udp dst port \($0)" }.joined()
    return "\(inner)\(tunnels) or ip proto 47"
  }
}
