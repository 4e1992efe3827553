// What the NAT rules of a router's namespace say of floating IPs, port forwardings and SNAT, whichever
// of the two iptables back ends holds them. Feeds ModelBuilder.
import Facts
import NetworkTypes

/// `-d address [-p … --dport …] -j DNAT --to-destination …`.
struct DestinationNATRule {
  let address: IPAddress
  let ipProtocol: UInt8?
  let externalPorts: PortRange?
  let target: IPAddress?
  let internalPorts: PortRange?
  let evidence: Evidence
  /// Port forwardings look at the transport's ports, floating IPs take every packet.
  var isPortForwarding: Bool { ipProtocol != nil }
}

/// `[-s fixed] [-o device] -j SNAT --to-source address`.
struct SourceNATRule {
  let source: IPPrefix?
  let outInterface: InterfaceName?
  let address: IPAddress
  let evidence: Evidence
}

/// The NAT of one namespace.
struct NATReader {
  private(set) var destinations: [DestinationNATRule] = []
  private(set) var sources: [SourceNATRule] = []
  /// False where the rules were not captured.
  let isKnown: Bool

  init(_ namespace: NamespaceFacts?) {
    let sections = namespace.map { [$0.iptables4, $0.iptables4Legacy] } ?? []
    isKnown = namespace?.holdsRules(.ipv4) ?? false
    for section in sections {
      for table in section.records where table.name == "nat" {
        for chain in table.chains { for rule in chain.rules { take(rule) } }
      }
    }
  }

  private mutating func take(_ rule: IPTablesRule) {
    switch rule.target {
    case .destinationNAT(let range): takeDestination(rule, range)
    case .sourceNAT(let range): takeSource(rule, range)
    default: return
    }
  }

  private mutating func takeDestination(_ rule: IPTablesRule, _ range: NATRange) {
    var address: IPAddress?
    var ipProtocol: UInt8?
    var ports: PortRange?
    for match in rule.matches where !match.isNegated {
      switch match.test {
      case .destination(let masked):
        address = masked.prefix.flatMap { $0.isHost ? $0.address : nil }
      case .ipProtocol(let number): ipProtocol = number == 0 ? nil : number
      case .ports(.destination, let range): ports = range
      case .multiport(.destination, let ranges): ports = ranges.first
      default: continue
      }
    }
    guard let address, address.v4 != NeutronNames.metadataAddress else { return }
    destinations.append(
      DestinationNATRule(
        address: address, ipProtocol: ipProtocol, externalPorts: ports,
        target: range.addresses?.lowerBound, internalPorts: range.ports, evidence: rule.evidence))
  }

  private mutating func takeSource(_ rule: IPTablesRule, _ range: NATRange) {
    guard let address = range.addresses?.lowerBound else { return }
    var source: IPPrefix?
    var device: InterfaceName?
    for match in rule.matches where !match.isNegated {
      switch match.test {
      case .source(let masked): source = masked.prefix
      case .outInterface(let pattern) where !pattern.isPrefix:
        device = InterfaceName(pattern.name)
      default: continue
      }
    }
    sources.append(
      SourceNATRule(
        source: source, outInterface: device, address: address, evidence: rule.evidence))
  }
}
