// A stand-in for a network's dnsmasq: offers and confirms what its files hold for a MAC.
import DataPlane
import Facts
import NetworkTypes

/// What one server hands out.
struct DHCPService: Codable, Sendable {
  let device: String
  /// IPv4, in numbers.
  let server: UInt32
  /// Address and prefix length by MAC.
  let leases: [UInt64: Lease]

  struct Lease: Codable, Sendable {
    let address: UInt32
    let prefixLength: Int
  }

  /// Nil where the namespace serves no network whose files were captured.
  init?(_ namespace: NamespaceModel, _ node: NodeModel) {
    let served = node.facts.files.dnsmasq.values.first { files in
      files.interface.records.first.map {
        namespace.devices[InterfaceName($0.value)] != nil
      } ?? false
    }
    guard let served, let device = served.interface.records.first?.value else { return nil }
    let own = (namespace.addresses[InterfaceName(device)] ?? []).map(\.address)
    guard
      let server = own.first(where: { $0.address.v4 != nil && !$0.address.isLinkLocal })?.address
        .v4
    else { return nil }
    self.device = device
    self.server = server.rawValue
    var leases: [UInt64: Lease] = [:]
    for host in served.hosts.records where !host.isIgnored {
      guard let address = host.addresses.lazy.compactMap(\.v4).first else { continue }
      let length = own.first { $0.prefix.contains(.v4(address)) }?.prefixLength ?? 24
      for mac in host.macs {
        leases[mac.rawValue] = Lease(address: address.rawValue, prefixLength: length)
      }
    }
    self.leases = leases
  }

  struct Answer {
    let mac: MACAddress
    let address: IPv4Address
    let isBroadcast: Bool
    let bytes: [UInt8]
  }

  /// The answer to a client's message; nil where it gets none. The bytes are a client's: every
  /// read is bounded.
  func answer(to message: [UInt8]) -> Answer? {
    guard message.count >= 240, message[0] == 1, message[1] == 1, message[2] == 6 else {
      return nil
    }
    let mac = message[28..<34].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let lease = leases[mac], let asked = Self.option(53, in: message)?.first else {
      return nil
    }
    // DISCOVER gets an OFFER, REQUEST an ACK.
    guard let kind: UInt8 = [1: 2, 3: 5][asked] else { return nil }
    var bytes = [UInt8](repeating: 0, count: 236)
    bytes[0] = 2
    bytes[1] = 1
    bytes[2] = 6
    bytes.replaceSubrange(4..<8, with: message[4..<8])
    bytes.replaceSubrange(10..<12, with: message[10..<12])
    bytes.replaceSubrange(16..<20, with: Self.big(lease.address))
    bytes.replaceSubrange(20..<24, with: Self.big(server))
    bytes.replaceSubrange(28..<44, with: message[28..<44])
    bytes += [99, 130, 83, 99, 53, 1, kind, 54, 4] + Self.big(server)
    bytes += [51, 4] + Self.big(86_400)
    let mask = lease.prefixLength == 0 ? 0 : UInt32.max << UInt32(32 - lease.prefixLength)
    bytes += [1, 4] + Self.big(mask) + [255]
    return Answer(
      mac: MACAddress(rawValue: mac), address: IPv4Address(rawValue: lease.address),
      isBroadcast: message[10] & 0x80 != 0, bytes: bytes)
  }

  private static func option(_ wanted: UInt8, in message: [UInt8]) -> ArraySlice<UInt8>? {
    var position = 240
    while position < message.count, message[position] != 255 {
      if message[position] == 0 {
        position += 1
        continue
      }
      guard position + 1 < message.count else { return nil }
      let end = position + 2 + Int(message[position + 1])
      guard end <= message.count else { return nil }
      if message[position] == wanted { return message[position + 2..<end] }
      position = end
    }
    return nil
  }

  private static func big(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }
}
