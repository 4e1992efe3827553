// The agent behind a deviation: where it is dead, what it should keep right stays wrong, and its start
// is the way to mend it.
import Facts
import LogicalModel
import NetworkTypes

extension Inspection {
  /// The cause with its agent's state, and its agent's start as the first way where it does not run.
  func withAgent(_ cause: Cause) -> Cause {
    guard let node = cause.deviation.node, let binary = cause.deviation.code.agent else {
      return cause
    }
    let note = agentNote(node, binary)
    guard !note.isEmpty else { return cause }
    var deviation = cause.deviation
    let start = Ways.restart(binary, on: node)
    deviation.fix.ways = [start] + deviation.fix.ways.filter { $0 != start }
    return Cause(
      deviation, cause.standing,
      behind: String(note.drop { $0 == ";" || $0 == " " }))
  }
}

extension CauseCode {
  /// The agent that makes and keeps what the cause is about; nil for what none does.
  var agent: String? {
    switch self {
    case .portUnbound, .portNotPlugged, .portNotWired, .portDeadVLAN, .portWrongVLAN,
      .patchMissing, .tunnelMissing, .tunnelWrongEnd, .segmentMapMissing, .segmentMapWrong,
      .floodListIncomplete, .forwardingEntryWrong, .addressResponderWrong, .vlanMapMissing,
      .vlanMapWrong, .distributedMACUnknown, .portFlowsMissing, .securityRuleMissing,
      .remoteGroupIncomplete, .antiSpoofWrong, .conntrackZoneClash,
      .foreignFlow:
      Ways.openVSwitchAgent
    case .deviceMissing, .noActiveRouter, .severalActiveRouters, .forwardingOff,
      .defaultRouteMissing, .routeMissing, .routeWrong, .policyRuleMissing, .neighbourMissing,
      .neighbourWrong, .proxyARPOff, .snatRuleMissing, .snatRuleWrong, .dnatRuleMissing,
      .dnatRuleWrong, .portForwardingMissing, .metadataProxyDown, .metadataRuleMissing:
      Ways.l3Agent
    case .dhcpServerDown, .dhcpHostMissing: Ways.dhcpAgent
    case .metadataAgentDown: Ways.metadataAgent
    case .portWrongMAC, .linkDown, .bridgePortMissing, .uplinkMissing, .namespaceMissing,
      .addressMissing, .addressDuplicate, .tunnelNotAdmitted, .reversePathFilter,
      .serviceNotListening, .mtuTooSmall, .metadataBackendLost, .foreignRule, .ruleDrops:
      nil
    }
  }
}
