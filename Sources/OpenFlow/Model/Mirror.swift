// A port mirror of a bridge, from OVSDB's Mirror table.
import Facts
import NetworkTypes

/// What a mirror copies and where to.
public struct Mirror: Hashable, Sendable {
  public enum Destination: Hashable, Sendable {
    /// Index into the bridge's bundles.
    case bundle(Int)
    case vlan(VLANID)
  }
  public var name: String
  /// Bundles whose received, or sent, frames are copied.
  public var sources: Set<Int>
  public var destinations: Set<Int>
  /// Nil: frames of all VLANs.
  public var vlans: Set<VLANID>?
  public var output: Destination
  public var evidence: Evidence
}
