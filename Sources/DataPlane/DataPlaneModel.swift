// The whole data plane: nodes, guests, wires. Built once from the facts, immutable afterwards.
import Facts
import NetworkTypes
import OpenFlow

/// The data plane of a captured cloud.
public struct DataPlaneModel: Sendable {
  public let facts: CloudFacts
  public internal(set) var nodes: [NodeName: NodeModel]
  public internal(set) var guests: [Guest] = []
  public internal(set) var segments: [Segment] = []
  public internal(set) var outsideHosts: [OutsideHost] = []
  /// Guests behind each node-side device; several where a trunk's subports share it.
  public internal(set) var guestsByDevice: [DeviceKey: [Int]] = [:]
  public internal(set) var guestsBySwitchPort: [NodeName: [SwitchPortKey: Int]] = [:]
  /// Things that could not be wired, each with why: an answer that runs into one is unknown.
  public internal(set) var wiringGaps: [String] = []

  private var addresses: Set<MACAddress> = []
  /// Who has which address on which network, by Neutron's ports.
  private let owners: [NetworkID: [IPAddress: MACAddress]]
  /// The nodes as they were before they were wired, for models that share them.
  private let unwired: [NodeName: NodeModel]

  public init(_ facts: CloudFacts) { self.init(facts, sharing: nil, except: [:]) }

  /// A model of changed facts that shares what did not change: building it costs what changed.
  ///
  /// `changes` must name all that differs between the facts of the two.
  public init(
    _ facts: CloudFacts, sharing other: DataPlaneModel?, except changes: [NodeName: NodeChange]
  ) {
    self.facts = facts
    var owners: [NetworkID: [IPAddress: MACAddress]] = [:]
    for port in facts.neutron.ports.records where port.deviceOwner != "network:floatingip" {
      for fixed in port.fixedIPs { owners[port.network, default: [:]][fixed.address] = port.mac }
    }
    self.owners = owners
    unwired = Dictionary(
      facts.nodes.map { node in
        let same = other?.unwired[node.name]
        if let same, changes[node.name] == nil { return (node.name, same) }
        return (
          node.name,
          NodeModel(node, sharing: same, except: changes[node.name] ?? NodeChange())
        )
      }, uniquingKeysWith: { a, _ in a })
    nodes = unwired
    wireSwitchPorts()
    wireVethPairs()
    plugGuests()
    wireSegments()
    placeOutsideHosts()
    addresses = Set(
      nodes.values.flatMap { $0.namespaces.values }.flatMap { $0.devices.values.map(\.mac) }
        + guests.map(\.mac))
  }

  /// Whether a captured device or guest has the MAC, wherever it is.
  public func hasDevice(_ mac: MACAddress) -> Bool { addresses.contains(mac) }

  public func namespace(_ key: NamespaceKey) -> NamespaceModel? {
    nodes[key.node]?.namespaces[key.namespace]
  }
  /// The MAC of the port that has the address on the network.
  public func owner(of address: IPAddress, on network: NetworkID) -> MACAddress? {
    owners[network]?[address]
  }
  /// The port that a floating IP belongs to, as Neutron has it.
  public func floatingIPHolder(_ address: IPAddress) -> PortID? {
    facts.neutron.floatingIPs.records.first { $0.address == address && $0.port != nil }?.port
  }
  public func device(_ key: DeviceKey) -> Device? { nodes[key.node]?.device(key) }
  public func guest(_ port: PortID) -> Int? { guests.firstIndex { $0.port == port } }

  mutating func updateDevice(_ key: DeviceKey, _ change: (inout Device) -> Void) {
    guard var device = nodes[key.node]?.namespaces[key.namespace]?.devices[key.interface] else {
      return
    }
    change(&device)
    nodes[key.node]?.namespaces[key.namespace]?.devices[key.interface] = device
  }
}
