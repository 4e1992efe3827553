// In which order a userspace datapath sends the copies of a flooded packet. It collects them per
// port and flushes its ports in the order of their hash table (dpif-netdev, lib/hmap, lib/hash of
// OVS 3.1 without SSE 4.2, as distributions build it), so the order is known from their numbers.
import Facts
import NetworkTypes

/// The place of each datapath port in the flush; ports that are not listed come last.
public struct DatapathFlushOrder: Sendable {
  private let ranks: [InterfaceName: Int]

  /// Takes the ports that packets are sent on directly: tunnels send through another port.
  init(_ ports: Section<DatapathPort>, tunnelTypes: Set<String>) {
    let numbers = ports.records.filter { !tunnelTypes.contains($0.type) }
      .compactMap { port in port.datapathNumber.map { (port.name, $0) } }
    let mask = Self.mask(entries: Set(numbers.map(\.1)).count)
    ranks = Dictionary(
      numbers.map { ($0.0, Int(Self.hash($0.1) & mask)) }, uniquingKeysWith: { first, _ in first })
  }

  public func rank(_ name: InterfaceName) -> Int { ranks[name] ?? .max }

  /// Buckets less one of an `hmap` after so many insertions: it grows when more than two entries
  /// a bucket are in it, to half as many buckets as entries, rounded up to a power of two.
  static func mask(entries: Int) -> UInt32 {
    var mask: UInt32 = 0
    for count in 1...max(entries, 1) where UInt32(count / 2) > mask {
      mask = UInt32(count / 2)
      for shift in [1, 2, 4, 8, 16] as [UInt32] { mask |= mask >> shift }
      mask |= (mask & 1) << 1
    }
    return mask
  }

  /// `hash_int(value, 0)`: a round of MurmurHash3 over the value and one over the basis.
  static func hash(_ value: UInt32) -> UInt32 {
    finish(add(add(value, 0), 0) ^ 8)
  }

  private static func add(_ hash: UInt32, _ data: UInt32) -> UInt32 {
    let mixed = rotated(data &* 0xcc9e_2d51, 15) &* 0x1b87_3593
    return rotated(hash ^ mixed, 13) &* 5 &+ 0xe654_6b64
  }
  private static func finish(_ hash: UInt32) -> UInt32 {
    var hash = hash ^ hash >> 16
    hash = hash &* 0x85eb_ca6b
    hash ^= hash >> 13
    hash = hash &* 0xc2b2_ae35
    return hash ^ hash >> 16
  }
  private static func rotated(_ value: UInt32, _ by: UInt32) -> UInt32 {
    value << by | value >> (32 - by)
  }
}
