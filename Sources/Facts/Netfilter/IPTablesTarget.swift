// What a rule of iptables does with a packet that it takes.
import NetworkTypes

public enum IPTablesTarget: Hashable, Sendable {
  case accept, drop
  /// `RETURN`: on in the chain that jumped here, or the policy in a built-in chain.
  case returnToCaller
  case jump(NetfilterChainName)
  /// `-g`: what returns from there returns past this chain.
  case goto(NetfilterChainName)
  case reject(RejectKind)
  case destinationNAT(NATRange)
  case sourceNAT(NATRange)
  case masquerade(NATRange)
  case redirect(NATRange)
  case netmap(IPPrefix)
  /// `mark = (mark & ~mask) ^ value`.
  case mark(MaskedMark)
  case connectionMark(ConnectionMarkChange)
  case track(TrackingOptions)
  /// `CT --notrack`, `NOTRACK`.
  case notrack
  case transparentProxy(port: UInt16, address: IPAddress?, mark: MaskedMark)
  case tos(value: UInt8, mask: UInt8)
  case dscp(UInt8)
  case ttl(TTLChange, UInt8)
  case queue(String)
  case changeSet(SetChange, IPSetName, [PacketEnd])
  /// Goes on with the next rule and changes nothing that any verdict looks at: LOG, NFLOG,
  /// CHECKSUM, TCPMSS, CLASSIFY, TRACE, …, with the text of its options.
  case noEffect(name: String, options: String)
  case unrecognised(name: String, options: String)
}

/// What a refused sender is told.
public enum RejectKind: Hashable, Sendable, CustomStringConvertible {
  case tcpReset
  case icmp(type: UInt8, code: UInt8)
  case icmp6(type: UInt8, code: UInt8)
  /// `--reject-with icmp6-policy-fail` and its like, where unknown.
  case unrecognised(String)

  public static let portUnreachable = RejectKind.icmp(type: 3, code: 3)
  public static let portUnreachable6 = RejectKind.icmp6(type: 1, code: 4)
  public var description: String {
    switch self {
    case .tcpReset: "TCP reset"
    case .icmp(let type, let code): "ICMP type \(type) code \(code)"
    case .icmp6(let type, let code): "ICMPv6 type \(type) code \(code)"
    case .unrecognised(let name): name
    }
  }
}

/// The addresses and ports that NAT may choose from.
public struct NATRange: Hashable, Sendable {
  /// Nil leaves the address, or takes a device's.
  public var addresses: ClosedRange<IPAddress>?
  /// ICMP: echo ids.
  public var ports: PortRange?
  /// `/port` behind a port range: port p maps to `ports.first + (p - base)`.
  public var basePort: UInt16?
  /// `--random`, `--random-fully`: the port cannot be foretold.
  public var isRandom: Bool
  public var isPersistent: Bool
  /// Further ranges of pre-2.6.11 rules; the kernel takes none of them since.
  public var unrecognised: String?
  public init(
    addresses: ClosedRange<IPAddress>? = nil, ports: PortRange? = nil, basePort: UInt16? = nil,
    isRandom: Bool = false, isPersistent: Bool = false, unrecognised: String? = nil
  ) {
    self.addresses = addresses
    self.ports = ports
    self.basePort = basePort
    self.isRandom = isRandom
    self.isPersistent = isPersistent
    self.unrecognised = unrecognised
  }
}

public enum ConnectionMarkChange: Hashable, Sendable {
  /// `ctmark = (ctmark & ~mask) ^ value`.
  case set(MaskedMark)
  /// `ctmark = (ctmark & ~ctMask) ^ (mark & mask)`.
  case save(mask: UInt32, connectionMask: UInt32)
  /// `mark = (mark & ~mask) ^ (ctmark & ctMask)`.
  case restore(mask: UInt32, connectionMask: UInt32)
}

/// `CT`'s options other than `--notrack`.
public struct TrackingOptions: Hashable, Sendable {
  public enum Zone: Hashable, Sendable {
    case number(UInt16)
    /// `--zone mark`: the packet's mark.
    case fromMark
  }
  public enum ZoneDirection: Hashable, Sendable { case both, original, reply }
  public var zone: Zone?
  public var zoneDirection: ZoneDirection
  public var helper: String?
  /// `--ctevents`, `--expevents`, `--timeout`: nothing that a verdict depends on.
  public var others: String
  public init(
    zone: Zone? = nil, zoneDirection: ZoneDirection = .both, helper: String? = nil,
    others: String = ""
  ) {
    self.zone = zone
    self.zoneDirection = zoneDirection
    self.helper = helper
    self.others = others
  }
}

public enum TTLChange: Hashable, Sendable { case set, increase, decrease }

public enum SetChange: Hashable, Sendable { case add, delete, map }
