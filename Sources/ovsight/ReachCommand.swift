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
      `NODE/NAMESPACE` for a node's own stack. One of the two may be left out. With neither, a matrix of networks is \
      shown: whose guests can send IP packets to whose.

      Learnt tables may hold anything here, so what is shown may arrive, and what is not shown \
      cannot, unless a line says what is not known.

        ovsight reach cloud.db --from web1 --to db1
        ovsight reach cloud.db --to compute1/root

      Exit codes: 0 something can, 1 nothing can, 2 could not tell, or bad usage.
      """)

  @Argument(help: "A snapshot file made by `ovsight import`.")
  var snapshot: String

  @Option(name: .customLong("from"), help: "Where packets start; any guest without it.")
  var origin: String?

  @Option(name: .customLong("to"), help: "Where they arrive; anywhere without it.")
  var destination: String?

  @Option(help: "How many lines a pair may take.")
  var lines = 4

  func run() throws {
    let facts = try SnapshotFile.open(path: snapshot).loadFacts()
    let names = ReachNames(facts)
    let reach = CloudReach(names.cloud)
    if origin == nil, destination == nil { return try showMatrix(reach, names) }
    var count = 0
    var unknowns: Set<String> = []
    for from in try origins(names) {
      let result = reach.reach(from: from)
      unknowns.formUnion(result.unknowns.map(\.reason))
      count += try show(from, result, reach.space, names)
    }
    for reason in unknowns.sorted() { printLine("not known: \(reason)") }
    if count == 0 {
      if unknowns.isEmpty { print("nothing can get there") }
      throw ExitCode(unknowns.isEmpty ? 1 : 2)
    }
  }

  private func origins(_ names: ReachNames) throws -> [ReachOrigin] {
    guard let origin else { return names.cloud.guests.indices.map { .guest($0) } }
    if origin == "external" { return names.cloud.outsideHosts.indices.map { .outside($0) } }
    return [.guest(try names.guest(origin, "--from"))]
  }

  private func show(
    _ from: ReachOrigin, _ result: ReachResult, _ space: PacketSpace, _ names: ReachNames
  ) throws -> Int {
    let wanted = try destination.map(names.places)
    var shown = 0
    for place in result.arrivals.keys.sorted() where wanted?(place) ?? place.takesPackets {
      if case .guest(let index) = place, from == .guest(index) { continue }
      let sent = result.origin(at: place, in: space)
      printLine("\(names.name(from)) → \(names.name(place))")
      for line in space.lines(of: sent, limit: lines) { printLine("  \(line)") }
      shown += 1
    }
    return shown
  }

  // MARK: Matrix

  private func showMatrix(_ reach: CloudReach, _ names: ReachNames) throws {
    let networks = names.networks
    var cells: [String: [String: Set<String>]] = [:]
    var unknowns: Set<String> = []
    for from in names.cloud.guests.indices {
      let untagged = reach.space.value(.vlan, 0)
      let result = reach.reach(from: .guest(from), sending: untagged)
      unknowns.formUnion(result.unknowns.map(\.reason))
      for (place, arrivals) in result.arrivals {
        let to: String
        switch place {
        case .guest(let index) where index != from: to = names.network(index)
        case .outside: to = "outside"
        default: continue
        }
        let ip = arrivals.contains { !reach.space.and($0.packets, reach.space.ip).isEmpty }
        if ip {
          cells[names.network(from), default: [:]][to, default: []].insert(
            names.cloud.guests[from].name)
        }
      }
    }
    let columns = networks + ["outside"]
    let width = (columns.map(\.count).max() ?? 7) + 2
    func padded(_ text: String) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    printLine(padded("from \\ to") + columns.map(padded).joined())
    for row in networks {
      let line = columns.map { column in
        let senders = cells[row]?[column]?.count ?? 0
        return padded(senders == 0 ? "-" : "\(senders) of \(names.size(row))")
      }
      printLine(padded(row) + line.joined())
    }
    for reason in unknowns.sorted() { printLine("not known: \(reason)") }
    if !unknowns.isEmpty { throw ExitCode(2) }
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
  var networks: [String] { Set(cloud.guests.indices.map(network)).sorted() }
  func size(_ network: String) -> Int {
    cloud.guests.indices.count { self.network($0) == network }
  }
}
