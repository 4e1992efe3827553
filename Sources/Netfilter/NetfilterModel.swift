// The packet filter of one network namespace.
import Conntrack
import Facts
import NetworkTypes

public struct NetfilterModel: Sendable {
  public init(_ facts: NamespaceFacts) {}

  /// Runs an IPv4 or IPv6 packet through one hook.
  public func run(
    _ hook: Hook, packet: inout Packet, connection: inout PacketConnection, context: HookContext,
    conntrack: inout ConntrackTable
  ) -> HookResult {
    HookResult(verdict: .unknown([UnknownReason("netfilter is not built yet")]))
  }

  /// Runs a frame through a bridge's own hooks (ebtables).
  public func runBridge(
    _ hook: BridgeHook, packet: inout Packet, context: BridgeHookContext
  ) -> BridgeHookResult {
    BridgeHookResult(verdict: .unknown([UnknownReason("netfilter is not built yet")]))
  }
}
