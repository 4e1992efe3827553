// Packets that arrive and are answered in the healthy cloud, one or more for each thing that it does.
import Facts
import NetworkTypes
import Trace

enum HealthyProbes {
  /// From, to, protocol, destination port, size.
  private static let rows: [(String, String, ProbeProtocol, UInt16?, Int?)] = [
    ("port-a1", "172.17.17.12", .tcp, 22, nil), ("port-a2", "172.17.17.11", .icmp, nil, 1450),
    ("port-a1", "172.17.17.12", .icmp, nil, 1450), ("port-a5", "172.17.18.16", .icmp, nil, nil),
    ("port-a1", "172.17.18.16", .icmp, nil, nil), ("port-a6", "172.17.17.13", .tcp, 80, nil),
    ("port-a2", "172.17.17.13", .tcp, 5432, nil), ("port-a4", "172.17.17.11", .icmp, nil, nil),
    ("port-c1", "10.99.0.12", .tcp, 80, nil), ("port-c2", "10.99.0.11", .icmp, nil, nil),
    ("port-d1", "10.50.0.12", .tcp, 5432, nil), ("port-d2", "10.50.0.11", .udp, 53, nil),
    ("port-v1", "198.18.200.12", .tcp, 22, nil), ("port-v2", "198.18.200.11", .icmp, nil, 1500),
    ("port-b1", "172.17.17.22", .tcp, 22, nil), ("port-b2", "172.17.17.11", .icmp, nil, nil),
    ("port-a1", "8.8.8.8", .tcp, 443, nil), ("port-a3", "8.8.8.8", .icmp, nil, nil),
    ("port-a2", "8.8.8.8", .udp, 53, nil), ("port-b1", "8.8.8.8", .icmp, nil, nil),
    ("port-b2", "8.8.8.8", .tcp, 80, nil), ("port-d1", "8.8.8.8", .icmp, nil, nil),
    ("port-d2", "8.8.8.8", .tcp, 80, nil), ("203.0.113.1", "203.0.113.159", .icmp, nil, nil),
    ("203.0.113.1", "203.0.113.186", .tcp, 22, nil),
    ("203.0.113.1", "203.0.113.134", .icmp, nil, nil),
    ("203.0.113.1", "203.0.113.195", .tcp, 22, nil),
    ("203.0.113.1", "203.0.113.173", .tcp, 2222, nil),
    ("port-a1", "203.0.113.134", .icmp, nil, nil), ("port-b1", "203.0.113.159", .tcp, 22, nil),
    ("port-a1", "169.254.169.254", .tcp, 80, nil), ("port-c1", "169.254.169.254", .tcp, 80, nil),
    ("port-b1", "169.254.169.254", .tcp, 80, nil), ("port-a1", "172.17.17.1", .icmp, nil, nil),
    ("port-b2", "172.17.17.1", .icmp, nil, nil), ("port-d1", "10.50.0.1", .icmp, nil, nil),
    ("port-a1", "255.255.255.255", .dhcp, nil, nil),
    ("port-b2", "255.255.255.255", .dhcp, nil, nil),
    ("port-v2", "255.255.255.255", .dhcp, nil, nil),
    ("port-c2", "255.255.255.255", .dhcp, nil, nil),
    ("port-d1", "255.255.255.255", .dhcp, nil, nil),
  ]

  static func working(_ facts: CloudFacts) -> [Probe] {
    rows.compactMap { from, to, kind, port, size in
      guard let destination = IPAddress(to) else { return nil }
      let id = facts.neutron.ports.records.first { $0.name == from }?.id
      let origin = id.map { ProbeOrigin.port($0) } ?? IPAddress(from).map { .external($0) }
      guard let origin else { return nil }
      var probe = Probe(id: "\(from) → \(to)", origin: origin, destination: destination, kind: kind)
      probe.destinationPort = port
      probe.lengthBytes = size
      return probe
    }
  }
}
