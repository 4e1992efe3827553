// The words of a rule that queries ask for.
import Facts
import NetworkTypes

extension IPTablesChain.Policy {
  var name: String {
    switch self {
    case .accept: "ACCEPT"
    case .drop: "DROP"
    case .unrecognised(let text): text
    }
  }
}

extension IPTablesTarget {
  /// As iptables spells it.
  var word: String {
    switch self {
    case .accept: "ACCEPT"
    case .drop: "DROP"
    case .returnToCaller: "RETURN"
    case .jump(let chain), .goto(let chain): chain.rawValue
    case .reject: "REJECT"
    case .destinationNAT: "DNAT"
    case .sourceNAT: "SNAT"
    case .masquerade: "MASQUERADE"
    case .redirect: "REDIRECT"
    case .netmap: "NETMAP"
    case .mark: "MARK"
    case .connectionMark: "CONNMARK"
    case .track, .notrack: "CT"
    case .transparentProxy: "TPROXY"
    case .tos: "TOS"
    case .dscp: "DSCP"
    case .ttl: "TTL"
    case .queue: "NFQUEUE"
    case .changeSet: "SET"
    case .noEffect(let name, _), .unrecognised(let name, _): name
    }
  }
  var isJump: Bool {
    switch self {
    case .jump, .goto: true
    default: false
    }
  }
  var range: NATRange? {
    switch self {
    case .destinationNAT(let range), .sourceNAT(let range), .redirect(let range),
      .masquerade(let range):
      range
    default: nil
    }
  }
  var zone: UInt16? {
    guard case .track(let options) = self, case .number(let zone) = options.zone else {
      return nil
    }
    return zone
  }
}

extension IPTablesRule {
  var source: String? {
    first { if case .source(let address) = $0 { address.description } else { nil } }
  }
  var destination: String? {
    first { if case .destination(let address) = $0 { address.description } else { nil } }
  }
  var inInterface: String? {
    first { if case .inInterface(let pattern) = $0 { pattern.description } else { nil } }
  }
  var outInterface: String? {
    first { if case .outInterface(let pattern) = $0 { pattern.description } else { nil } }
  }
  var physicalIn: String? {
    first { if case .physicalIn(let pattern) = $0 { pattern.description } else { nil } }
  }
  var physicalOut: String? {
    first { if case .physicalOut(let pattern) = $0 { pattern.description } else { nil } }
  }

  /// Of the tests that are not negated.
  private func first(_ text: (IPTablesTest) -> String?) -> String? {
    for match in matches where !match.isNegated {
      if let found = text(match.test) { return found }
    }
    return nil
  }
}

extension NFTObject.Kind {
  var word: String {
    switch self {
    case .metainfo: "metainfo"
    case .table: "table"
    case .chain: "chain"
    case .rule: "rule"
    case .set(let set): set.mapType == nil ? "set" : "map"
    case .other(let name): name
    }
  }
  var table: NFTTableKey? {
    switch self {
    case .table(let key): key
    case .chain(let chain): chain.table
    case .rule(let rule): rule.table
    case .set(let set): set.table
    case .metainfo, .other: nil
    }
  }
  var name: String? {
    switch self {
    case .chain(let chain): chain.name.rawValue
    case .rule(let rule): rule.chain.rawValue
    case .set(let set): set.name
    case .metainfo, .table, .other: nil
    }
  }
}

extension IPSetMember {
  var prefix: IPPrefix? {
    if case .network(let prefix)? = elements.first { prefix } else { nil }
  }
}
