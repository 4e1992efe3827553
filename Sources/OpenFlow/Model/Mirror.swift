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

extension Mirror {
  /// `bundles` are the bridge's, by the row of their port; nil when the mirror has no output.
  init?(_ record: MirrorRecord, bundles: [RowID: Int]) {
    func chosen(_ rows: [RowID]) -> Set<Int> { Set(rows.compactMap { bundles[$0] }) }
    let everything = Set(bundles.values)
    name = record.name
    sources = record.selectsAll ? everything : chosen(record.selectSourcePorts)
    destinations = record.selectsAll ? everything : chosen(record.selectDestinationPorts)
    vlans = record.selectVLANs.isEmpty ? nil : Set(record.selectVLANs)
    evidence = record.evidence
    if let index = record.outputPort.flatMap({ bundles[$0] }) {
      output = .bundle(index)
    } else if let vlan = record.outputVLAN {
      output = .vlan(vlan)
    } else {
      return nil
    }
  }
}
