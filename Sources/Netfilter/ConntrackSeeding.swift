// Connections of a dump as connections of a tracker.
import Conntrack
import Facts
import NetworkTypes

extension Connection {
  /// Nil for an entry whose tuples lack what their protocol has.
  public init?(_ entry: ConntrackEntry) {
    guard let original = ConnectionTuple(entry.original, entry.ipProtocol),
      let reply = ConnectionTuple(entry.reply, entry.ipProtocol)
    else { return nil }
    self.init(zone: entry.originalZone, original: original)
    self.reply = reply
    replyZone = entry.replyZone
    mark = entry.mark
    labels = entry.labels
    // A dump that does not say is of a tracker that has seen the connection work.
    hasSeenReply = entry.hasSeenReply ?? true
    sourceNATDecided = true
    destinationNATDecided = true
    helper = entry.helper
  }
}

extension ConntrackTable {
  /// A tracker that knows a dump's connections; entries that cannot be read are left out.
  public init(_ entries: [ConntrackEntry]) {
    self.init()
    for entry in entries {
      if let connection = Connection(entry) { insert(connection) }
    }
  }
}

extension ConnectionTuple {
  fileprivate init?(_ tuple: ConntrackEntry.Tuple, _ ipProtocol: UInt8) {
    var ports: (UInt16, UInt16) = (tuple.sourcePort ?? 0, tuple.destinationPort ?? 0)
    if ipProtocol == IPProtocol.icmp || ipProtocol == IPProtocol.icmp6 {
      guard let id = tuple.icmpID, let type = tuple.icmpType, let code = tuple.icmpCode
      else { return nil }
      ports = (id, UInt16(type) << 8 | UInt16(code))
    }
    self.init(
      source: tuple.source, destination: tuple.destination, ipProtocol: ipProtocol,
      sourcePort: ports.0, destinationPort: ports.1)
  }
}
