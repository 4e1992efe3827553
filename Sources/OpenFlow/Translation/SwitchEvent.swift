// What the switch decided on its own, outside of any flow: the notes of a trace.
import Facts
import NetworkTypes

/// A decision or remark of the switch.
public enum SwitchEvent: Hashable, Sendable {
  // Ports
  case nonexistentPort(OpenFlowPort)
  case outputToInputPort
  case noForward(InterfaceName)
  case noReceive(InterfaceName)
  case protectedPorts
  case spanningTreeBlocks(InterfaceName)
  case patchWithoutPeer(InterfaceName)
  case portOutOfRange(UInt64)
  case tunnelToOwnAddress
  case tunnelPortUnusable(InterfaceName)
  case outputToTunnel(InterfaceName)
  // NORMAL
  case noInputBundle
  case mirrorPortIsInput(InterfaceName)
  case vlanOnAccessPort(VLANID, InterfaceName, access: VLANID)
  case vlanNotTrunked(VLANID, InterfaceName)
  case customerVLANExcluded(VLANID, InterfaceName)
  case reservedMulticast
  case bondRefuses
  case learned(MACAddress, InterfaceName, VLANID)
  case forwardingTo(InterfaceName)
  case learnedPortIsMirror(InterfaceName)
  case learnedPortUnknown
  case learnedPortIsInput
  case flooding
  case multicastFlooding
  // Actions
  case timeToLiveExceeded(version: Int)
  case stackUnderflow
  case unmetPrerequisites(String)
  case nonexistentGroup(UInt32)
  case usingBucket(UInt32)
  case noLiveBucket
  case fieldIsNow(String, UInt128)
  case outputPortIs(UInt64)
  case forkedToRecirculate(table: UInt8)
  case tooManyRecirculations
  case connectionStateCleared
  case learnSuppressed
  indirect case learnedFlow(FlowEntry)
  case learnLimitReached
  case conjunctionExecuted
  case resubmitUntracked
  case special(String)
}
