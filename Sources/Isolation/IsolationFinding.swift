// Leaks and breakage as findings: what has one cause is told once.
import DataPlane
import Facts
import NetworkTypes
import PacketSets
import Reachability
import Trace

/// What shows a finding: a packet that arrives and must not, or one that must and does not.
public enum IsolationWitness: Sendable {
  case leak(ConfirmedLeak)
  case breakage(Breakage)
}

extension IsolationCheck {
  /// The witness's way, step by step.
  public func trace(_ witness: IsolationWitness) -> TraceResult {
    switch witness {
    case .leak(let item):
      LeakConfirmation(tracer: tracer, space: audit.reach.space).trace(item.leak)
    case .breakage(let item): item.result
    }
  }
}

/// One finding of the isolation audit.
public struct IsolationFinding: Sendable {
  /// `leak/routing`, `exposure/guest-tag`, `breakage/internet`, `disagreement`.
  public let id: String
  public let title: String
  public let severity: LeakSeverity
  public let why: String
  public let fix: String
  public let subject: String
  public let message: String
  public let evidence: [Evidence]
  /// Who sends, who gets it or should, and which packets.
  public let who: String
  public let whom: String
  public let packets: String
  /// One of them, with its ends.
  public let example: String
  public let witness: IsolationWitness
}

public struct IsolationFindings {
  private let check: IsolationCheck
  private let report: IsolationReport
  private var cloud: DataPlaneModel { check.audit.reach.cloud }
  private var space: PacketSpace { check.audit.reach.space }

  public init(_ check: IsolationCheck, _ report: IsolationReport) {
    self.check = check
    self.report = report
  }

  /// The gravest first, then by id and subject.
  public func all() -> [IsolationFinding] {
    (leaks + breakage).sorted {
      ($1.severity, $0.id, $0.subject) < ($0.severity, $1.id, $1.subject)
    }
  }

  // MARK: Leaks

  private struct LeakKey: Hashable {
    let id: String
    let severity: LeakSeverity
    let from: String
    let to: String
  }

  private var leaks: [IsolationFinding] {
    var order: [LeakKey] = []
    var grouped: [LeakKey: [ConfirmedLeak]] = [:]
    for leak in report.leaks {
      let key = LeakKey(
        id: id(leak), severity: severity(leak), from: side(leak.leak.origin),
        to: side(leak.leak.place))
      if grouped[key] == nil { order.append(key) }
      grouped[key, default: []].append(leak)
    }
    return order.map { finding($0, grouped[$0] ?? []) }
  }

  private func id(_ leak: ConfirmedLeak) -> String {
    if case .disagreement = leak.verdict { return "disagreement" }
    if let exposure = leak.leak.exposure { return "exposure/\(exposure.rawValue)" }
    return "leak/\(leak.leak.border.rawValue)"
  }

  private func severity(_ leak: ConfirmedLeak) -> LeakSeverity {
    if leak.verdict == .confirmed { return leak.leak.severity }
    return min(leak.leak.severity, .low)
  }

  private func finding(_ key: LeakKey, _ leaks: [ConfirmedLeak]) -> IsolationFinding {
    let first = leaks[0]
    let packets = space.lines(of: space.union(leaks.map(\.leak.sent)), limit: 2)
    let froms = Set(leaks.map { name($0.leak.origin) }).sorted()
    let tos = Set(leaks.map { name($0.leak.place) }).sorted()
    var message = "\(list(froms)) → \(list(tos)): \(packets.joined(separator: "; "))"
    message +=
      "; for example \(text(first.packet)) from \(name(first.leak.origin)) arrives at \(name(first.leak.place))"
    switch first.verdict {
    case .confirmed: break
    case .unknown(let why): message += " (the tracer cannot tell: \(why))"
    case .disagreement(let why): message += " by the sets, and not by the tracer: \(why)"
    }
    let words = Words.of(first.leak, isDisagreement: key.id == "disagreement")
    return IsolationFinding(
      id: key.id, title: words.title, severity: key.severity, why: words.why, fix: words.fix,
      subject: "\(key.from) → \(key.to)", message: message,
      evidence: Array(first.evidence.suffix(12)), who: list(froms), whom: list(tos),
      packets: packets.joined(separator: "; "),
      example: "\(name(first.leak.origin)) to \(name(first.leak.place)): \(text(first.packet))",
      witness: .leak(first))
  }

  private func list(_ names: [String]) -> String {
    names.prefix(4).joined(separator: ", ")
      + (names.count > 4 ? " and \(names.count - 4) more" : "")
  }

  private func side(_ origin: ReachOrigin) -> String {
    switch origin {
    case .guest(let index): network(cloud.guests[index].network)
    case .outside(let index): "outside of \(network(cloud.outsideHosts[index].network))"
    }
  }
  private func side(_ place: ReachPlace) -> String {
    switch place {
    case .guest(let index): network(cloud.guests[index].network)
    case .outside(let index): "outside of \(network(cloud.outsideHosts[index].network))"
    case .stack(let key), .device(let key):
      key.namespace == .root ? "host \(key.node)" : "\(key.namespaceKey)"
    }
  }
  private func network(_ id: NetworkID?) -> String {
    guard let id else { return "?" }
    let record = cloud.facts.neutron.networks.records.first { $0.id == id }
    return record.map { $0.name.isEmpty ? id.rawValue : $0.name } ?? id.rawValue
  }

  private func name(_ origin: ReachOrigin) -> String {
    switch origin {
    case .guest(let index): cloud.guests[index].name
    case .outside(let index): cloud.outsideHosts[index].name
    }
  }
  private func name(_ place: ReachPlace) -> String {
    switch place {
    case .guest(let index): cloud.guests[index].name
    case .outside(let index): cloud.outsideHosts[index].name
    case .stack(let key), .device(let key): "\(key)"
    }
  }

  private func text(_ packet: Packet) -> String {
    space.lines(of: space.union([set(of: packet)]), limit: 1).first ?? ""
  }
  private func set(of packet: Packet) -> PacketSet {
    let values = space.values(of: packet)
    return space.all(
      of: HeaderField.allCases.map { space.value($0.rawValue, values[$0.rawValue]) })
  }

  // MARK: Breakage

  private struct BreakageKey: Hashable {
    let kind: String
    let verdict: Breakage.Verdict
    let reason: String
  }

  private var breakage: [IsolationFinding] {
    var order: [BreakageKey] = []
    var grouped: [BreakageKey: [Breakage]] = [:]
    for broken in report.breakage {
      let key = BreakageKey(
        kind: broken.expectation.kind.rawValue, verdict: broken.verdict,
        reason: broken.reason.text)
      if grouped[key] == nil { order.append(key) }
      grouped[key, default: []].append(broken)
    }
    return order.map { finding($0, grouped[$0] ?? []) }
  }

  private func finding(_ key: BreakageKey, _ broken: [Breakage]) -> IsolationFinding {
    let probes = broken.prefix(3).map { text($0.expectation.probe) }
    let more = broken.count > 3 ? " and \(broken.count - 3) more" : ""
    let origins = Set(broken.map { origin($0.expectation.probe) }).sorted()
    let what =
      switch key.verdict {
      case .broken: "do not arrive: \(key.reason)"
      case .unanswered: "are not answered: \(key.reason)"
      case .wrongTaker: "are taken by someone else"
      case .wrongSource: "leave from an address that is not the sender's"
      }
    return IsolationFinding(
      id: "breakage/\(key.kind)", title: "Traffic that was asked for does not get through",
      severity: .high,
      why:
        "Neutron's objects allow these packets, and the nodes do not let them or their answers through.",
      fix: "Mend what the reason names; the packet's trace shows each hop.",
      subject: origins.prefix(4).joined(separator: ", "),
      message: "\(probes.joined(separator: "; "))\(more) \(what)",
      evidence: broken[0].reason.evidence, who: list(origins),
      whom: list(Set(broken.map { taker($0.expectation) }).sorted()),
      packets: probes.joined(separator: "; ") + more, example: probes[0],
      witness: .breakage(broken[0]))
  }

  private func taker(_ expectation: Expectation) -> String {
    guard let id = expectation.takers.sorted().first else {
      return "\(expectation.probe.destination)"
    }
    return cloud.guest(id).map { cloud.guests[$0].name } ?? id.rawValue
  }

  private func origin(_ probe: Probe) -> String {
    switch probe.origin {
    case .port(let id): cloud.guest(id).map { cloud.guests[$0].name } ?? id.rawValue
    case .external(let address): "external \(address)"
    case .namespace(let key): "\(key)"
    }
  }
  private func text(_ probe: Probe) -> String {
    let port = probe.destinationPort.map { "/\($0)" } ?? ""
    return "\(origin(probe)) → \(probe.destination) \(probe.kind.rawValue)\(port)"
  }
}

/// What each kind of finding means and what helps.
private struct Words {
  let title: String
  let why: String
  let fix: String

  static func of(_ leak: Leak, isDisagreement: Bool) -> Words {
    if isDisagreement {
      return Words(
        title: "Two evaluators of Ovsight disagree",
        why:
          "Sets say that a packet arrives and the tracer does not see it arrive: one of the two is wrong.",
        fix: "Report it with the snapshot; take neither answer for certain.")
    }
    if let exposure = leak.exposure { return of(exposure) }
    return of(leak.border)
  }

  private static func of(_ exposure: Exposure) -> Words {
    switch exposure {
    case .learnedFlow:
      Words(
        title: "A learnt flow leads across a border until it expires",
        why:
          "The switch learnt where an address is while something was wired wrongly, and still follows it.",
        fix: "It goes by itself with its timeout; delete the flow to be quicker.")
    case .guestTag:
      Words(
        title: "A guest's own VLAN tag passes by filters or chooses the network",
        why:
          "The agent's flows do not ask for frames without a tag on ports of guests: its tables take the guest's tag for a local VLAN, and br_netfilter does not look behind a tag (VLAN 0 too).",
        fix: "Drop tagged frames of access ports in table 0, or upgrade the agent.")
    case .groupFrame:
      Words(
        title: "Frames to all pass by security groups",
        why:
          "The agent's firewall in flows floods frames to a group address to all local ports without asking their ingress rules.",
        fix: "Filter unicast packets in frames to all inside the guests.")
    case .floodedFrame:
      Words(
        title: "Flooded frames pass by security groups",
        why:
          "The agent's firewall in flows filters frames to MACs that it knows; those that the switch floods come out at all ports of the network.",
        fix:
          "None in Neutron; l2population and MAC tables that are not full keep it rare.")
    case .filteringBridge, .bridgeMAC:
      Words(
        title: "The host's own stack hears guests on their filtering bridges",
        why:
          "Each hybrid plug's bridge belongs to the host's stack, which takes what is sent to all or to the bridge's MAC, and routes it where forwarding is on.",
        fix:
          "Set rp_filter=1 or drop in INPUT and FORWARD what comes in on qbr devices; set net.ipv4.conf.qbr*.forwarding=0."
      )
    case .unaddressedFamily:
      Words(
        title: "IPv6 sources of ports without IPv6 are not checked",
        why: "The iptables driver writes no IPv6 source check for a port that has no IPv6 address.",
        fix: "Give such networks no IPv6 router, or use the openvswitch firewall.")
    case .freeICMPv6:
      Words(
        title: "ICMPv6 leaves whatever the security groups say",
        why:
          "The iptables driver lets out all ICMPv6 but router advertisements before it asks the rules.",
        fix: "None in Neutron; filter at the router where it matters.")
    case .routerMAC:
      Words(
        title: "ARP answers to a node's router MAC are not checked",
        why:
          "The agent's flows turn ARP answers to the node's MAC of distributed routers over to the router before the check of ARP's sender, so a guest can answer its router in others' names.",
        fix:
          "None in Neutron; the router's entries of guests are permanent, which keeps it harmless.")
    case .unfilteredPort:
      Words(
        title: "A port without port security sends from any address",
        why: "Its owner switched the check off.",
        fix: "Switch port security on, or add address pairs.")
    case .advertisement:
      Words(
        title: "Neighbour advertisements come from any source",
        why: "The agent checks the address that is advertised, not who sends it.",
        fix: "None in Neutron.")
    case .floatingLink:
      Words(
        title: "Distributed routers answer on their links to the floating IP namespace",
        why:
          "All distributed routers of a node are joined to one namespace, which forwards to the link-local address of each: a guest with a floating IP gets answers from other tenants' routers.",
        fix: "None in Neutron.")
    }
  }

  private static func of(_ border: Border) -> Words {
    switch border {
    case .broadcastDomain:
      Words(
        title: "Broadcast domains of two networks are joined",
        why:
          "Frames of one network come out on ports of another: whoever sends or listens there is not isolated.",
        fix:
          "Look at the tag or the flow that the evidence ends with, and let the agent wire the port or the segment anew."
      )
    case .routing:
      Words(
        title: "A way between networks that no router of Neutron's joins",
        why: "Tenants' private addresses reach each other.",
        fix: "Remove the interface or route that the evidence names.")
    case .ingress:
      Words(
        title: "Packets reach a port past its security groups",
        why: "The port takes packets that none of its rules allows.",
        fix: "Let the agent write the port's filter anew.")
    case .egress:
      Words(
        title: "Packets leave a port past its security groups",
        why: "The port sends packets that none of its rules allows.",
        fix: "Let the agent write the port's filter anew.")
    case .spoofing:
      Words(
        title: "A port sends from addresses that are not its own",
        why: "Others take its packets for someone else's.",
        fix: "Let the agent write the port's anti-spoofing rules anew.")
    case .vlanHopping:
      Words(
        title: "A guest's own VLAN tag chooses the network",
        why: "Frames with a tag come out on another network.",
        fix: "Drop tagged frames of access ports.")
    case .host:
      Words(
        title: "Guests reach services of the host",
        why: "What listens on the nodes is not meant for tenants.",
        fix: "Filter in the host's INPUT chain, and find the way by the evidence.")
    case .service:
      Words(
        title: "Guests reach services of networks that are not theirs",
        why: "DHCP, metadata and routers of other tenants answer.",
        fix: "Find the way by the evidence.")
    case .externalIdentity:
      Words(
        title: "Packets leave from an address that is not the sender's",
        why: "Outside, a tenant shows a private address or someone else's.",
        fix: "Let the router's agent write its NAT rules anew.")
    case .external:
      Words(
        title: "The outside reaches a port past floating IPs",
        why: "No floating IP and no port forwarding leads there.",
        fix: "Find the way by the evidence.")
    }
  }
}
