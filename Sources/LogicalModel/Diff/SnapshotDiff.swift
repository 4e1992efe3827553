// What changed between two snapshots: nodes, wiring, logical objects, rules and flows, findings. What
// changes by itself (counters, ages, cookies, learned entries, process ids, row ids) is left out.
// Feeds `ovsight diff`.
import Facts
import NetworkTypes

/// What kind of thing changed; in the order of the output.
public enum DiffCategory: String, Hashable, Sendable, CaseIterable, Comparable {
  case findings, nodes, networks, subnets, ports, servers, routers
  case floatingIPs = "floating-ips"
  case portForwardings = "port-forwardings"
  case securityGroups = "security-groups"
  case trunks, agents, processes, namespaces
  case switchPorts = "switch-ports"
  case devices, addresses, routes
  case routingRules = "routing-rules"
  case neighbours, sysctls
  case filterRules = "filter-rules"
  case sets, flows, groups, files
  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
}

/// Where records stand that can be compared only as a whole: one captured file, mostly.
struct DiffScope: Hashable {
  var category: DiffCategory
  var node: NodeName?
  /// A namespace, a bridge, a chain; empty for none.
  var place: String = ""
}

/// A snapshot as records that can be compared: in each scope, every thing's values.
struct DiffDigest {
  private(set) var scopes: [DiffScope: [String: [String]]] = [:]
  /// Scopes whose records were not captured, with the reason.
  private(set) var unknown: [DiffScope: String] = [:]

  /// The scope exists, even where nothing stands in it.
  mutating func open(_ scope: DiffScope) { scopes[scope, default: [:]] = scopes[scope] ?? [:] }
  mutating func add(_ scope: DiffScope, _ key: String, _ value: String) {
    scopes[scope, default: [:]][key, default: []].append(value)
  }
  mutating func add(_ scope: DiffScope, _ key: String, _ value: (some CustomStringConvertible)?) {
    if let value { add(scope, key, value.description) }
  }
  /// Opens the scope and gives the records; nil where they were not captured.
  mutating func records<Records>(
    of section: FactSection<Records>, _ scope: DiffScope
  ) -> Records? {
    guard section.isKnown else {
      unknown[scope] = section.gap?.reason ?? "not captured"
      return nil
    }
    open(scope)
    return section.records
  }
  mutating func sort() {
    for (scope, records) in scopes { scopes[scope] = records.mapValues { $0.sorted() } }
  }
}

/// One thing that is not as it was.
public struct DiffChange: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case added, removed, changed
  }
  public var category: DiffCategory
  public var node: NodeName?
  public var place: String
  /// The thing, as people call it. Holds tenants' text.
  public var item: String
  /// Empty where it was not there.
  public var before: [String]
  /// Empty where it is gone.
  public var after: [String]

  public var kind: Kind {
    before.isEmpty ? .added : after.isEmpty ? .removed : .changed
  }
  var order: [String] { [node?.rawValue ?? "", place, item] }
}

/// Something that only one of two snapshots tells.
public struct DiffGap: Hashable, Sendable {
  public var category: DiffCategory
  public var node: NodeName?
  public var place: String
  /// `before: missing`, `after: exit code 1`.
  public var reason: String
}

public struct SnapshotDiff: Sendable {
  /// By category, node, place and item.
  public let changes: [DiffChange]
  public let gaps: [DiffGap]
  public var isEmpty: Bool { changes.isEmpty }

  public init(before: CloudFacts, after: CloudFacts) {
    var first = DiffDigest(before)
    var second = DiffDigest(after)
    first.sort()
    second.sort()
    var changes: [DiffChange] = []
    var gaps: [DiffGap] = []
    for scope in Set(first.scopes.keys).union(second.scopes.keys) {
      if let reason = first.unknown[scope] ?? second.unknown[scope] {
        let side = first.unknown[scope] == nil ? "after" : "before"
        gaps.append(
          DiffGap(
            category: scope.category, node: scope.node, place: scope.place,
            reason: "\(side): \(reason)"))
        continue
      }
      changes += Self.changes(scope, first.scopes[scope], second.scopes[scope])
    }
    self.changes = changes.map { ($0.category, $0.order, $0) }.sorted { one, other in
      one.0 == other.0 ? one.1.lexicographicallyPrecedes(other.1) : one.0 < other.0
    }.map(\.2)
    self.gaps = gaps.sorted {
      ($0.category, $0.node ?? "", $0.place) < ($1.category, $1.node ?? "", $1.place)
    }
  }

  /// Of some categories; of all where none is named.
  public func only(_ categories: [DiffCategory]) -> SnapshotDiff {
    if categories.isEmpty { return self }
    return SnapshotDiff(
      changes: changes.filter { categories.contains($0.category) },
      gaps: gaps.filter { categories.contains($0.category) })
  }
  private init(changes: [DiffChange], gaps: [DiffGap]) {
    self.changes = changes
    self.gaps = gaps
  }

  private static func changes(
    _ scope: DiffScope, _ first: [String: [String]]?, _ second: [String: [String]]?
  ) -> [DiffChange] {
    let (first, second) = (first ?? [:], second ?? [:])
    return Set(first.keys).union(second.keys).compactMap { key in
      let (before, after) = (first[key] ?? [], second[key] ?? [])
      guard before != after else { return nil }
      let (lost, won) = differing(before, after)
      return DiffChange(
        category: scope.category, node: scope.node, place: scope.place, item: key, before: lost,
        after: won)
    }
  }

  /// Both sides without what they share.
  private static func differing(
    _ before: [String], _ after: [String]
  ) -> ([String], [String]) {
    var rest = after
    var lost: [String] = []
    for value in before {
      if let index = rest.firstIndex(of: value) {
        rest.remove(at: index)
      } else {
        lost.append(value)
      }
    }
    return (lost, rest)
  }
}
