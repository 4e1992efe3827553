// What each action does.
import Facts
import NetworkTypes

extension Translator {
  /// Runs a list of actions in their order. `isLast`: nothing follows it in the whole pipeline.
  func runActions(_ actions: [FlowAction], isLast: Bool, inBucket: Bool = false) {
    let count = actions.count { !$0.isDrop }
    if count == 0 {
      let list = record.add([.drop])
      report(.action(list: list, index: 0))
      if !inBucket { drop(.flowDrops(table: table)) }
      return
    }
    let list = record.add(actions)
    var left = count
    for index in actions.indices where !actions[index].isDrop {
      if error != nil || isExiting { return }
      left -= 1
      sentPacket = nil
      let isLast = isLast && left == 0 && actionSet.isEmpty
      report(.action(list: list, index: Int32(index)))
      if case .checkPacketLarger(let bytes, let into) = actions[index] {
        branchOnSize(bytes, into, actions[(index + 1)...].filter { !$0.isDrop })
        return
      }
      guard run(actions[index], isLast: isLast, inBucket: inBucket) else { return }
    }
  }

  /// False where the rest of the list must not run.
  private func run(_ action: FlowAction, isLast: Bool, inBucket: Bool) -> Bool {
    switch action {
    case .output(let port, let maximum):
      output(to: port, maximumBytes: maximum, mayMiss: true, isLast: isLast, inBucket: inBucket)
    case .outputField(let field, let maximum):
      outputToField(field, maximum, isLast: isLast, inBucket: inBucket)
    case .controller(let action): controller(action)
    case .enqueue(let port, _): enqueue(port, isLast: isLast)
    case .group(let id): return group(id, isLast: isLast)
    case .bundle(let bundle): runBundle(bundle, isLast: isLast, inBucket: inBucket)
    case .resubmit(let port, let table, let swaps):
      goToTable(
        table ?? self.table, inPort: resubmitPort(port), honorsMiss: false, swapsTuple: swaps,
        isLast: isLast)
    case .gotoTable(let table):
      goToTable(table, inPort: key.inPort, honorsMiss: true, isLast: isLast)
    case .clone(let actions): runClone(actions, isLast: isLast)
    case .exit: isExiting = true
    case .ct(let action): conntrack(action, isLast: isLast)
    case .ctClear: clearConnection()
    case .learn(let action): learn(action)
    case .decrementTTL(let controllers): return decrementTTL(controllers)
    case .clearActions:
      actionSet = []
      actionSetHasGroup = false
      key[.actionSetOutput] = UInt64(OpenFlowPort.unset.sixteenBits)
    case .writeActions(let actions): writeActions(actions)
    case .conjunction: report(.conjunctionExecuted)
    // A trace takes no notice of meters.
    case .meter(let id): if !options.isAssumingConntrack { noteUnknown(.meter(id)) }
    case .multipath(let multipath): runMultipath(multipath)
    case .drop, .note, .finTimeout, .sample: break
    default: return runFieldAction(action)
    }
    return true
  }

  private func resubmitPort(_ port: OpenFlowPort?) -> OpenFlowPort {
    guard let port, port != .inPort else { return key.inPort }
    return port
  }

  // MARK: Copies

  /// Runs actions on a copy of the packet, action set included; afterwards all is as before,
  /// but for what the datapath did to the packet itself where OVS sees no need to copy.
  func runClone(_ actions: [FlowAction], isLast: Bool) {
    let saved = (key, stack, actionSet, actionSetHasGroup, isTracked, wire)
    let isReal = !(isReversible(actions) || isLast)
    runActions(actions, isLast: isReal || isLast)
    runActionSet()
    let after = wire
    (key, stack, actionSet, actionSetHasGroup, _, wire) = saved
    if isReal {
      isTracked = saved.4
    } else {
      wire = after
    }
  }

  /// Actions whose effect OVS undoes by further actions instead of copying the packet.
  private func isReversible(_ actions: [FlowAction]) -> Bool {
    actions.allSatisfy { action in
      switch action {
      case .ct, .meter, .encapsulate, .decapsulate, .decrementNSHTTL: false
      case .output(_, let maximum): maximum == nil
      default: true
      }
    }
  }

  /// `check_pkt_larger`: the rest of the list runs with the bit set as the size has it.
  private func branchOnSize(_ bytes: UInt16, _ field: Subfield, _ rest: [FlowAction]) {
    let larger: [UInt128]
    if original.lengthBytes > 0 {
      larger = [frameBytes > Int(bytes) ? 1 : 0]
    } else {
      noteUnknown(.choice("packet larger than \(bytes) bytes"))
      larger = options.isAssumingConntrack ? [1, 0] : []
    }
    let saved = (key, stack, actionSet, actionSetHasGroup, isTracked, wire)
    let wasExiting = isExiting
    for value in larger {
      (key, stack, actionSet, actionSetHasGroup, isTracked, wire) = saved
      isExiting = false
      // The branch for larger packets is translated first and takes the action set with it.
      if value == 0 { actionSet = [] }
      _ = key.write(field, value)
      if !rest.isEmpty { runActions(rest, isLast: true) }
      runActionSet()
    }
    (key, stack, actionSet, actionSetHasGroup, isTracked, wire) = saved
    isExiting = wasExiting
  }
  /// Ethernet header and tags included.
  private var frameBytes: Int {
    let tags = (original.vlans.outer == nil ? 0 : 1) + (original.vlans.inner == nil ? 0 : 1)
    return original.lengthBytes + 14 + 4 * tags
  }

  // MARK: Action set

  func writeActions(_ actions: [FlowAction]) {
    for action in actions where !actionSetHasGroup {
      switch action {
      case .output(let port, _): key[.actionSetOutput] = UInt64(port.sixteenBits)
      case .group:
        key[.actionSetOutput] = UInt64(OpenFlowPort.unset.sixteenBits)
        actionSetHasGroup = true
      default: break
      }
    }
    actionSet += actions
  }

  /// Ends a copy of the packet: runs its action set, unless it waits for the datapath.
  func runActionSet() {
    if isFreezing {
      isFreezing = false
      actionSet = []
      return
    }
    if actionSet.isEmpty { return }
    let actions = ActionSet.ordered(actionSet)
    actionSet = []
    guard !actions.isEmpty, error == nil else { return }
    let wasInside = isExecutingActionSet
    isExecutingActionSet = true
    report(.actionSet) { self.runActions(actions, isLast: true) }
    isExecutingActionSet = wasInside
  }

  // MARK: TTL

  private func decrementTTL(_ controllers: [UInt16]) -> Bool {
    guard key.isIP else { return true }
    if key[.ttl] > 1 {
      key[.ttl] -= 1
      return true
    }
    for _ in controllers.isEmpty ? [0] : controllers { sendToController(reason: "invalid_ttl") }
    drop(.timeToLiveExceeded(version: key.isIPv4 ? 4 : 6))
    return false
  }

  // MARK: Hashes

  private func runMultipath(_ action: MultipathAction) {
    if action.links > 1 { noteUnknown(.choice("multipath over \(action.links) links")) }
    _ = key.write(action.destination, 0)
  }

  private func runBundle(_ bundle: BundleAction, isLast: Bool, inBucket: Bool) {
    let live = bundle.members.filter { isLive($0) }
    if live.count > 1, bundle.algorithm != "active_backup" {
      noteUnknown(.choice("bundle over \(live.count) ports"))
    }
    let port = live.first ?? .any
    if let destination = bundle.destination {
      _ = key.write(destination, UInt128(port.sixteenBits))
    } else {
      output(to: port, maximumBytes: nil, mayMiss: false, isLast: isLast, inBucket: inBucket)
    }
  }

  func isLive(_ port: OpenFlowPort) -> Bool { site.port(port)?.isLinkUp ?? false }
}

extension FlowAction {
  @inline(__always)
  fileprivate var isDrop: Bool { if case .drop = self { true } else { false } }
}

/// The order in which OpenFlow executes an action set.
enum ActionSet {
  static func ordered(_ actions: [FlowAction]) -> [FlowAction] {
    var ordered: [FlowAction] = []
    for rank in Rank.firstOnes {
      if let last = actions.last(where: { Rank($0) == rank }) { ordered.append(last) }
    }
    ordered += actions.filter { Rank($0) == .set }
    if let last = actions.last(where: { Rank($0) == .queue }) { ordered.append(last) }
    for rank in [Rank.group, .output, .resubmit, .ct] {
      if let last = actions.last(where: { Rank($0) == rank }) { return ordered + [last] }
    }
    // Nothing would be sent, so nothing is done.
    return []
  }

  private enum Rank {
    case popVLAN, popMPLS, decapsulate, encapsulate, pushMPLS, pushVLAN, decrementTTL
    case decrementMPLSTTL, decrementNSHTTL, set, queue, group, output, resubmit, ct

    static let firstOnes: [Rank] = [
      .popVLAN, .popMPLS, .decapsulate, .encapsulate, .pushMPLS, .pushVLAN, .decrementTTL,
      .decrementMPLSTTL, .decrementNSHTTL,
    ]

    init?(_ action: FlowAction) {
      switch action {
      case .popVLAN: self = .popVLAN
      case .popMPLS: self = .popMPLS
      case .decapsulate: self = .decapsulate
      case .encapsulate: self = .encapsulate
      case .pushMPLS: self = .pushMPLS
      case .pushVLAN: self = .pushVLAN
      case .decrementTTL: self = .decrementTTL
      case .decrementMPLSTTL: self = .decrementMPLSTTL
      case .decrementNSHTTL: self = .decrementNSHTTL
      case .setQueue: self = .queue
      case .group: self = .group
      case .output, .controller: self = .output
      case .resubmit: self = .resubmit
      case .ct: self = .ct
      case .setField, .load, .move, .setEthSrc, .setEthDst, .setVLANID, .setVLANPriority,
        .setIPv4Src, .setIPv4Dst, .setTOS, .setECN, .setTTL, .setTransportSrc, .setTransportDst,
        .setMPLSLabel, .setMPLSTrafficClass, .setMPLSTTL, .setTunnelID:
        self = .set
      default: return nil
      }
    }
  }
}
