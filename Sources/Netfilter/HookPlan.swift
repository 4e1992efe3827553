// The order in which a hook's stations stand, by netfilter's priorities.
//
// Stations of equal priority run last-registered first in the kernel; a capture does not say which
// that was, so iptables' nft tables run first, then native nft chains, then the legacy back end.
import Conntrack
import Facts
import NetworkTypes

/// A base chain: a table and the chain in it that a hook enters.
package struct BaseChain: Sendable, Hashable {
  package let ruleSet: Int
  package let chain: Int
  /// A device's own chain: nil for one that takes packets of all devices.
  package var devices: Set<InterfaceName>?
}

package enum Station: Sendable {
  case chain(BaseChain)
  case track
  /// All nat chains of the hook: the first that decides ends it.
  case translate(NATKind, [BaseChain])
  case confirm
}

/// Netfilter's priorities (include/uapi/linux/netfilter_ipv4.h).
enum HookPriority {
  static let raw = -300
  static let conntrack = -200
  static let mangle = -150
  static let destinationNAT = -100
  static let filter = 0
  static let security = 50
  static let sourceNAT = 100
  static let confirm = Int(Int32.max)

  static func iptables(_ table: NetfilterTableName) -> Int? {
    switch table {
    case "raw": raw
    case "mangle": mangle
    case "filter": filter
    case "security": security
    default: nil
    }
  }
}

extension Hook {
  /// iptables' name of the chain that this hook enters.
  var chainName: NetfilterChainName { NetfilterChainName(rawValue.uppercased()) }
  /// What NAT may rewrite here on a connection's first packets.
  package var natKind: NATKind? {
    switch self {
    case .prerouting, .output: .destination
    case .input, .postrouting: .source
    case .forward: nil
    }
  }
}

package struct HookKey: Hashable, Sendable {
  let family: HookFamily
  let hook: Hook
  package init(family: HookFamily, hook: Hook) {
    self.family = family
    self.hook = hook
  }
}

/// Collects the stations of one hook and puts them in order.
struct HookPlanBuilder {
  private var stations: [(priority: Int, station: Station)] = []
  private var nat: [(priority: Int, chain: BaseChain)] = []

  mutating func add(_ chain: BaseChain, priority: Int) {
    stations.append((priority, .chain(chain)))
  }
  mutating func addNAT(_ chain: BaseChain, priority: Int) { nat.append((priority, chain)) }

  /// `translates`: some nat chain of the family exists, so that all four NAT hooks run.
  func plan(_ hook: Hook, tracks: Bool, translates: Bool) -> [Station] {
    var all = stations
    if tracks, hook == .prerouting || hook == .output {
      all.append((HookPriority.conntrack, .track))
    }
    if tracks, hook == .input || hook == .postrouting {
      all.append((HookPriority.confirm, .confirm))
    }
    if tracks, translates, let kind = hook.natKind {
      let priority = kind == .source ? HookPriority.sourceNAT : HookPriority.destinationNAT
      all.append((priority, .translate(kind, sorted(nat))))
    }
    return sorted(all)
  }

  /// By priority, those of one priority in the order of their coming.
  private func sorted<Value>(_ entries: [(priority: Int, Value)]) -> [Value] {
    entries.enumerated()
      .sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }
      .map(\.element.1)
  }
}
