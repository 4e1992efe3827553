// Which address and port NAT gives a connection: nf_nat_core's get_unique_tuple.
import Conntrack
import Facts
import NetworkTypes

/// The choice for one connection and one rule's range. What the kernel draws at random comes out as
/// the nearest value that it might have drawn, and is said to be random.
struct TupleChoice {
  let table: ConntrackTable
  let connection: Connection
  let kind: NATKind
  let range: NATRange

  /// What the connection's packets look like so far.
  private var current: ConnectionTuple { connection.reply.reversed }

  func make() -> (tuple: ConnectionTuple, isRandom: Bool) {
    if kind == .source, !range.isRandom, let tuple = keptSource() { return (tuple, false) }
    var tuple = current
    chooseAddress(&tuple)
    if !range.isRandom, isPortKept(tuple) { return (tuple, false) }
    return choosePort(tuple)
  }

  /// An address that is in range already stays; else a mapping of the same source end is used again.
  private func keptSource() -> ConnectionTuple? {
    if isInRange(current) { return isTaken(current) ? nil : current }
    guard let mapped = earlierMapping(), !isTaken(mapped) else { return nil }
    return mapped
  }

  private func earlierMapping() -> ConnectionTuple? {
    let original = connection.original
    for other in table.connections where other.isConfirmed && other.zone == connection.zone {
      guard other.original.source == original.source,
        other.original.sourcePort == original.sourcePort,
        other.original.ipProtocol == original.ipProtocol
      else { continue }
      var tuple = current
      tuple.source = other.reply.destination
      tuple.sourcePort = other.reply.reversed.sourcePort
      if isInRange(tuple) { return tuple }
    }
    return nil
  }

  private func isInRange(_ tuple: ConnectionTuple) -> Bool {
    if let addresses = range.addresses, !addresses.contains(tuple.source) { return false }
    return range.ports.map { $0.contains(tuple.sourcePort) } ?? true
  }

  private func isTaken(_ tuple: ConnectionTuple) -> Bool {
    table.isTaken(
      tuple.reversed, zone: connection.zone, replyZone: connection.replyZone,
      original: connection.original)
  }

  // MARK: Address

  private func chooseAddress(_ tuple: inout ConnectionTuple) {
    guard let addresses = range.addresses, addresses.lowerBound.family == tuple.source.family
    else { return }
    let address =
      addresses.lowerBound == addresses.upperBound
      ? addresses.lowerBound : hashed(into: addresses, tuple)
    if kind == .source { tuple.source = address } else { tuple.destination = address }
  }

  /// find_best_ips_proto: spreads sources (and destinations, unless persistent) over the range.
  private func hashed(
    into range: ClosedRange<IPAddress>, _ tuple: ConnectionTuple
  ) -> IPAddress {
    let family = tuple.source.family
    let last = family == .ipv4 ? 0 : 3
    let destination = words(tuple.destination)
    // A zone of one direction only is the zone's number all the same.
    let zone = connection.zone == 0 ? connection.replyZone : connection.zone
    let salt = self.range.isPersistent ? 0 : destination[last] ^ UInt32(zone)
    var hash = JenkinsHash.hash(words(tuple.source), initial: salt)
    let (low, high) = (words(range.lowerBound), words(range.upperBound))
    var chosen: [UInt32] = [0, 0, 0, 0]
    var isFull = false
    for index in 0...last {
      let first = isFull ? 0 : low[index].byteSwapped
      let count = isFull ? UInt32.max : high[index].byteSwapped &- first &+ 1
      chosen[index] = (first &+ UInt32((UInt64(hash) * UInt64(count)) >> 32)).byteSwapped
      if chosen[index] != high[index] { isFull = true }
      if !self.range.isPersistent { hash ^= destination[index] }
    }
    return address(chosen, family)
  }

  /// An address as the kernel's `union nf_inet_addr` holds it on a little-endian machine.
  private func words(_ address: IPAddress) -> [UInt32] {
    switch address {
    case .v4(let v4): return [v4.rawValue.byteSwapped, 0, 0, 0]
    case .v6(let v6):
      return (0..<4).map {
        UInt32(truncatingIfNeeded: v6.rawValue >> UInt128(96 - 32 * $0)).byteSwapped
      }
    }
  }
  private func address(_ words: [UInt32], _ family: AddressFamily) -> IPAddress {
    if family == .ipv4 { return .v4(IPv4Address(rawValue: words[0].byteSwapped)) }
    let bits = words.reduce(UInt128(0)) { $0 << 32 | UInt128($1.byteSwapped) }
    return .v6(IPv6Address(rawValue: bits))
  }

  // MARK: Port

  private func isPortKept(_ tuple: ConnectionTuple) -> Bool {
    guard let ports = range.ports else { return !isTaken(tuple) }
    guard range.basePort == nil, ports.contains(port(tuple)) else { return false }
    return ports.first == ports.last || !isTaken(tuple)
  }

  private var isICMP: Bool {
    current.ipProtocol == IPProtocol.icmp || current.ipProtocol == IPProtocol.icmp6
  }
  private var hasPorts: Bool {
    [IPProtocol.tcp, IPProtocol.udp, IPProtocol.udpLite, IPProtocol.sctp, 33]
      .contains(current.ipProtocol)
  }

  private func port(_ tuple: ConnectionTuple) -> UInt16 {
    kind == .source || isICMP ? tuple.sourcePort : tuple.destinationPort
  }
  private func setPort(_ port: UInt16, _ tuple: inout ConnectionTuple) {
    if kind == .source || isICMP { tuple.sourcePort = port } else { tuple.destinationPort = port }
  }

  private func choosePort(_ tuple: ConnectionTuple) -> (tuple: ConnectionTuple, isRandom: Bool) {
    guard hasPorts || isICMP, let ports = candidatePorts(tuple) else { return (tuple, false) }
    let count = Int(ports.last) - Int(ports.first) + 1
    // Where nothing is random the search begins at the shifted or at the first port.
    let isRandom = range.basePort == nil && (range.isRandom || kind == .source || isICMP)
    var offset = 0
    if let base = range.basePort {
      offset = Int(port(tuple) &- base)
    } else if isRandom, ports.contains(port(tuple)) {
      offset = Int(port(tuple) - ports.first)
    }
    var tuple = tuple
    for attempt in 0..<min(count, 1024) {
      setPort(UInt16(Int(ports.first) + (offset + attempt) % count), &tuple)
      if !isTaken(tuple) { break }
    }
    return (tuple, isRandom && count > 1)
  }

  private func candidatePorts(_ tuple: ConnectionTuple) -> PortRange? {
    if let ports = range.ports { return ports }
    if isICMP { return .all }
    // A destination's port stays; a source's stays in its class (RFC 6056's loose convention).
    if kind == .destination { return nil }
    switch tuple.sourcePort {
    case ..<512: return PortRange(first: 1, last: 511)
    case ..<1024: return PortRange(first: 600, last: 1023)
    default: return PortRange(first: 1024, last: 65535)
    }
  }
}

/// The kernel's jhash2 (Bob Jenkins' lookup3 over 32-bit words).
enum JenkinsHash {
  static func hash(_ key: [UInt32], initial: UInt32) -> UInt32 {
    var a = 0xdead_beef &+ UInt32(truncatingIfNeeded: key.count << 2) &+ initial
    var (b, c) = (a, a)
    var rest = key[...]
    while rest.count > 3 {
      a &+= rest[rest.startIndex]
      b &+= rest[rest.startIndex + 1]
      c &+= rest[rest.startIndex + 2]
      mix(&a, &b, &c)
      rest = rest.dropFirst(3)
    }
    if rest.isEmpty { return c }
    if rest.count > 2 { c &+= rest[rest.startIndex + 2] }
    if rest.count > 1 { b &+= rest[rest.startIndex + 1] }
    a &+= rest[rest.startIndex]
    finish(&a, &b, &c)
    return c
  }

  private static func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 {
    value << count | value >> (32 - count)
  }

  private static func mix(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
    a = (a &- c) ^ rotate(c, 4)
    c &+= b
    b = (b &- a) ^ rotate(a, 6)
    a &+= c
    c = (c &- b) ^ rotate(b, 8)
    b &+= a
    a = (a &- c) ^ rotate(c, 16)
    c &+= b
    b = (b &- a) ^ rotate(a, 19)
    a &+= c
    c = (c &- b) ^ rotate(b, 4)
    b &+= a
  }

  private static func finish(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
    c = (c ^ b) &- rotate(b, 14)
    a = (a ^ c) &- rotate(c, 11)
    b = (b ^ a) &- rotate(a, 25)
    c = (c ^ b) &- rotate(b, 16)
    a = (a ^ c) &- rotate(c, 4)
    b = (b ^ a) &- rotate(a, 14)
    c = (c ^ b) &- rotate(b, 24)
  }
}
