// A packet that enters a switch, and what its evaluation may assume.
import Facts
import NetworkTypes

/// Where a packet enters and what it carries.
public struct SwitchInput: Hashable, Sendable {
  public var bridge: BridgeName
  public var port: OpenFlowPort
  public var packet: Packet
  /// Metadata that the packet starts with (registers, `ct_state`, …), as a trace may ask for;
  /// a packet off a wire has none.
  public var fields: [FieldValue]
  public var options: TranslationOptions

  public init(
    bridge: BridgeName, port: OpenFlowPort, packet: Packet, fields: [FieldValue] = [],
    options: TranslationOptions = TranslationOptions()
  ) {
    self.bridge = bridge
    self.port = port
    self.packet = packet
    self.fields = fields
    self.options = options
  }
}

/// A field and its value, at most 128 bits.
public struct FieldValue: Hashable, Sendable {
  public var field: OpenFlowField
  public var value: UInt128
  public init(_ field: OpenFlowField, _ value: UInt128) {
    self.field = field
    self.value = value
  }
}

/// How connection tracking, learning and captured MAC tables take part.
public struct TranslationOptions: Hashable, Sendable {
  public enum Conntrack: Hashable, Sendable {
    /// Decided by the tracker that the caller hands in.
    case tracked
    /// As `ofproto/trace --ct-next`: each recirculation takes the next state; when they are used
    /// up, `trk|new`. Nothing is committed, NAT takes the first address and port of its range.
    case assumed([ConntrackState])
  }
  public var conntrack: Conntrack = .tracked
  /// MAC learning and `learn` change the state; a trace without a packet does neither.
  public var learns = true
  /// Flows with a timeout, learnt ones too, are gone by now.
  public var isAfterTimeouts = false
  public init(
    conntrack: Conntrack = .tracked, learns: Bool = true, isAfterTimeouts: Bool = false
  ) {
    self.conntrack = conntrack
    self.learns = learns
    self.isAfterTimeouts = isAfterTimeouts
  }
}
