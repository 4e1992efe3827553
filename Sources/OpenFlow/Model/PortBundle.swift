// An OVSDB port record as ofproto uses it: one or more interfaces behind one VLAN configuration.
import Facts
import NetworkTypes

/// The logical port that NORMAL forwards between: a single interface, or a bond.
public struct PortBundle: Hashable, Sendable {
  public enum Mode: Hashable, Sendable {
    case access
    case trunk
    case nativeTagged
    case nativeUntagged
    /// 802.1ad: customer tags are carried inside the port's own.
    case dot1qTunnel
  }
  public enum PriorityTags: Hashable, Sendable { case never, ifNonzero, always }

  public var name: InterfaceName
  /// In the order of their numbers.
  public var members: [OpenFlowPort]
  public var mode: Mode
  /// The access or native VLAN; nil for a trunk without one.
  public var tag: VLANID?
  /// Nil: all VLANs.
  public var trunks: Set<VLANID>?
  /// Nil: all customer VLANs.
  public var customerVLANs: Set<VLANID>?
  public var serviceTPID: UInt16
  public var priorityTags: PriorityTags
  public var isProtected: Bool
  public var isFloodable: Bool
  /// Nil for a single interface.
  public var bondMode: String?
  public var evidence: Evidence?

  public var isBond: Bool { members.count > 1 }
}

extension PortBundle {
  /// Applies OVS's defaults for what the record leaves out (`port_configure` and `bundle_set`).
  init(_ record: SwitchPortRecord, members: [OpenFlowPort]) {
    name = record.name
    self.members = members.sorted()
    mode = Self.mode(record)
    tag = mode == .trunk ? nil : record.tag ?? VLANID(truncating: 0)
    trunks = nil
    customerVLANs = nil
    serviceTPID =
      record.otherConfig["qinq-ethtype"] == "802.1q" ? EtherType.vlan : EtherType.serviceVLAN
    priorityTags = Self.priorityTags(record.otherConfig["priority-tags"])
    isProtected = record.isProtected
    isFloodable = true
    bondMode = members.count > 1 ? record.bondMode ?? "active-backup" : nil
    evidence = record.evidence
    trunks = allowedTrunks(record.trunks)
    if mode == .dot1qTunnel, !record.cvlans.isEmpty { customerVLANs = Set(record.cvlans) }
  }

  private static func mode(_ record: SwitchPortRecord) -> Mode {
    switch record.vlanMode {
    case "access": .access
    case "native-tagged": .nativeTagged
    case "native-untagged": .nativeUntagged
    case "dot1q-tunnel": .dot1qTunnel
    case nil where record.tag != nil: .access
    default: .trunk
    }
  }

  private static func priorityTags(_ text: String?) -> PriorityTags {
    switch text {
    case "always": .always
    case "true", "if-nonzero": .ifNonzero
    default: .never
    }
  }

  /// A native port always carries its native VLAN, and then not VLAN 0.
  private func allowedTrunks(_ listed: [VLANID]) -> Set<VLANID>? {
    let listed = listed.isEmpty ? nil : Set(listed)
    guard mode != .access, mode != .dot1qTunnel else { return nil }
    guard mode != .trunk, let tag, tag.rawValue != 0 else { return listed }
    let zero = VLANID(truncating: 0)
    if let listed, listed.contains(tag), !listed.contains(zero) { return listed }
    var all = listed ?? Set((0...4095).map { VLANID(truncating: $0) })
    all.insert(tag)
    all.remove(zero)
    return all
  }

  /// True when the port carries frames of VLAN `id` with their tag.
  func trunksVLAN(_ id: UInt16) -> Bool {
    mode != .access && (trunks?.contains(VLANID(truncating: id)) ?? true)
  }
  func allowsCustomerVLAN(_ id: UInt16) -> Bool {
    customerVLANs?.contains(VLANID(truncating: id)) ?? true
  }
}
