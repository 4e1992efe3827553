// The addresses of the lab: who is where, in either family.
import Facts
import NetworkTypes

/// A router between an inside and an outside subnet, with a far network behind a gateway outside.
struct AddressPlan {
  let family: AddressFamily
  /// Prefixes by name, with room for `host` numbers.
  let insideNet, outsideNet, farNet, translatedNet: String
  private let joint: String

  static let ipv4 = AddressPlan(
    family: .ipv4, insideNet: "10.0.0", outsideNet: "192.0.2", farNet: "198.51.100",
    translatedNet: "203.0.113", joint: ".")
  static let ipv6 = AddressPlan(
    family: .ipv6, insideNet: "fd00:1", outsideNet: "fd00:2", farNet: "fd00:3",
    translatedNet: "fd00:4", joint: "::")

  var prefixLength: Int { family == .ipv4 ? 24 : 64 }
  func host(_ net: String, _ number: Int) -> String {
    family == .ipv4 ? "\(net).\(number)" : "\(net)::\(String(number, radix: 16))"
  }
  func prefix(_ net: String) -> String {
    family == .ipv4 ? "\(net).0/24" : "\(net)::/64"
  }
  /// The numbers of hosts that have a neighbour entry, and of the router's own addresses.
  static let hosts = 1...9
  static let router = 254
  /// A second address of the router outside.
  static let second = 253

  var insideHosts: [String] { (1...4).map { host(insideNet, $0) } }
  var outsideHosts: [String] { (1...4).map { host(outsideNet, $0) } }
  var farHosts: [String] { (1...3).map { host(farNet, $0) } }
  var translatedHosts: [String] { (1...6).map { host(translatedNet, $0) } }
  var routerAddresses: [String] {
    [host(insideNet, Self.router), host(outsideNet, Self.router), host(outsideNet, Self.second)]
  }
  var everyone: [String] {
    insideHosts + outsideHosts + farHosts + translatedHosts + routerAddresses
  }

  /// Of a router's device, in the order of `ip address`.
  func addresses(_ device: InterfaceName) -> [InterfaceAddress] {
    let numbers =
      device == "inside"
      ? [host(insideNet, Self.router)]
      : device == "outside"
        ? [host(outsideNet, Self.router), host(outsideNet, Self.second)] : []
    // IPv6 addresses of one scope stand newest first.
    return (family == .ipv4 ? numbers : numbers.reversed()).compactMap { IPAddress($0) }
      .map { InterfaceAddress(address: $0, prefixLength: prefixLength) }
  }
  func isLocal(_ address: IPAddress) -> Bool {
    routerAddresses.contains(address.description) || address.isLoopback
  }
  /// Where the router sends a packet to.
  func route(_ destination: IPAddress) -> InterfaceName {
    IPPrefix(prefix(insideNet))?.contains(destination) == true ? "inside" : "outside"
  }
}
