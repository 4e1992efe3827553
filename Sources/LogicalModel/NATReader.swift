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

/// The NAT of one namespace, of what passes it: rules of chains that nothing leads to translate
/// nothing.
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
        // What OUTPUT translates is the router's own.
        for rule in table.rules(from: "PREROUTING") {
          if case .destinationNAT(let range) = rule.target { takeDestination(rule, range) }
        }
        for rule in table.rules(from: "POSTROUTING") {
          if case .sourceNAT(let range) = rule.target { takeSource(rule, range) }
        }
      }
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

extension IPTablesTable {
  /// The rules of a built-in chain and of those that jumps lead to from there, whatever they ask for;
  /// all rules where the chain is not told of.
  fileprivate func rules(from chain: NetfilterChainName) -> [IPTablesRule] {
    let byName = Dictionary(chains.map { ($0.name, $0.rules) }) { first, _ in first }
    guard byName[chain] != nil else { return chains.flatMap(\.rules) }
    var found: [IPTablesRule] = []
    var seen: Set<NetfilterChainName> = [chain]
    var next = [chain]
    while let name = next.popLast() {
      for rule in byName[name] ?? [] {
        found.append(rule)
        switch rule.target {
        case .jump(let target), .goto(let target):
          if seen.insert(target).inserted { next.append(target) }
        default: continue
        }
      }
    }
    return found
  }
}
