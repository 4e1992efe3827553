// A fault's broken probes as its description lists them: `vm-fip a1(172.17.17.11) -> b1(203.0.113.134)
// tcp/22`.
import Facts
import NetworkTypes
import Trace

struct ObservedProbe: CustomStringConvertible {
  let text: String
  let kind: String
  /// The guests' names; empty for the outside.
  let source: String
  let probe: Probe
  var description: String { text }

  /// Nil for kinds that no probe asks for (ARP tables, HTTP).
  init?(_ text: String, _ facts: CloudFacts) {
    let words = text.split(separator: " ").map(String.init)
    guard words.count >= 2 else { return nil }
    self.text = text
    kind = words[0]
    let (name, address) = Self.end(words[1])
    source = name
    guard let port = Self.port(name, facts) ?? (name == "internet" ? "" : nil) else { return nil }
    let origin: ProbeOrigin =
      name == "internet" ? .external(address ?? .v4(.any)) : .port(port)
    switch kind {
    case "dhcp":
      probe = Probe(origin: origin, destination: .v4(.broadcast), kind: .dhcp)
    case "vm-vm", "vm-vm-full-mtu", "vm-vm-v6", "vm-internet", "vm-fip", "vm-gateway",
      "vm-metadata", "vm-portforward", "internet-fip", "internet-portforward":
      guard words.count >= 5, let destination = Self.end(words[3]).address,
        let last = words.last?.split(separator: "/"), let protocolName = last.first,
        let proto = ProbeProtocol(rawValue: String(protocolName))
      else { return nil }
      var probe = Probe(origin: origin, destination: destination, kind: proto)
      probe.destinationPort = last.count > 1 ? UInt16(last[1]) : nil
      if kind == "vm-vm-full-mtu" { probe.lengthBytes = Self.mtu(of: port, facts) }
      self.probe = probe
    default: return nil
    }
  }

  /// `a1(172.17.17.11)`; both parts may be missing.
  private static func end(_ text: String) -> (name: String, address: IPAddress?) {
    let parts = text.split(separator: "(", omittingEmptySubsequences: false)
    let address = parts.count > 1 ? IPAddress(parts[1].dropLast()) : nil
    return (String(parts.first ?? ""), address)
  }

  private static func port(_ name: String, _ facts: CloudFacts) -> PortID? {
    facts.neutron.ports.records.first { $0.name == "port-\(name)" }?.id
  }

  private static func mtu(of id: PortID, _ facts: CloudFacts) -> Int? {
    let port = facts.neutron.ports.records.first { $0.id == id }
    return facts.neutron.networks.records.first { $0.id == port?.network }?.mtuBytes
  }
}
