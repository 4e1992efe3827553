// The connections of one tracker: a network namespace's, or a userspace datapath's.
import NetworkTypes

/// What a lookup found out about a packet.
public struct TrackedPacket: Hashable, Sendable {
  public enum State: Hashable, Sendable {
    /// Conntrack does not follow it (NOTRACK, not IP).
    case untracked
    case invalid
    case new
    case established
    /// An ICMP error, or a helper's expected connection, of a known connection.
    case related
  }
  public var state: State
  public var direction: ConnectionDirection
  public var zone: UInt16
  /// Index into the table; nil when untracked, invalid.
  public var connection: Int?

  public init(
    state: State, direction: ConnectionDirection = .original, zone: UInt16 = 0,
    connection: Int? = nil
  ) {
    self.state = state
    self.direction = direction
    self.zone = zone
    self.connection = connection
  }
  public static let untracked = TrackedPacket(state: .untracked)
}

/// The connections of one tracker. A value: a branch of a trace that copies it does not disturb
/// the others.
public struct ConntrackTable: Hashable, Sendable {
  public private(set) var connections: [Connection] = []
  private var index: [Key: Entry] = [:]

  /// A zone may be of one direction only, so that one tuple may stand twice.
  private struct Key: Hashable {
    let zone: UInt16
    let tuple: ConnectionTuple
    let direction: ConnectionDirection
  }
  private struct Entry: Hashable {
    let connection: Int
    let direction: ConnectionDirection
  }

  public init() {}

  public subscript(_ position: Int) -> Connection {
    get { connections[position] }
    set { connections[position] = newValue }
  }

  /// Looks a packet up in `zone`; an unknown one becomes a new, unconfirmed connection.
  /// Liberal about TCP: a segment without SYN that belongs to nothing starts a connection too
  /// (`nf_conntrack_tcp_loose`), unless `isStrict` or it carries RST.
  /// `replyZone` is that of answers where it is not `zone`.
  public mutating func track(
    _ packet: Packet, zone: UInt16, replyZone: UInt16? = nil, isStrict: Bool = false
  ) -> TrackedPacket {
    let replyZone = replyZone ?? zone
    if packet.isICMPError { return related(packet, zone: zone, replyZone: replyZone) }
    guard let tuple = ConnectionTuple(packet) else {
      return TrackedPacket(state: packet.isIP ? .invalid : .untracked, zone: zone)
    }
    if let entry = find(tuple, zone: zone, replyZone: replyZone) {
      if entry.direction == .reply { noteReply(packet, of: entry.connection) }
      let isKnown = connections[entry.connection].hasSeenReply
      return TrackedPacket(
        state: isKnown ? .established : .new, direction: entry.direction, zone: zone,
        connection: entry.connection)
    }
    guard startsConnection(packet, isStrict: isStrict) else {
      return TrackedPacket(state: .invalid, zone: zone)
    }
    var connection = Connection(zone: zone, original: tuple)
    connection.replyZone = replyZone
    connections.append(connection)
    return TrackedPacket(state: .new, zone: zone, connection: connections.count - 1)
  }

  /// A reset as the first answer ends the connection at once; the packet still belongs to it.
  private mutating func noteReply(_ packet: Packet, of position: Int) {
    let isReset = packet.ipProtocol == IPProtocol.tcp && packet.tcpFlags & TCPFlags.rst != 0
    if isReset, !connections[position].hasSeenReply {
      remove(position)
      // Found no more, but its own last packets still see it as it was.
      connections[position].isConfirmed = true
    }
    connections[position].hasSeenReply = true
  }

  /// True where another connection already has one of this unconfirmed one's tuples.
  public func clashes(_ position: Int) -> Bool {
    let connection = connections[position]
    if connection.isConfirmed { return false }
    let ways: [(ConnectionTuple, ConnectionDirection)] = [
      (connection.original, .original), (connection.reply, .reply),
    ]
    return ways.contains { tuple, direction in
      rivals(of: tuple, direction, zone: connection.zone, replyZone: connection.replyZone)
        .contains { $0.connection != position }
    }
  }

  /// Entries that the kernel would take for `tuple` when it is to stand for `direction`: those of the
  /// same direction and zone, and where the zone is one for both directions those of the other too.
  private func rivals(
    of tuple: ConnectionTuple, _ direction: ConnectionDirection, zone: UInt16, replyZone: UInt16
  ) -> [Entry] {
    let keys = [
      Key(zone: zone, tuple: tuple, direction: .original),
      Key(zone: replyZone, tuple: tuple, direction: .reply),
    ]
    return keys.filter { zone == replyZone || $0.direction == direction }.compactMap { index[$0] }
  }

  /// True for a packet whose connection is already in the table; changes nothing.
  public func knows(_ packet: Packet, zone: UInt16) -> Bool {
    guard let tuple = ConnectionTuple(packet) else { return false }
    return find(tuple, zone: zone, replyZone: zone) != nil
  }

  /// True where `tuple` as the answer of an unconfirmed connection is another one's, so that NAT must
  /// choose another one; a connection from the very same `original` does not count.
  public func isTaken(
    _ tuple: ConnectionTuple, zone: UInt16, replyZone: UInt16, original: ConnectionTuple
  ) -> Bool {
    rivals(of: tuple, .reply, zone: zone, replyZone: replyZone)
      .contains { connections[$0.connection].original != original }
  }

  private func find(_ tuple: ConnectionTuple, zone: UInt16, replyZone: UInt16) -> Entry? {
    index[Key(zone: zone, tuple: tuple, direction: .original)]
      ?? index[Key(zone: replyZone, tuple: tuple, direction: .reply)]
  }

  /// Makes a connection findable by both its tuples, as leaving the last hook does.
  public mutating func confirm(_ position: Int) {
    let connection = connections[position]
    guard !connection.isConfirmed else { return }
    connections[position].isConfirmed = true
    for key in keys(of: connection) {
      index[key] = Entry(connection: position, direction: key.direction)
    }
  }

  /// Adds a connection that is already confirmed: one of a dump.
  public mutating func insert(_ connection: Connection) {
    connections.append(connection)
    connections[connections.count - 1].isConfirmed = false
    confirm(connections.count - 1)
  }

  /// Takes a confirmed connection out, as `ct(commit,force)` and `conntrack -D` do.
  public mutating func remove(_ position: Int) {
    let connection = connections[position]
    for key in keys(of: connection) { index[key] = nil }
    connections[position].isConfirmed = false
  }

  private func keys(of connection: Connection) -> [Key] {
    [
      Key(zone: connection.zone, tuple: connection.original, direction: .original),
      Key(zone: connection.replyZone, tuple: connection.reply, direction: .reply),
    ]
  }

  private func startsConnection(_ packet: Packet, isStrict: Bool) -> Bool {
    if packet.ipProtocol == IPProtocol.tcp {
      if packet.tcpFlags & TCPFlags.rst != 0 { return false }
      let isSYN = packet.tcpFlags & (TCPFlags.syn | TCPFlags.ack) == TCPFlags.syn
      let isACK = packet.tcpFlags & TCPFlags.ack != 0
      let isSYNACK = packet.tcpFlags & (TCPFlags.syn | TCPFlags.ack) == TCPFlags.syn | TCPFlags.ack
      // A FIN of nothing is invalid (nf_conntrack_proto_tcp's table, sNO row).
      let isFIN = packet.tcpFlags & TCPFlags.fin != 0
      return isSYN || (!isStrict && isACK && !isSYNACK && !isFIN)
    }
    if packet.isICMP {
      // Only requests start one (nf_conntrack_proto_icmp's valid_new; v6: echo, node information).
      return packet.isIPv4
        ? [8, 13, 15, 17].contains(packet.icmpType) : [128, 139].contains(packet.icmpType)
    }
    return true
  }

  private func related(_ packet: Packet, zone: UInt16, replyZone: UInt16) -> TrackedPacket {
    guard let quoted = packet.quoted else { return TrackedPacket(state: .invalid, zone: zone) }
    let forward = ConnectionTuple(
      source: quoted.source, destination: quoted.destination, ipProtocol: quoted.ipProtocol,
      sourcePort: quoted.sourcePort, destinationPort: quoted.destinationPort)
    // The quoted packet is as it left this tracker, NAT and all: only the tuple of its answer is
    // sure to be known, and the error runs the same way as that answer.
    guard let entry = find(forward.reversed, zone: zone, replyZone: replyZone) else {
      return TrackedPacket(state: .invalid, zone: zone)
    }
    return TrackedPacket(
      state: .related, direction: entry.direction, zone: zone, connection: entry.connection)
  }
}
