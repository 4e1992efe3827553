// A trace as a story for people: the hops of the copy that matters, in order, each with what was
// decided there and by which line of the capture. The terminal and the report both tell it.
import DataPlane
import Facts
import Netfilter
import NetworkTypes
import OpenFlow

/// One sentence with the lines that it rests on.
public struct NarrativeLine: Hashable, Sendable {
  public let text: String
  public let evidence: [Evidence]
  public init(_ text: String, _ evidence: [Evidence] = []) {
    self.text = text
    self.evidence = evidence
  }
}

/// One hop of a story.
public struct NarrativeHop: Sendable {
  public enum Kind: Hashable, Sendable { case origin, device, decision, tunnel, end }
  public let kind: Kind
  public let place: Place
  /// `tap3f… in`, `br-int`, `delivered: …`.
  public let title: String
  /// The header as it is here.
  public let packet: Packet
  /// What changed since the hop before.
  public let changes: [String]
  public var decisions: [NarrativeLine]
  /// At a switch: the bridges that this copy passes, with the decisions of each.
  public var legs: [SwitchLeg] = []
  public let step: Int
}

/// The story of one direction of a trace.
public struct Narrative: Sendable {
  public let hops: [NarrativeHop]
  /// Other copies of the packet and what became of them.
  public let asides: [String]

  /// Tells the steps: the copy that was taken by someone, else the one that came furthest.
  public init(_ steps: [Step]) {
    let line = Self.mainLine(of: steps)
    let onLine = Set(line)
    var hops: [NarrativeHop] = []
    var previous: Packet?
    for (position, index) in line.enumerated() {
      let step = steps[index]
      let next = position + 1 < line.count ? line[position + 1] : steps.count
      let asides = steps.indices.filter {
        $0 > index && $0 < next && !onLine.contains($0) && steps[$0].parent == index
      }
      let decisions = asides.flatMap { Self.decision(steps[$0]) }
      if let hop = Self.hop(step, index, previous) {
        hops.append(hop)
      } else if let last = hops.indices.last {
        hops[last].decisions += Self.decision(step)
      }
      if let last = hops.indices.last { hops[last].decisions += decisions }
      previous = step.packet
    }
    for index in hops.indices {
      guard case .openFlow(let translation) = steps[hops[index].step].event else { continue }
      let next = index + 1 < hops.count ? hops[index + 1] : nil
      hops[index].legs = SwitchWay(translation, hops[index].decisions, next: next).legs
    }
    self.hops = hops
    asides = Self.otherEnds(of: steps, except: onLine)
  }

  private static func mainLine(of steps: [Step]) -> [Int] {
    func rank(_ step: Step) -> Int {
      switch step.event {
      case .delivered: 3
      case .unknown: 2
      case .dropped: 1
      default: 0
      }
    }
    func lineage(_ index: Int) -> [Int] {
      var line: [Int] = []
      var current: Int? = index
      while let position = current, line.count <= steps.count {
        line.append(position)
        current = steps[position].parent
      }
      return line.reversed()
    }
    var best: (rank: Int, line: [Int]) = (-1, [])
    for index in steps.indices {
      let rank = rank(steps[index])
      guard rank >= best.rank else { continue }
      let line = lineage(index)
      if rank > best.rank || line.count > best.line.count { best = (rank, line) }
    }
    return best.line
  }

  /// How most copies of a flooded frame end: at bridges' own devices, and at those it is not for.
  private static let unremarkable: Set<String> = [
    DropCode.linkDown.rawValue, DropCode.otherHost.rawValue,
  ]

  private static func otherEnds(of steps: [Step], except line: Set<Int>) -> [String] {
    steps.indices.filter { !line.contains($0) }.compactMap { index in
      switch steps[index].event {
      case .dropped(let reason) where !unremarkable.contains(reason.code):
        "a copy ended at \(steps[index].place): \(reason.text)"
      case .overheard: "a copy was overheard by \(steps[index].place)"
      case .delivered(let text): "a copy was taken at \(steps[index].place): \(text)"
      default: nil
      }
    }
  }

  private static func hop(_ step: Step, _ index: Int, _ previous: Packet?) -> NarrativeHop? {
    let kind: NarrativeHop.Kind
    let title: String
    switch step.event {
    case .originated(let who): (kind, title) = (.origin, "\(who) sends")
    case .received: (kind, title) = (.device, "\(step.place.name) in")
    case .sent: (kind, title) = (.device, "\(step.place.name) out")
    case .openFlow: (kind, title) = (.decision, step.place.name)
    case .encapsulated(let text): (kind, title) = (.tunnel, "into \(text)")
    case .decapsulated(let text): (kind, title) = (.tunnel, "out of \(text)")
    case .delivered(let text): (kind, title) = (.end, "delivered: \(text)")
    case .overheard: (kind, title) = (.end, "overheard")
    case .dropped(let reason): (kind, title) = (.end, "dropped: \(reason.text)")
    case .unknown(let reason): (kind, title) = (.end, "unknown: \(reason.text)")
    case .netfilter, .routed, .neighbour, .bridged: return nil
    }
    return NarrativeHop(
      kind: kind, place: step.place, title: title, packet: step.packet,
      // A tunnel's outer header is another packet's, not a rewrite.
      changes: kind == .tunnel ? [] : previous.map { $0.changes(to: step.packet) } ?? [],
      decisions: kind == .decision || kind == .end ? decision(step) : [], step: index)
  }

  private static func decision(_ step: Step) -> [NarrativeLine] {
    switch step.event {
    case .openFlow(let translation): openFlow(translation)
    case .netfilter(let hook, let result): netfilter(hook, result)
    case .routed(let route, let hop, let rule): [routed(route, hop, rule)]
    case .neighbour(let address, let mac, let isCaptured):
      [
        NarrativeLine(
          "neighbour \(address) is at \(mac)" + (isCaptured ? " (in the cache)" : " (resolved)"),
          step.evidence)
      ]
    case .bridged(let ports):
      [
        NarrativeLine(
          "bridge forwards to " + ports.map(\.rawValue).joined(separator: ", "), step.evidence)
      ]
    case .dropped, .unknown: step.evidence.isEmpty ? [] : [NarrativeLine("see", step.evidence)]
    default: []
    }
  }

  private static func routed(_ route: Route, _ hop: NextHop, _ rule: RoutingRule?)
    -> NarrativeLine
  {
    var text = "route \(route.destination)"
    if let gateway = hop.gateway { text += " via \(gateway)" }
    if let interface = hop.interface { text += " dev \(interface)" }
    text += " table \(route.table)"
    if let rule, rule.priority != 0, rule.priority != 32766 { text += " (rule \(rule.priority))" }
    return NarrativeLine(text, [route.evidence] + (rule.map { [$0.evidence] } ?? []))
  }

  private static func netfilter(_ hook: Hook, _ result: HookResult) -> [NarrativeLine] {
    result.steps.compactMap { step in
      let evidence = step.rule?.evidence.map { [$0] } ?? []
      switch step.effect {
      case .jump, .goto, .policyAccept, .passed: return nil
      case .translated(let kind, let from, let to):
        let name = kind == .source ? "SNAT" : "DNAT"
        return NarrativeLine("\(hook): \(name) \(from) → \(to)", evidence)
      default:
        guard let rule = step.rule else { return nil }
        return NarrativeLine("\(hook): \(rule.table) \(rule.chain) \(rule.text)", evidence)
      }
    }
  }

  private static func openFlow(_ translation: Translation) -> [NarrativeLine] {
    translation.lookups.map { lookup in
      guard let flow = lookup.flow else {
        return NarrativeLine("\(lookup.bridge) table \(lookup.table): no flow matches")
      }
      return NarrativeLine(
        "\(lookup.bridge) table \(lookup.table): \(flow.text)", [flow.evidence])
    }
  }
}

extension Place: CustomStringConvertible {
  /// The thing itself without its node: `tap3f…`, `qrouter-…`, `br-int`.
  public var name: String {
    switch self {
    case .device(let key): key.interface.rawValue
    case .namespace(let key): key.namespace.rawValue
    case .bridge(let key): key.bridge.rawValue
    case .guest(_, let name), .segment(let name), .outside(let name): name
    }
  }
  /// Its node; nil for what belongs to none.
  public var node: NodeName? {
    switch self {
    case .device(let key): key.node
    case .namespace(let key): key.node
    case .bridge(let key): key.node
    case .guest(let node, _): node
    case .segment, .outside: nil
    }
  }
  /// The namespace that it lies in; nil for guests, wires and the outside.
  public var namespace: NamespaceName? {
    switch self {
    case .device(let key): key.namespace
    case .namespace(let key): key.namespace
    case .bridge: .root
    case .guest, .segment, .outside: nil
    }
  }
  public var description: String {
    if case .namespace(let key) = self { return "\(key)" }
    return [node?.rawValue, namespace?.rawValue, name].compactMap { $0 }.joined(separator: "/")
  }
}

extension FlowEntry {
  /// `priority=90,dl_vlan=3,dl_dst=… actions=…`, cut where a line of a terminal would end twice.
  fileprivate var text: String {
    let matched = "\(match)"
    let actions = actions.map { "\($0)" }.joined(separator: ",")
    let text =
      "priority=\(priority)" + (matched.isEmpty ? "" : ",\(matched)")
      + " actions=\(actions.isEmpty ? "drop" : actions)"
    return text.count > 160 ? text.prefix(159) + "…" : text
  }
}
