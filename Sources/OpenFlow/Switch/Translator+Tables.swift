// Entering a bridge, looking into its tables, running the flows found.
import Conntrack
import Facts
import NetworkTypes

extension Translator {
  // MARK: Entering

  /// The packet came in from outside. Its flow is looked up before the port is asked, as OVS does.
  func enterBridge() {
    report(.bridge(bridge.name, port: key.inPort)) {
      let port = self.bridge.port(self.key.inPort)
      if port == nil, !self.key.inPort.isReserved, !self.options.isAssumingConntrack {
        self.noteUnknown(.other("in_port \(self.key.inPort) is no port of the bridge"))
      }
      self.lookUp(self.table, inPort: self.key.inPort, honorsMiss: true) {
        self.begin(at: port, $0)
      }
      self.finish(at: port)
    }
  }

  private func begin(at port: SwitchPort?, _ runFlow: () -> Void) {
    if let port, isSpecial(at: port) {
      mirrorIngress()
    } else if let port, let index = port.bundle, isMirrorOutput(index) {
      drop(.mirrorPortIsInput(port.name), evidence: port.portEvidence)
    } else if dropsForCongestion() {
      error = .congestionDrop
    } else if let port, !mayReceive(port) {
      drop(.noReceive(port.name), evidence: port.interfaceEvidence)
    } else {
      mirrorIngress()
      runFlow()
    }
  }

  /// Runs the action set, unless spanning tree lets the port only learn.
  private func finish(at port: SwitchPort?) {
    guard error == nil else { return }
    if let port, !port.forwards {
      drop(.spanningTreeBlocks(port.name), evidence: port.interfaceEvidence)
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

  func mayReceive(_ port: SwitchPort) -> Bool {
    let blocked = isBridgeProtocol ? "NO_RECV_STP" : "NO_RECV"
    return !port.config.contains(blocked) && (port.forwards || port.learns)
  }
  /// A spanning tree's own frames: 802.2, not Ethernet II.
  var isBridgeProtocol: Bool {
    key[.etherType] == 0x05ff && key.ethDestination == MACAddress(rawValue: 0x0180_c200_0000)
  }

  /// Frames that the switch itself takes: spanning tree's where it runs.
  private func isSpecial(at port: SwitchPort) -> Bool {
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
    let lookup = find(in: table, inPort: inPort, swapsTuple: swapsTuple)
    let previous = (flow, self.table)
    (flow, self.table) = (lookup.flow, table)
    report(.lookup(lookup)) {
      switch lookup.outcome {
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

  private func find(in table: UInt8, inPort: OpenFlowPort, swapsTuple: Bool) -> TableLookup {
    let saved = key
    key[.inPort] = UInt64(inPort.sixteenBits)
    if swapsTuple { swapTuple() }
    // A fragment has no ports for the tables (`fragments: normal`), not even the first one.
    if key[.fragment] & FragmentBits.any != 0 {
      key[.sourcePort] = 0
      key[.destinationPort] = 0
    }
    let lookup = search(table)
    key = saved
    return lookup
  }

  private func search(_ number: UInt8) -> TableLookup {
    func answer(_ outcome: TableLookup.Outcome) -> TableLookup {
      TableLookup(bridge: bridge.name, table: number, outcome: outcome)
    }
    if let gap = bridge.flowGap {
      noteUnknown(.missing(gap))
      return answer(.unknown)
    }
    let table = bridge.flows.table(number, isAfterTimeouts: options.isAfterTimeouts)
    let result = table?.lookup(&key) ?? LookupResult()
    var lookup = answer(.miss)
    if let table, let index = result.flow {
      noteDoubts(result, in: table, number: number)
      lookup.outcome = .flow(table.entries[index])
      lookup.conjunction = result.conjunction.map { found in
        ConjunctiveMatch(id: found.id, clauses: found.clauses.map { table.entries[$0] })
      }
    } else if let table {
      noteUncertain(result.uncertain, in: table)
    }
    considerLearned(&lookup, static: result.flow.flatMap { table?.matches[$0] })
    return lookup
  }

  private func noteDoubts(_ result: LookupResult, in table: FlowTable, number: UInt8) {
    noteUncertain(result.uncertain, in: table)
    guard let winner = result.flow else { return }
    let rivals = result.ties.filter { table.entries[$0].actions != table.entries[winner].actions }
    guard !rivals.isEmpty else { return }
    noteUnknown(
      .equalPriority(
        table: number, priority: table.entries[winner].priority,
        ([winner] + rivals).map { table.entries[$0].evidence }),
      evidence: table.entries[winner].evidence)
  }

  private func noteUncertain(_ flows: [Int], in table: FlowTable) {
    for index in flows {
      noteUnknown(
        .unmodelledMatch(table.matches[index].unmodelled.joined(separator: ",")),
        evidence: table.entries[index].evidence)
    }
  }

  private func considerLearned(_ lookup: inout TableLookup, static match: CompiledMatch?) {
    for flow in visibleLearnedFlows
    where flow.entry.table == lookup.table && flow.match.matches(key) {
      let best = lookup.flow.map { Int($0.priority) } ?? -1
      let replaces = Int(flow.entry.priority) == best && flow.match == match
      if Int(flow.entry.priority) > best || replaces {
        lookup.outcome = .learned(flow.entry)
        lookup.conjunction = nil
      }
    }
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
    guard let flow else { return }
    let before = (outputs.count, drops.count, unknowns.count, queue.count)
    if !flow.unrecognised.isEmpty {
      noteUnknown(.unmodelledAction(flow.unrecognised.joined(separator: " ")))
    }
    if clones {
      runClone(flow.actions, isLast: isLast)
    } else {
      runActions(flow.actions, isLast: isLast)
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
