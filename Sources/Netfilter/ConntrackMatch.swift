// `-m conntrack` and `-m state`, as xt_conntrack decides them.
import Conntrack
import Facts
import NetworkTypes

extension HookRun {
  func truth(_ conditions: [ConntrackCondition], _ world: World) -> Truth {
    var asksState = false
    for condition in conditions {
      guard case .state(let names) = condition.test else { continue }
      asksState = true
      if names.isDisjoint(with: states(of: world)) != condition.isNegated { return .no }
    }
    // Without a connection only the state is looked at, and the rest taken for granted.
    guard let seen = world.seen else { return Truth(asksState) }
    var result = Truth.yes
    for condition in conditions {
      if case .state = condition.test { continue }
      switch truth(condition.test, seen.entry, seen.direction).inverted(condition.isNegated) {
      case .no: return .no
      case .yes: break
      case .unknown(let why): result = .unknown(why)
      }
    }
    return result
  }

  func states(of world: World) -> Set<ConntrackStateName> {
    guard let tracked = world.connection.tracked else {
      return world.connection.template == nil ? [.invalid] : [.new]
    }
    var states: Set<ConntrackStateName> = [
      ConntrackStateName(tracked.state)
    ]
    if let entry = world.entry {
      if entry.isSourceNATed { states.insert(.sourceNAT) }
      if entry.isDestinationNATed { states.insert(.destinationNAT) }
    }
    return states
  }

  private func truth(
    _ test: ConntrackCondition.Test, _ entry: Connection, _ direction: ConnectionDirection
  ) -> Truth {
    switch test {
    case .state: return .yes
    case .status(let names): return statusTruth(names, entry)
    case .ipProtocol(let number): return Truth(entry.original.ipProtocol == number)
    case .originalSource(let range): return Truth(range.contains(entry.original.source))
    case .originalDestination(let range): return Truth(range.contains(entry.original.destination))
    case .replySource(let range): return Truth(range.contains(entry.reply.source))
    case .replyDestination(let range): return Truth(range.contains(entry.reply.destination))
    case .originalPorts(let end, let range): return Truth(range.contains(entry.original.port(end)))
    case .replyPorts(let end, let range): return Truth(range.contains(entry.reply.port(end)))
    case .isReplyDirection(let isReply): return Truth((direction == .reply) == isReply)
    case .expires: return .unknown("when a connection expires is not known")
    case .unrecognised(let text): return .unknown("conntrack condition '\(text)' is not modelled")
    }
  }

  private func statusTruth(_ names: Set<ConntrackStatusName>, _ entry: Connection) -> Truth {
    var isUnsure = false
    for name in names {
      switch name {
      case .none: break
      // No expectations are modelled.
      case .expected: break
      case .seenReply: if entry.hasSeenReply { return .yes }
      case .confirmed: if entry.isConfirmed { return .yes }
      case .assured: if entry.hasSeenReply { isUnsure = true }
      }
    }
    return isUnsure ? .unknown("whether the connection is assured is not known") : .no
  }
}

extension ConntrackStateName {
  fileprivate init(_ state: TrackedPacket.State) {
    self =
      switch state {
      case .untracked: .untracked
      case .invalid: .invalid
      case .new: .new
      case .established: .established
      case .related: .related
      }
  }
}

extension ConnectionTuple {
  fileprivate func port(_ end: PacketEnd) -> UInt16 {
    end == .source ? sourcePort : destinationPort
  }
}
