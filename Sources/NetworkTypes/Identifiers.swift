// Typed ids and names: passing a network's id for a port's does not compile.

/// A name or id that belongs to one kind of thing, told apart by `Kind` at compile time.
public struct Identifier<Kind>: Hashable, Sendable, Comparable, CustomStringConvertible,
  ExpressibleByStringLiteral
{
  public let rawValue: String
  public init(_ rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public var description: String { rawValue }
}

public enum NodeKind {}
public enum NamespaceKind {}
public enum InterfaceKind {}
public enum BridgeKind {}
public enum NetworkKind {}
public enum SubnetKind {}
public enum PortKind {}
public enum RouterKind {}
public enum FloatingIPKind {}
public enum SecurityGroupKind {}
public enum ProjectKind {}
public enum ServerKind {}
public enum TrunkKind {}

/// A host of the cloud, by the name that its capture folder has.
public typealias NodeName = Identifier<NodeKind>
/// A network namespace's name on its node; the initial one is `root`.
public typealias NamespaceName = Identifier<NamespaceKind>
/// A kernel device's or OVS port's name, unique inside its namespace or switch.
public typealias InterfaceName = Identifier<InterfaceKind>
/// An Open vSwitch bridge's name on its node.
public typealias BridgeName = Identifier<BridgeKind>
public typealias NetworkID = Identifier<NetworkKind>
public typealias SubnetID = Identifier<SubnetKind>
public typealias PortID = Identifier<PortKind>
public typealias RouterID = Identifier<RouterKind>
public typealias FloatingIPID = Identifier<FloatingIPKind>
public typealias SecurityGroupID = Identifier<SecurityGroupKind>
public typealias ProjectID = Identifier<ProjectKind>
public typealias ServerID = Identifier<ServerKind>
public typealias TrunkID = Identifier<TrunkKind>

extension Identifier where Kind == NamespaceKind {
  /// The namespace that a node boots in.
  public static var root: NamespaceName { NamespaceName("root") }
}

/// An 802.1Q VLAN id, 0...4095; 0 is priority-tagged, 4095 Neutron's dead VLAN.
public struct VLANID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let rawValue: UInt16
  /// Above 4095 gives nil.
  public init?(_ value: some BinaryInteger) {
    guard value >= 0, value <= 4095 else { return nil }
    rawValue = UInt16(value)
  }
  /// Takes the low 12 bits.
  public init(truncating value: UInt16) { rawValue = value & 0xfff }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public var description: String { "\(rawValue)" }
}
