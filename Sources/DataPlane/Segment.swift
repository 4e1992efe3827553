// What lies outside the nodes: the wires between them, and hosts of the outside world on them.
import Facts
import NetworkTypes

/// A wire (or a physical switch) that joins devices of several nodes.
public struct Segment: Sendable {
  public let name: String
  public internal(set) var members: [DeviceKey] = []
  /// Where each address is known to live: devices' own and what bridges learned locally.
  public internal(set) var knownMACs: [MACAddress: DeviceKey] = [:]
  public internal(set) var outsideHosts: [Int] = []
  init(name: String) { self.name = name }
}

/// A host of the outside world on a provider network: its gateway, which answers ARP for its own
/// address only and forwards the rest to an internet that knows public addresses.
public struct OutsideHost: Sendable {
  public let network: NetworkID
  public let segment: Int
  /// Nil for untagged.
  public let vlan: VLANID?
  public let mac: MACAddress
  public let addresses: [InterfaceAddress]
  public let evidence: [Evidence]
  public var name: String { "internet" }

  public func owns(_ address: IPAddress) -> Bool { addresses.contains { $0.address == address } }
  public func isOnLink(_ address: IPAddress) -> Bool {
    addresses.contains { $0.prefix.contains(address) }
  }
}
