// `ebtables-save`: rules for frames on Linux bridges.
import NetworkTypes

public struct EBTable: Hashable, Sendable {
  public var name: NetfilterTableName
  public var chains: [EBChain]
  /// False where the file ends inside the table as far as can be told.
  public var isComplete: Bool
  public var evidence: Evidence
  public init(
    name: NetfilterTableName, chains: [EBChain] = [], isComplete: Bool = true, evidence: Evidence
  ) {
    self.name = name
    self.chains = chains
    self.isComplete = isComplete
    self.evidence = evidence
  }
}

public struct EBChain: Hashable, Sendable {
  public var name: NetfilterChainName
  /// Every chain of ebtables has one, a user's too.
  public var policy: EBTarget
  public var rules: [EBRule]
  public var evidence: Evidence
  public init(
    name: NetfilterChainName, policy: EBTarget, rules: [EBRule] = [], evidence: Evidence
  ) {
    self.name = name
    self.policy = policy
    self.rules = rules
    self.evidence = evidence
  }
}

public struct EBRule: Hashable, Sendable {
  public var matches: [EBMatch]
  public var target: EBTarget
  public var counters: PacketCounters?
  /// Verbatim, from `-A` on.
  public var text: String
  public var evidence: Evidence
  public init(
    matches: [EBMatch], target: EBTarget, counters: PacketCounters? = nil, text: String,
    evidence: Evidence
  ) {
    self.matches = matches
    self.target = target
    self.counters = counters
    self.text = text
    self.evidence = evidence
  }
}

public struct EBMatch: Hashable, Sendable {
  public var isNegated: Bool
  public var test: EBTest
  public init(_ test: EBTest, isNegated: Bool = false) {
    self.test = test
    self.isNegated = isNegated
  }
}

/// A MAC under a mask: ff:ff:ff:ff:ff:ff for one address.
public struct MaskedMAC: Hashable, Sendable {
  public var address: MACAddress
  public var mask: MACAddress
  public init(address: MACAddress, mask: MACAddress = .broadcast) {
    self.address = address
    self.mask = mask
  }
  public func contains(_ other: MACAddress) -> Bool {
    other.rawValue & mask.rawValue == address.rawValue & mask.rawValue
  }
}

public enum EBTest: Hashable, Sendable {
  /// EtherType.
  case protocolType(UInt16)
  /// `-p LENGTH`: 802.3 frames.
  case lengthFrame
  case source(MaskedMAC)
  case destination(MaskedMAC)
  case inInterface(InterfacePattern)
  case outInterface(InterfacePattern)
  case logicalIn(InterfacePattern)
  case logicalOut(InterfacePattern)
  case ipSource(MaskedAddress)
  case ipDestination(MaskedAddress)
  case ipTOS(UInt8)
  case ipProtocol(UInt8)
  case ports(PacketEnd, PortRange)
  case icmp(types: ClosedRange<UInt8>, codes: ClosedRange<UInt8>)
  case arpOperation(UInt16)
  case arpHardwareType(UInt16)
  case arpProtocolType(UInt16)
  case arpSource(MaskedAddress)
  case arpDestination(MaskedAddress)
  case arpSourceMAC(MaskedMAC)
  case arpDestinationMAC(MaskedMAC)
  case gratuitousARP
  case vlanID(VLANID)
  case vlanPriority(UInt8)
  case vlanEncapsulated(UInt16)
  case mark(MaskedMark)
  case packetType(String)
  /// Pairs of `--among-src`/`--among-dst`; nil address for any.
  case among(PacketEnd, [EBMACAddressPair])
  case rateLimit(String)
  case unrecognised(String)
}

public struct EBMACAddressPair: Hashable, Sendable {
  public var mac: MACAddress
  public var address: IPAddress?
  public init(mac: MACAddress, address: IPAddress?) {
    self.mac = mac
    self.address = address
  }
}

public indirect enum EBTarget: Hashable, Sendable {
  case accept, drop, returnToCaller
  /// On with the next rule.
  case proceed
  case jump(NetfilterChainName)
  /// Sets, ors, ands or xors the mark, then does `next`.
  case mark(and: UInt32, xor: UInt32, next: EBTarget)
  case sourceNAT(MACAddress, rewritesARP: Bool, next: EBTarget)
  case destinationNAT(MACAddress, next: EBTarget)
  /// To the bridge itself.
  case redirect(next: EBTarget)
  case arpReply(MACAddress, next: EBTarget)
  case unrecognised(String)
}
