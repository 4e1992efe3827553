// `ipset save`: sets of addresses, ports, MACs and devices that rules refer to by name.
import NetworkTypes

public struct IPSet: Hashable, Sendable {
  public var name: IPSetName
  public var type: IPSetType
  /// Nil for sets that hold no addresses and for lists of sets.
  public var family: AddressFamily?
  /// `hashsize` → `1024`, …; options without a value map to an empty text.
  public var options: [String: String]
  /// In the file's order.
  public var members: [IPSetMember]
  /// False where a line of the set could not be read: members may be missing.
  public var isComplete: Bool
  /// Verbatim `create …`.
  public var text: String
  public var evidence: Evidence
  public init(
    name: IPSetName, type: IPSetType, family: AddressFamily?, options: [String: String] = [:],
    members: [IPSetMember] = [], isComplete: Bool = true, text: String, evidence: Evidence
  ) {
    self.name = name
    self.type = type
    self.family = family
    self.options = options
    self.members = members
    self.isComplete = isComplete
    self.text = text
    self.evidence = evidence
  }
}

/// `hash:ip,port,net`: a storage method and one kind of value a dimension.
public struct IPSetType: Hashable, Sendable, CustomStringConvertible {
  public enum Dimension: String, Hashable, Sendable {
    case ip, net, port, mac, iface, mark, set
  }
  /// `hash`, `bitmap`, `list`.
  public var storage: String
  /// Nil for a type that is not understood.
  public var dimensions: [Dimension]?
  public var text: String
  public init(_ text: String) {
    self.text = text
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    storage = String(parts.first ?? "")
    let names = parts.count == 2 ? parts[1].split(separator: ",") : []
    let known = names.compactMap { Dimension(rawValue: String($0)) }
    dimensions = known.count == names.count && !known.isEmpty ? known : nil
  }
  public var description: String { text }
}

public struct IPSetMember: Hashable, Sendable {
  /// One a dimension of the type.
  public var elements: [IPSetElement]
  /// An exception: what is here is not in the set.
  public var isException: Bool
  /// `timeout`, `packets`, `bytes`, `comment`, `skbmark`, `before`, …
  public var options: [String: String]
  public var evidence: Evidence
  public init(
    elements: [IPSetElement], isException: Bool = false, options: [String: String] = [:],
    evidence: Evidence
  ) {
    self.elements = elements
    self.isException = isException
    self.options = options
    self.evidence = evidence
  }
}

public enum IPSetElement: Hashable, Sendable {
  case network(IPPrefix)
  /// Both ends inclusive.
  case addresses(ClosedRange<IPAddress>)
  /// Protocol nil for `bitmap:port`; ICMP keeps type and code as type × 256 + code.
  case port(ipProtocol: UInt8?, PortRange)
  case mac(MACAddress)
  /// `physdev:eth0` means the bridge port.
  case interface(InterfaceName, isPhysical: Bool)
  case mark(UInt32)
  case set(IPSetName)
  case unrecognised(String)
}
