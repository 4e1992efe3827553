// A node: its namespaces and its Open vSwitch.
import Facts
import NetworkTypes
import OpenFlow

/// A node of the cloud.
public struct NodeModel: Sendable {
  public let name: NodeName
  public let facts: NodeFacts
  public var namespaces: [NamespaceName: NamespaceModel]
  public let openVSwitch: SwitchModel
  public let flushOrder: DatapathFlushOrder
  /// Every OVS port of the database, and the device that it is where the capture has one.
  public var switchDevices: [SwitchPortKey: DeviceKey] = [:]

  public init(_ facts: NodeFacts) { self.init(facts, sharing: nil, except: NodeChange()) }

  /// Takes what did not change from another model of the same node, before it was wired.
  init(_ facts: NodeFacts, sharing other: NodeModel?, except change: NodeChange) {
    name = facts.name
    self.facts = facts
    namespaces = Dictionary(
      uniqueKeysWithValues: facts.namespaces.map { name, space in
        let same = change.namespaces.contains(name) ? nil : other?.namespaces[name]
        return (name, same ?? NamespaceModel(space, node: facts.name))
      })
    openVSwitch =
      (change.openVSwitch ? nil : other?.openVSwitch)
      ?? SwitchModel(facts.openVSwitch, node: facts.name)
    let types = openVSwitch.bridges.values.flatMap(\.ports.values).compactMap { port in
      if case .tunnel(let tunnel) = port.kind { tunnel.type } else { nil }
    }
    flushOrder = DatapathFlushOrder(
      facts.openVSwitch.datapathPorts, tunnelTypes: Set(types))
  }

  public func device(_ key: DeviceKey) -> Device? {
    namespaces[key.namespace]?.devices[key.interface]
  }

  /// Local addresses that tunnel ports name.
  public var tunnelAddresses: Set<IPAddress> {
    Set(
      openVSwitch.bridges.values.flatMap(\.ports.values).compactMap { port in
        guard case .tunnel(let tunnel) = port.kind, case .address(let local) = tunnel.local else {
          return nil
        }
        return local
      })
  }
}

/// What of a node's facts is not as it was.
public struct NodeChange: Hashable, Sendable {
  public var namespaces: Set<NamespaceName> = []
  public var openVSwitch = false
  public init() {}
  public mutating func formUnion(_ other: NodeChange) {
    namespaces.formUnion(other.namespaces)
    openVSwitch = openVSwitch || other.openVSwitch
  }
}

/// An interface record with the port and bridge that hold it.
public struct PlacedInterface: Sendable {
  public let interface: SwitchInterfaceRecord
  public let port: SwitchPortRecord
  public let bridge: BridgeName
}

extension SwitchDatabase {
  /// All interfaces of all bridges, in the order of the database.
  public var placedInterfaces: [PlacedInterface] {
    let portsByID = Dictionary(ports.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    let interfacesByID = Dictionary(
      interfaces.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    return bridges.flatMap { bridge in
      bridge.ports.compactMap { portsByID[$0] }.flatMap { port in
        port.interfaces.compactMap { interfacesByID[$0] }.map {
          PlacedInterface(interface: $0, port: port, bridge: bridge.name)
        }
      }
    }
  }
}
