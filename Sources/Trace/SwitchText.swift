// A switch's reasons in words.
import Facts
import NetworkTypes
import OpenFlow

extension SwitchDrop {
  /// One sentence without a final stop.
  package var text: String {
    switch reason {
    case .noMatch(let table): "no flow of \(bridge) table \(table) matches"
    case .flowDrops(let table): "a flow of \(bridge) table \(table) drops it"
    case .flowEndsWithoutOutput(let table):
      "the flow of \(bridge) table \(table) ends without an output"
    case .event(let event): "\(bridge): \(event.text)"
    case .error(let error): "\(bridge) gives up: \(error.text)"
    }
  }
}

extension TranslationError {
  package var text: String {
    switch self {
    case .recursionTooDeep: "resubmits nest too deep"
    case .tooManyResubmits: "too many resubmits"
    case .stackTooDeep: "the stack overflows"
    case .congestionDrop: "the input is congested"
    case .forwardingDisabled: "forwarding is off on the input port"
    case .tooManyMPLSLabels: "too many MPLS labels"
    case .unsupportedPacketType: "the packet's type is not supported"
    case .unknownBridge: "the capture has no such bridge"
    }
  }
}

extension SwitchUnknown {
  /// One sentence without a final stop.
  package var text: String {
    let what: String
    switch cause {
    case .unmodelledMatch(let text): what = "a flow matches on what is not modelled: \(text)"
    case .unmodelledAction(let text): what = "an action is not modelled: \(text)"
    case .missing(let gap): what = "not captured: \(gap)"
    case .choice(let text): what = text
    case .equalPriority(let table, let priority, _):
      what = "several flows of table \(table) match at priority \(priority); their order decides"
    case .meter(let id): what = "meter \(id) may drop it"
    case .other(let text): what = text
    }
    return "\(bridge): \(what)"
  }
}

extension SwitchEvent {
  /// What an operator would say; decisions that end a packet are worded, the rest named.
  package var text: String {
    switch self {
    case .nonexistentPort(let port): "port \(port) does not exist"
    case .outputToInputPort: "a frame is not sent back to the port that it came from"
    case .noForward(let port): "\(port) has NO_FWD"
    case .noReceive(let port): "\(port) has NO_RECV"
    case .protectedPorts: "both ports are protected"
    case .spanningTreeBlocks(let port): "spanning tree blocks \(port)"
    case .patchWithoutPeer(let port): "patch port \(port) has no peer"
    case .portOutOfRange(let number): "port \(number) is out of range"
    case .tunnelToOwnAddress: "the tunnel leads to this node itself"
    case .tunnelPortUnusable(let port): "tunnel port \(port) names no way"
    case .noInputBundle: "NORMAL does not know the input port"
    case .mirrorPortIsInput(let port): "\(port) is reserved for mirroring"
    case .vlanOnAccessPort(let vlan, let port, let access):
      "VLAN \(vlan) came in on \(port), which is an access port of VLAN \(access)"
    case .vlanNotTrunked(let vlan, let port): "\(port) does not trunk VLAN \(vlan)"
    case .customerVLANExcluded(let vlan, let port): "\(port) does not take customer VLAN \(vlan)"
    case .reservedMulticast: "reserved multicast is not forwarded"
    case .bondRefuses: "the bond refuses the frame"
    case .learnedPortIsInput: "the destination was learned on the input port"
    case .learnedPortIsMirror(let port): "the destination was learned on mirror port \(port)"
    case .timeToLiveExceeded: "the TTL is used up"
    case .nonexistentGroup(let id): "group \(id) does not exist"
    case .noLiveBucket: "the group has no live bucket"
    case .learned(let mac, let port, let vlan): "learned that \(mac) is on \(port) in VLAN \(vlan)"
    case .forwardingTo(let port): "forwarding to learned port \(port)"
    case .learnedPortUnknown: "the destination was learned on a port that is gone"
    case .flooding: "the destination is not learned: flooding"
    case .multicastFlooding: "multicast: flooding"
    case .fieldIsNow(let field, let value): "\(field) is now 0x\(String(value, radix: 16))"
    case .usingBucket(let id): "using bucket \(id)"
    case .outputPortIs(let port): "output port is \(port)"
    case .outputToTunnel(let port): "output to tunnel \(port)"
    case .forkedToRecirculate(let table): "a copy goes on in table \(table) after tracking"
    case .connectionStateCleared: "this copy's connection state is cleared"
    case .learnedFlow(let flow): "would add to table \(flow.table): \(flow.match)"
    default: "\(self)"
    }
  }
}
