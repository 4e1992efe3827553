// Where on a cloud something is: a device in a namespace on a node.

/// A network namespace of a node.
public struct NamespaceKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let node: NodeName
  public let namespace: NamespaceName
  public init(_ node: NodeName, _ namespace: NamespaceName) {
    self.node = node
    self.namespace = namespace
  }
  public static func < (a: Self, b: Self) -> Bool {
    a.node == b.node ? a.namespace < b.namespace : a.node < b.node
  }
  public var description: String { "\(node)/\(namespace)" }
}

/// A kernel device in a namespace of a node.
public struct DeviceKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let node: NodeName
  public let namespace: NamespaceName
  public let interface: InterfaceName
  public init(_ node: NodeName, _ namespace: NamespaceName, _ interface: InterfaceName) {
    self.node = node
    self.namespace = namespace
    self.interface = interface
  }
  public init(_ key: NamespaceKey, _ interface: InterfaceName) {
    self.init(key.node, key.namespace, interface)
  }
  public var namespaceKey: NamespaceKey { NamespaceKey(node, namespace) }
  public static func < (a: Self, b: Self) -> Bool {
    a.namespaceKey == b.namespaceKey ? a.interface < b.interface : a.namespaceKey < b.namespaceKey
  }
  public var description: String { "\(node)/\(namespace)/\(interface)" }
}

/// A bridge of a node's Open vSwitch.
public struct BridgeKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let node: NodeName
  public let bridge: BridgeName
  public init(_ node: NodeName, _ bridge: BridgeName) {
    self.node = node
    self.bridge = bridge
  }
  public static func < (a: Self, b: Self) -> Bool {
    a.node == b.node ? a.bridge < b.bridge : a.node < b.node
  }
  public var description: String { "\(node)/\(bridge)" }
}
