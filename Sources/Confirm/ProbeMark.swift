// What makes one packet tell from all others wherever it shows up: a nonce where there is a payload,
// the sequence number of a TCP SYN, which neither NAT nor a tunnel changes.
import NetworkTypes

/// The marks of one packet that was sent.
public struct ProbeMark: Hashable, Sendable {
  /// In the payload of ICMP and UDP, and in the padding of ARP.
  public let nonce: [UInt8]
  /// Of a TCP SYN; its answer acknowledges one more. The transaction id of DHCP.
  public let sequence: UInt32
  /// Source port, or ICMP's identifier.
  public let sourcePort: UInt16
  /// Ports that the probe goes to, before and behind translations: an answer comes from them, and
  /// carries the same nonce.
  public var servicePorts: Set<UInt16>
  /// Who asks whom, of ARP: an answer has no other marks.
  var question: Question?

  struct Question: Hashable, Sendable {
    let asker: MACAddress
    let address: IPAddress
  }

  public init(
    nonce: [UInt8], sequence: UInt32, sourcePort: UInt16, servicePorts: Set<UInt16> = []
  ) {
    self.nonce = nonce
    self.sequence = sequence
    self.sourcePort = sourcePort
    self.servicePorts = servicePorts
  }

  /// Sixteen random bytes, and a port that no service has.
  public static func random() -> ProbeMark {
    var generator = SystemRandomNumberGenerator()
    return ProbeMark(
      nonce: (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) },
      sequence: UInt32.random(in: .min ... .max, using: &generator),
      sourcePort: UInt16.random(in: 33_000...60_000, using: &generator))
  }
}

/// What a frame that belongs to a probe is.
public enum ProbeRole: String, Hashable, Sendable, CaseIterable {
  /// The probe itself.
  case forward
  /// The answer to it.
  case reply
  /// An ICMP error that quotes it, or a reset.
  case refusal
}
