// `ovsight reach SNAPSHOT --from … --to …`: which packets can get from where to where.
import ArgumentParser
import DataPlane
import Facts
import NetworkTypes
import PacketSets
import Reachability
import Snapshot
import Trace

struct ReachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reach",
    abstract: "Show which packets can get from where to where, over all packets.",
    discussion: """
      FROM is a server, a port or an address of a guest, or `external`; TO the same, `internet`, or \
      `NODE/NAMESPACE` for a node's own stack. One of the two may be left out: then a line says which \
      tenants are on the other side. With neither, a matrix is shown, network by network or tenant by \
      tenant: whose guests can send IP packets to whose.

      Learnt tables may hold anything here, so what is shown may arrive, and what is not shown \
      cannot, unless a line says what is not known.

        ovsight reach cloud.db --from web1 --to db1
        ovsight reach cloud.db --to compute1/root
        ovsight reach cloud.db --by tenant

      Exit codes: 0 something can, 1 nothing can, 2 could not tell, or bad usage.
      """)

  @Argument(help: "A snapshot file made by `ovsight import`.", completion: .file())
  var snapshot: String

  @Option(
    name: .customLong("from"), help: "Where packets start; any guest without it.",
    completion: NameCompletion.origins)
  var origin: String?

  @Option(
    name: .customLong("to"), help: "Where they arrive; anywhere without it.",
    completion: NameCompletion.targets)
  var destination: String?

  @Option(help: "How many lines a pair may take.")
  var lines = 4

  @Option(help: "What the matrix is of: network or tenant.")
  var by: ReachGrouping = .network

  @Option(help: "text or json.")
  var format: ReachFormat = .text

  func run() throws {
    let facts = try SnapshotFile.open(path: snapshot).loadFacts()
    let names = ReachNames(facts)
    let reach = CloudReach(names.cloud)
    if origin == nil, destination == nil {
      return try answer(ReachMatrix(reach, names, by: by))
    }
    try answer(
      ReachPairs(
        reach, names, from: try origins(names), to: try destination.map(names.places),
        lines: lines))
  }

  private func answer(_ answer: some ReachAnswer) throws {
    switch format {
    case .text: for line in answer.text { printLine(line) }
    case .json: print(answer.json.rendered)
    }
    if answer.isEmpty { throw ExitCode(answer.unknowns.isEmpty ? 1 : 2) }
    if answer is ReachMatrix, !answer.unknowns.isEmpty { throw ExitCode(2) }
  }

  private func origins(_ names: ReachNames) throws -> [ReachOrigin] {
    guard let origin else { return names.cloud.guests.indices.map { .guest($0) } }
    if origin == "external" { return names.cloud.outsideHosts.indices.map { .outside($0) } }
    return [.guest(try names.guest(origin, "--from"))]
  }
}

enum ReachGrouping: String, ExpressibleByArgument, CaseIterable { case network, tenant }
enum ReachFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

/// What `reach` answers, in either format.
private protocol ReachAnswer {
  var text: [String] { get }
  var json: JSONText { get }
  /// Nothing gets anywhere.
  var isEmpty: Bool { get }
  var unknowns: [String] { get }
}

/// Who gets to whom, with which packets.
private struct ReachPairs: ReachAnswer {
  private struct Pair {
    let from: String
    let to: String
    let fromTenant: String?
    let toTenant: String?
    let packets: [String]
  }
  private var pairs: [Pair] = []
  private(set) var unknowns: [String] = []
  /// One side was left open.
  private let isOpen: (from: Bool, to: Bool)

  init(
    _ reach: CloudReach, _ names: ReachNames, from origins: [ReachOrigin],
    to wanted: ((ReachPlace) -> Bool)?, lines: Int
  ) {
    isOpen = (origins.count > 1, wanted == nil)
    var reasons: Set<String> = []
    for from in origins {
      let result = reach.reach(from: from)
      reasons.formUnion(result.unknowns.map(\.reason))
      for place in result.arrivals.keys.sorted()
      where (wanted?(place) ?? place.takesPackets) && place != from.asPlace {
        let sent = result.origin(at: place, in: reach.space)
        pairs.append(
          Pair(
            from: names.name(from), to: names.name(place),
            fromTenant: names.tenant(from.asPlace), toTenant: names.tenant(place),
            packets: reach.space.lines(of: sent, limit: lines)))
      }
    }
    unknowns = reasons.sorted()
  }

  var isEmpty: Bool { pairs.isEmpty }

  var text: [String] {
    var text = pairs.flatMap { pair in
      ["\(pair.from) → \(pair.to)"] + pair.packets.map { "  \($0)" }
    }
    if isOpen.from {
      text += summary("tenants that can", pairs.map { ($0.fromTenant, $0.from) })
    } else if isOpen.to {
      text += summary("tenants that are reached", pairs.map { ($0.toTenant, $0.to) })
    }
    text += unknowns.map { "not known: \($0)" }
    if isEmpty, unknowns.isEmpty { text.append("nothing can get there") }
    return text
  }

  private func summary(_ title: String, _ ends: [(String?, String)]) -> [String] {
    let known = ends.compactMap { tenant, name in tenant.map { ($0, name) } }
    let groups = Dictionary(grouping: known) { $0.0 }.sorted { $0.key < $1.key }
    if groups.isEmpty { return [] }
    return ["\(title):"]
      + groups.map { tenant, ends in
        "  \(tenant): \(Set(ends.map(\.1)).sorted().joined(separator: ", "))"
      }
  }

  var json: JSONText {
    .object([
      .init(
        "pairs",
        .array(
          pairs.map { pair in
            .object([
              .init("from", .string(pair.from)), .init("from_tenant", .optional(pair.fromTenant)),
              .init("to", .string(pair.to)), .init("to_tenant", .optional(pair.toTenant)),
              .init("packets", .strings(pair.packets)),
            ])
          })), .init("unknown", .strings(unknowns)),
    ])
  }
}

/// Whose guests can send IP packets to whose.
private struct ReachMatrix: ReachAnswer {
  private let rows: [String]
  private let sizes: [String: Int]
  /// Senders by row and column.
  private var cells: [String: [String: Set<Int>]] = [:]
  private(set) var unknowns: [String] = []
  private static let outside = "outside"

  init(_ reach: CloudReach, _ names: ReachNames, by grouping: ReachGrouping) {
    let guests = names.cloud.guests.indices
    let group = { (index: Int) in
      grouping == .network ? names.network(index) : names.tenant(.guest(index)) ?? "?"
    }
    rows = Set(guests.map(group)).sorted()
    sizes = guests.reduce(into: [:]) { $0[group($1), default: 0] += 1 }
    var reasons: Set<String> = []
    for from in guests {
      let untagged = reach.space.value(.vlan, 0)
      let result = reach.reach(from: .guest(from), sending: untagged)
      reasons.formUnion(result.unknowns.map(\.reason))
      for (place, arrivals) in result.arrivals {
        let to: String
        switch place {
        case .guest(let index) where index != from: to = group(index)
        case .outside: to = Self.outside
        default: continue
        }
        if arrivals.contains(where: { !reach.space.and($0.packets, reach.space.ip).isEmpty }) {
          cells[group(from), default: [:]][to, default: []].insert(from)
        }
      }
    }
    unknowns = reasons.sorted()
  }

  /// A matrix of zeros is an answer too.
  var isEmpty: Bool { false }
  private var columns: [String] { rows + [Self.outside] }

  var text: [String] {
    let width = (columns.map(\.count).max() ?? 7) + 2
    func padded(_ text: String) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    let body = rows.map { row in
      padded(row)
        + columns.map { column in
          let senders = cells[row]?[column]?.count ?? 0
          return padded(senders == 0 ? "-" : "\(senders) of \(sizes[row] ?? 0)")
        }.joined()
    }
    return [padded("from \\ to") + columns.map(padded).joined()] + body
      + unknowns.map { "not known: \($0)" }
  }

  var json: JSONText {
    let pairs = rows.flatMap { row in columns.map { (row, $0) } }
    return .object([
      .init(
        "matrix",
        .array(
          pairs.map { row, column in
            .object([
              .init("from", .string(row)), .init("to", .string(column)),
              .init("senders", .number(cells[row]?[column]?.count ?? 0)),
              .init("guests", .number(sizes[row] ?? 0)),
            ])
          })), .init("unknown", .strings(unknowns)),
    ])
  }
}

extension ReachPlace {
  fileprivate var takesPackets: Bool {
    if case .device = self { false } else { true }
  }
}

/// Words for places, and places for words.
struct ReachNames {
  let cloud: DataPlaneModel
  private let resolver: ProbeResolver

  init(_ facts: CloudFacts) {
    cloud = DataPlaneModel(facts)
    resolver = ProbeResolver(facts)
  }

  func guest(_ word: String, _ option: String) throws -> Int {
    if let address = IPAddress(word) {
      let owners = cloud.guests.indices.filter { cloud.guests[$0].owns(address) }
      guard owners.count == 1 else {
        throw CommandError(
          "\(option) \(word): \(owners.count) guests have this address, wanted one")
      }
      return owners[0]
    }
    guard case .port(let id) = try resolver.origin(word), let index = cloud.guest(id) else {
      throw CommandError("\(option) \(word): wanted a guest's server, port or address")
    }
    return index
  }

  func places(_ word: String) throws -> (ReachPlace) -> Bool {
    if word == "internet" || word == "external" {
      return { if case .outside = $0 { true } else { false } }
    }
    if let slash = word.firstIndex(of: "/") {
      let key = NamespaceKey(
        NodeName(String(word[..<slash])), NamespaceName(String(word[word.index(after: slash)...])))
      guard cloud.namespace(key) != nil else {
        throw CommandError("--to \(word): no such namespace in the snapshot")
      }
      return { if case .stack(let device) = $0 { device.namespaceKey == key } else { false } }
    }
    let index = try guest(word, "--to")
    return { $0 == .guest(index) }
  }

  func name(_ origin: ReachOrigin) -> String {
    switch origin {
    case .guest(let index): cloud.guests[index].name
    case .outside(let index): "external (\(cloud.outsideHosts[index].name))"
    }
  }
  func name(_ place: ReachPlace) -> String {
    switch place {
    case .guest(let index): cloud.guests[index].name
    case .outside(let index): cloud.outsideHosts[index].name
    case .stack(let key), .device(let key): "\(key)"
    }
  }

  func network(_ guest: Int) -> String {
    let id = cloud.guests[guest].network
    let record = cloud.facts.neutron.networks.records.first { $0.id == id }
    return record.map { $0.name.isEmpty ? $0.id.rawValue : $0.name } ?? id?.rawValue ?? "?"
  }
  /// The project of a guest; nil for whatever is none, and where Neutron does not say.
  func tenant(_ place: ReachPlace) -> String? {
    guard case .guest(let index) = place else { return nil }
    return cloud.facts.neutron.ports.records.first { $0.id == cloud.guests[index].port }?
      .project?.rawValue
  }
}
