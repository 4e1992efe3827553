// Entering a bridge, looking into its tables, running the flows found.
import Conntrack
import Facts
import NetworkTypes

extension Translator {
  // MARK: Entering

  /// The packet came in from outside. Its flow is looked up before the port is asked, as OVS does.
  func enterBridge() {
    report(.bridge(site.number, port: key.inPort)) {
      let port = self.site.port(self.key.inPort)
      if port == nil, !self.key.inPort.isReserved, !self.options.isAssumingConntrack {
        self.noteUnknown(.other("in_port \(self.key.inPort) is no port of the bridge"))
      }
      self.lookUp(self.table, inPort: self.key.inPort, honorsMiss: true) {
        self.begin(at: port, $0)
      }
      self.finish(at: port)
    }
  }

  private func begin(at port: PortSite?, _ runFlow: () -> Void) {
    if port != nil, isSpecial {
      mirrorIngress()
    } else if !bridge.mirrors.isEmpty, let port = port?.port, let index = port.bundle,
      isMirrorOutput(index)
    {
      drop(.mirrorPortIsInput(port.name), evidence: port.portEvidence)
    } else if dropsForCongestion() {
      error = .congestionDrop
    } else if let port, !mayReceive(port) {
      drop(.noReceive(port.port.name), evidence: port.port.interfaceEvidence)
    } else {
      mirrorIngress()
      runFlow()
    }
  }

  /// Runs the action set, unless spanning tree lets the port only learn.
  private func finish(at port: PortSite?) {
    guard error == nil else { return }
    if let port, !port.forwards {
      drop(.spanningTreeBlocks(port.port.name), evidence: port.port.interfaceEvidence)
      error = .forwardingDisabled
    }
    runActionSet()
  }

  /// Tunnels carry congestion marks (`tnl_process_ecn`).
  private func dropsForCongestion() -> Bool {
    guard ownTunnelAddress != nil, key.isIP, key[.tunnelTOS] & 3 == 3 else { return false }
    if key[.tos] & 3 == 0 { return true }
    key[.tos] |= 3
    return false
  }

  func mayReceive(_ port: PortSite) -> Bool {
    isBridgeProtocol ? port.receivesBridgeProtocol : port.receives
  }
  /// A spanning tree's own frames: 802.2, not Ethernet II.
  var isBridgeProtocol: Bool {
    key[.etherType] == 0x05ff && key.ethDestination == MACAddress(rawValue: 0x0180_c200_0000)
  }

  /// Frames that the switch itself takes: spanning tree's where it runs.
  private var isSpecial: Bool {
    guard bridge.spanningTree, isBridgeProtocol else { return false }
    drop(.special("stp"))
    return true
  }

  // MARK: Lookups

  /// Looks into `table`. `body` decides, inside the lookup's report, whether what was found runs:
  /// the flow's actions, or what is done at a miss.
  func lookUp(
    _ table: UInt8, inPort: OpenFlowPort, honorsMiss: Bool, swapsTuple: Bool = false,
    isLast: Bool = true, clones: Bool = false, then body: (() -> Void) -> Void
  ) {
    let (found, step) = find(in: table, inPort: inPort, swapsTuple: swapsTuple)
    let previous = (flow, self.table)
    (flow, self.table) = (found, table)
    report(step) {
      switch found {
      case .flow, .learned: body { self.runFlow(isLast: isLast, clones: clones) }
      case .miss: body { self.miss(honorsMiss: honorsMiss) }
      case .unknown: break
      }
    }
    (flow, self.table) = previous
  }

  private func miss(honorsMiss: Bool) {
    if honorsMiss, bridge.missGoesToController {
      sendToController(reason: "no_match")
    } else {
      drop(.noMatch(table: table), evidence: bridge.evidence)
    }
  }

  /// The flow, and what is noted of the lookup.
  private func find(
    in table: UInt8, inPort: OpenFlowPort, swapsTuple: Bool
  ) -> (FoundFlow, PipelineRecord.Kind) {
    // A fragment has no ports for the tables (`fragments: normal`), not even the first one.
    let hidesPorts = key[.fragment] & FragmentBits.any != 0
    if swapsTuple || hidesPorts {
      let saved = key
      defer { key = saved }
      key[.inPort] = UInt64(inPort.sixteenBits)
      if swapsTuple { swapTuple() }
      if hidesPorts {
        key[.sourcePort] = 0
        key[.destinationPort] = 0
      }
      return search(table)
    }
    if inPort == key.inPort { return search(table) }
    let saved = key[.inPort]
    key[.inPort] = UInt64(inPort.sixteenBits)
    defer { key[.inPort] = saved }
    return search(table)
  }

  private func search(_ number: UInt8) -> (FoundFlow, PipelineRecord.Kind) {
    if let gap = bridge.flowGap {
      noteUnknown(.missing(gap))
      return note(.unknown, number)
    }
    guard
      let table = bridge.flows.table(number, isAfterTimeouts: options.isAfterTimeouts)
    else { return note(learned(in: number, over: .miss) ?? .miss, number) }
    let result = table.lookup(&key)
    if !result.uncertain.isEmpty || !result.ties.isEmpty {
      noteDoubts(result, in: table, number: number)
    }
    let found: FoundFlow = result.flow.map { .flow(table, $0) } ?? .miss
    if let learned = learned(in: number, over: found) { return note(learned, number) }
    return note(found, number, conjunction: result.conjunction)
  }

  private func note(
    _ found: FoundFlow, _ table: UInt8, conjunction: (id: UInt32, clauses: [Int])? = nil
  ) -> (FoundFlow, PipelineRecord.Kind) {
    (found, record.add(found, conjunction: conjunction, site: site.number, table: table))
  }

  private func noteDoubts(_ result: LookupResult, in table: FlowTable, number: UInt8) {
    noteUncertain(result.uncertain, in: table)
    guard let winner = result.flow else { return }
    let actions = table.actions(winner)
    let rivals = result.ties.filter { table.actions($0) != actions }
    guard !rivals.isEmpty else { return }
    noteUnknown(
      .equalPriority(
        table: number, priority: table.priorities[winner],
        ([winner] + rivals).map { table.evidence($0) }),
      evidence: table.evidence(winner))
  }

  private func noteUncertain(_ flows: [Int], in table: FlowTable) {
    for index in flows {
      let keys = table.unmodelled[Int32(index)] ?? []
      noteUnknown(
        .unmodelledMatch(keys.joined(separator: ",")), evidence: table.evidence(index))
    }
  }

  /// The flow that an earlier packet taught the switch, where it goes before what was found.
  private func learned(in number: UInt8, over found: FoundFlow) -> FoundFlow? {
    if visibleLearnedFlows.isEmpty { return nil }
    var best = -1
    var match: CompiledMatch?
    if case .flow(let table, let position) = found {
      best = Int(table.priorities[position])
      match = table.match(position)
    }
    var winner: FlowEntry?
    for flow in visibleLearnedFlows
    where flow.entry.table == number && flow.match.matches(key) {
      let replaces = Int(flow.entry.priority) == best && flow.match == match
      if Int(flow.entry.priority) > best || replaces {
        winner = flow.entry
        best = Int(flow.entry.priority)
      }
    }
    return winner.map { .learned($0) }
  }

  /// `resubmit(,…,ct)`: the lookup sees the connection's original addresses.
  private func swapTuple() {
    func swap(_ a: KeySlot, _ b: KeySlot) {
      (key[wide: a], key[wide: b]) = (key[wide: b], key[wide: a])
    }
    swap(.ipProtocol, .ctProtocol)
    swap(.sourcePort, .ctSourcePort)
    swap(.destinationPort, .ctDestinationPort)
    if key.isIPv4 {
      swap(.source, .ctSource)
      swap(.destination, .ctDestination)
    } else {
      swap(.source6, .ctSource6)
      swap(.destination6, .ctDestination6)
    }
  }

  // MARK: Going on to a table

  /// `resubmit`, `goto_table` and the way through a patch port.
  func goToTable(
    _ number: UInt8, inPort: OpenFlowPort, honorsMiss: Bool, swapsTuple: Bool = false,
    isLast: Bool, clones: Bool = false
  ) {
    guard mayGoDeeper() else { return }
    if swapsTuple, key[.ctProtocol] == 0 || !key.isIP {
      report(.resubmitUntracked)
      return
    }
    let deepens = number <= table ? 1 : 0
    nesting += 1
    lookUp(
      number, inPort: inPort, honorsMiss: honorsMiss, swapsTuple: swapsTuple, isLast: isLast,
      clones: clones
    ) { runFlow in
      self.resubmits += 1
      self.depth += deepens
      runFlow()
      self.depth -= deepens
    }
    nesting -= 1
  }

  func mayGoDeeper() -> Bool {
    if depth >= Self.maximumDepth {
      error = .recursionTooDeep
    } else if resubmits >= Self.maximumResubmits {
      if outputs.count >= Self.manyOutputs {
        noteUnknown(.other("a loop whose copies may fill the switch's 64 kB of actions first"))
      }
      error = .tooManyResubmits
    } else if nesting >= Self.maximumNesting {
      noteUnknown(.other("more than \(Self.maximumNesting) nested table lookups"))
      isExiting = true
      return false
    }
    return error == nil
  }

  /// Runs the actions of the flow just found.
  private func runFlow(isLast: Bool, clones: Bool) {
    guard let actions = flow.actions else { return }
    let before = (outputs.count, drops.count, unknowns.count, queue.count)
    let unrecognised = flow.unrecognised
    if !unrecognised.isEmpty {
      noteUnknown(.unmodelledAction(unrecognised.joined(separator: " ")))
    }
    if clones {
      runClone(actions, isLast: isLast)
    } else {
      runActions(actions, isLast: isLast)
    }
    let endsHere = before == (outputs.count, drops.count, unknowns.count, queue.count)
    if endsHere, actionSet.isEmpty, error == nil, !isMirroring {
      drop(.flowEndsWithoutOutput(table: table))
    }
  }
}

extension SwitchPort {
  /// False where spanning tree keeps the port from forwarding.
  var forwards: Bool { state.isDisjoint(with: ["STP_LISTEN", "STP_LEARN", "STP_BLOCK"]) }
  var learns: Bool { state.isDisjoint(with: ["STP_LISTEN", "STP_BLOCK"]) }
}
