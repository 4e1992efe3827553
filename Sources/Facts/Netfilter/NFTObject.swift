// `nft -j list ruleset`: every object in the file's order; statements are typed as far as the
// evaluator reads them, all else is kept as the tree that the tool printed.
import NetworkTypes

/// A JSON tree without places: an nft expression as printed.
public indirect enum NFTValue: Hashable, Sendable {
  case text(String)
  /// As written.
  case number(String)
  case flag(Bool)
  case null
  case list([NFTValue])
  case object([NFTMember])

  public subscript(_ key: String) -> NFTValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }
  public var text: String? { if case .text(let text) = self { text } else { nil } }
  public var elements: [NFTValue]? { if case .list(let list) = self { list } else { nil } }
  public func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
    if case .number(let text) = self { Number(text) } else { nil }
  }
  /// Key and value of an object with one member, as nft wraps its expressions.
  public var single: NFTMember? {
    guard case .object(let members) = self, members.count == 1 else { return nil }
    return members[0]
  }
}

public struct NFTMember: Hashable, Sendable {
  public var key: String
  public var value: NFTValue
  public init(key: String, value: NFTValue) {
    self.key = key
    self.value = value
  }
}

/// A table by family (`ip`, `ip6`, `inet`, `arp`, `bridge`, `netdev`) and name.
public struct NFTTableKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let family: String
  public let name: NetfilterTableName
  public init(family: String, name: NetfilterTableName) {
    self.family = family
    self.name = name
  }
  public static func < (a: Self, b: Self) -> Bool { (a.family, a.name) < (b.family, b.name) }
  public var description: String { "\(family) \(name)" }
}

public struct NFTObject: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case metainfo
    case table(NFTTableKey)
    case chain(NFTChain)
    case rule(NFTRule)
    /// A set, or a map (`mapType` not nil).
    case set(NFTSet)
    /// `element`, `flowtable`, `counter`, `quota`, `limit`, `ct helper`, …
    case other(String)
  }
  public var kind: Kind
  /// All that was printed.
  public var value: NFTValue
  public var evidence: Evidence
  public init(kind: Kind, value: NFTValue, evidence: Evidence) {
    self.kind = kind
    self.value = value
    self.evidence = evidence
  }
}

public struct NFTChain: Hashable, Sendable {
  public var table: NFTTableKey
  public var name: NetfilterChainName
  /// Base chains only: `filter`, `nat`, `route`.
  public var type: String?
  /// `prerouting`, `input`, …, `ingress`; nil for a chain that only jumps reach.
  public var hook: String?
  public var priority: Int?
  /// `accept`, `drop`.
  public var policy: String?
  public init(
    table: NFTTableKey, name: NetfilterChainName, type: String? = nil, hook: String? = nil,
    priority: Int? = nil, policy: String? = nil
  ) {
    self.table = table
    self.name = name
    self.type = type
    self.hook = hook
    self.priority = priority
    self.policy = policy
  }
}

public struct NFTRule: Hashable, Sendable {
  public var table: NFTTableKey
  public var chain: NetfilterChainName
  public var handle: UInt64?
  public var comment: String?
  public var statements: [NFTStatement]
  public init(
    table: NFTTableKey, chain: NetfilterChainName, handle: UInt64? = nil, comment: String? = nil,
    statements: [NFTStatement]
  ) {
    self.table = table
    self.chain = chain
    self.handle = handle
    self.comment = comment
    self.statements = statements
  }
}

public struct NFTSet: Hashable, Sendable {
  public var table: NFTTableKey
  public var name: String
  public var keyType: NFTValue
  /// Maps only: the data's type, or `verdict`.
  public var mapType: NFTValue?
  public var flags: [String]
  public var elements: [NFTValue]
  public init(
    table: NFTTableKey, name: String, keyType: NFTValue, mapType: NFTValue? = nil,
    flags: [String] = [], elements: [NFTValue] = []
  ) {
    self.table = table
    self.name = name
    self.keyType = keyType
    self.mapType = mapType
    self.flags = flags
    self.elements = elements
  }
}

public enum NFTStatement: Hashable, Sendable {
  case match(operation: String, left: NFTValue, right: NFTValue)
  case accept, drop, returnToCaller, proceed
  case jump(NetfilterChainName)
  case goto(NetfilterChainName)
  case counter(PacketCounters?)
  case log
  case notrack
  case reject(type: String?, code: String?)
  case queue
  case verdictMap(key: NFTValue, data: NFTValue)
  /// `meta mark set`, `ct mark set`, …
  case mangle(key: NFTValue, value: NFTValue)
  /// `snat`, `dnat`, `masquerade`, `redirect` with their options.
  case nat(String, NFTValue)
  /// What iptables-nft put there and nft cannot print: `match`/`target` and its name.
  case extensionModule(type: String, name: String)
  /// `limit`, `quota`, `tproxy`, …
  case unrecognised(String, NFTValue)
}
