// A tracked connection: its two tuples, its NAT, and what rules have written on it.
import NetworkTypes

public enum ConnectionDirection: Hashable, Sendable { case original, reply }

public enum NATKind: Hashable, Sendable { case source, destination }

/// A connection as conntrack keeps it.
public struct Connection: Hashable, Sendable {
  public var zone: UInt16
  /// Zone that answers are looked up in; differs from `zone` under `CT --zone-orig`, `--zone-reply`.
  public var replyZone: UInt16
  public var original: ConnectionTuple
  /// What the answer looks like on the wire; differs from `original.reversed` under NAT.
  public var reply: ConnectionTuple
  public var mark: UInt32 = 0
  public var labels: UInt128 = 0
  public var hasSeenReply = false
  /// False between the first packet's lookup and its commit.
  public var isConfirmed = false
  /// A source or destination NAT decision was made, be it to leave the address as it is.
  public var sourceNATDecided = false
  public var destinationNATDecided = false
  public var helper: String?

  public init(zone: UInt16, original: ConnectionTuple) {
    self.zone = zone
    self.replyZone = zone
    self.original = original
    self.reply = original.reversed
  }

  public var isSourceNATed: Bool {
    reply.destination != original.source || reply.reversed.sourcePort != original.sourcePort
  }
  public var isDestinationNATed: Bool {
    reply.source != original.destination
      || reply.reversed.destinationPort != original.destinationPort
  }

  /// Changes what the answer must be sent to or come from.
  public mutating func translate(_ kind: NATKind, to address: IPAddress?, port: UInt16?) {
    var forward = reply.reversed
    switch kind {
    case .source:
      if let address { forward.source = address }
      if let port { forward.sourcePort = port }
      sourceNATDecided = true
    case .destination:
      if let address { forward.destination = address }
      if let port, !isICMP { forward.destinationPort = port }
      destinationNATDecided = true
    }
    reply = forward.reversed
  }

  private var isICMP: Bool {
    original.ipProtocol == IPProtocol.icmp || original.ipProtocol == IPProtocol.icmp6
  }

  /// Rewrites a packet of this connection as NAT of `kind` does in `direction`; an ICMP error that
  /// quotes a packet of the connection has its quoted header rewritten too.
  public func apply(_ kind: NATKind, to packet: inout Packet, direction: ConnectionDirection) {
    // In the answer's direction source NAT undoes itself on the destination, and vice versa.
    let target = direction == .original ? reply.reversed : original.reversed
    let rewritesSource = (kind == .source) == (direction == .original)
    if packet.isICMPError {
      applyToError(&packet, target: target, rewritesSource: rewritesSource)
      return
    }
    if rewritesSource {
      packet.source = target.source
      if packet.isICMP {
        packet.icmpID = target.sourcePort
      } else {
        packet.sourcePort = target.sourcePort
      }
    } else {
      packet.destination = target.destination
      if packet.isICMP {
        packet.icmpID = target.sourcePort
      } else {
        packet.destinationPort = target.destinationPort
      }
    }
  }

  private func applyToError(
    _ packet: inout Packet, target: ConnectionTuple, rewritesSource: Bool
  ) {
    guard var quoted = packet.quoted else { return }
    // The quoted packet went the other way, so its ends are swapped against the error's.
    if rewritesSource {
      if packet.source == quoted.destination { packet.source = target.source }
      quoted.destination = target.source
      if !isICMP { quoted.destinationPort = target.sourcePort }
    } else {
      packet.destination = target.destination
      quoted.source = target.destination
      quoted.sourcePort = isICMP ? target.sourcePort : target.destinationPort
    }
    packet.quoted = quoted
  }
}
