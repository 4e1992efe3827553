// The index at the back of the book: every name, address and id with the page that tells of it, in
// pages of sorted entries. A browser on disk may load no data, so the index is pages itself; the
// script finds the one that a word is on, and without it they can be leafed through.
import Facts
import LogicalModel
import NetworkTypes

struct SearchIndex {
  struct Entry: Hashable {
    /// What it is sorted and found by.
    let key: String
    /// As it is written.
    let word: String
    let label: String
    let kind: String
    let path: String
  }
  /// Of entries on a page, before markup.
  private static let entryLimit = 1_200
  private static let byteLimit = 180_000

  let site: SiteContext

  func write() throws(ReportError) {
    let shards = shards(entries())
    let names = shards.indices.map(Self.name)
    let directory = shards.enumerated().map { index, shard -> PageValue in
      [
        "path": .text(names[index]), "first": .text(shard.first?.key ?? ""),
        "from": .text(shard.first?.word ?? ""), "to": .text(shard.last?.word ?? ""),
      ]
    }
    let isSingle = shards.count == 1
    try write(
      "search.html", title: "Search", directory: isSingle ? [] : directory, isDirectory: true,
      entries: isSingle ? shards[0] : [], parts: .none)
    guard !isSingle else { return }
    for (index, shard) in shards.enumerated() {
      var links: [(path: String, title: String, isCurrent: Bool)] = []
      if index > 0 { links.append((names[index - 1], "Before", false)) }
      if index + 1 < names.count { links.append((names[index + 1], "After", false)) }
      try write(
        names[index], title: "Index from \(shard.first?.word ?? "")", directory: directory,
        isDirectory: false, entries: shard, parts: PartLinks.value(links))
    }
  }

  /// Where it is no directory the script alone needs the other pages' addresses.
  private func write(
    _ path: String, title: String, directory: [PageValue], isDirectory: Bool, entries: [Entry],
    parts: PageValue
  ) throws(ReportError) {
    try site.writer.write(
      path, title: title, section: "search.html", "search",
      [
        "shards": .list(directory), "has_shards": .flag(!directory.isEmpty),
        "is_directory": .flag(isDirectory),
        "entries": entries.isEmpty ? .none : .markup(markup(entries)), "parts": parts,
      ], isScripted: true)
  }

  private static func name(_ index: Int) -> String { "index-\(index + 1).html" }

  private func markup(_ entries: [Entry]) -> Markup {
    .tag(
      "ul", "index", [MarkupAttribute("id", "entries")],
      entries.map { entry in
        let label = entry.label == entry.word ? "" : " \(entry.label)"
        return .tag(
          "li", "", [],
          [.link(entry.path, text: entry.word), .tag("span", text: " \(entry.kind)\(label)")])
      })
  }

  private func shards(_ entries: [Entry]) -> [[Entry]] {
    var shards: [[Entry]] = [[]]
    var size = 0
    for entry in entries {
      // Five bytes for a quote, and what stands around it.
      let length =
        110 + 2 * (entry.word.utf8.count + entry.label.utf8.count) + entry.path.utf8.count
      let isFull = shards[shards.count - 1].count >= Self.entryLimit
      if isFull || size + length > Self.byteLimit {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(entry)
      size += length
    }
    return shards
  }

  // MARK: entries

  private func entries() -> [Entry] {
    var result: Set<Entry> = []
    let model = site.model
    func add(_ object: ReportObject, _ kind: String, _ words: [String]) {
      guard let path = site.map.path(object) else { return }
      let label = site.map.label(object)
      for word in Set(words.flatMap(Self.parts)) {
        result.insert(
          Entry(key: word.lowercased(), word: word, label: label, kind: kind, path: path))
      }
    }
    for node in model.nodes {
      add(
        ReportObject(.node, node.name.rawValue), "node",
        [node.name.rawValue] + node.hosts + [node.tunnelAddress?.description ?? ""])
    }
    for network in model.networks {
      let blocks = (site.index.subnets[network.id] ?? []).map(\.cidr.description)
      add(
        ReportObject(.network, network.id.rawValue), "network",
        [network.label, network.id.rawValue] + blocks)
    }
    for router in model.routers {
      add(
        ReportObject(.router, router.id.rawValue), "router",
        [router.label, router.id.rawValue])
    }
    for tenant in site.index.tenants {
      add(ReportObject(.tenant, tenant.id), "tenant", [tenant.label, tenant.id])
    }
    for item in model.floatingIPs {
      add(
        ReportObject(.floatingIP, item.id?.rawValue ?? item.address.description), "floating IP",
        [item.address.description])
    }
    for server in model.servers {
      add(
        ReportObject(.server, server.id.rawValue), "server",
        [server.label, server.id.rawValue, server.instanceName ?? ""])
    }
    for port in model.ports where port.owner != .floatingIP {
      let devices = Set(port.locations.map(\.interface.rawValue))
      add(
        ReportObject(.port, port.id.rawValue), "port",
        [port.name, port.id.rawValue, port.mac?.description ?? ""]
          + port.addresses.map(\.description) + (port.isDistributed ? [] : devices.sorted()))
    }
    return result.sorted {
      $0.key == $1.key
        ? ($0.kind, $0.label, $0.path, $0.word) < ($1.kind, $1.label, $1.path, $1.word)
        // As the script compares.
        : $0.key.utf16.lexicographicallyPrecedes($1.key.utf16)
    }
  }

  /// A word, and what follows its hyphens: `web-12` is found by `12` too. Addresses, MACs and ids
  /// are only found from their beginning.
  private static func parts(_ word: String) -> [String] {
    guard !word.isEmpty else { return [] }
    let isNumber = word.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte) || ".:-/".utf8.contains(byte)
    }
    if isNumber || word.utf8.count > 80 { return [word] }
    let tails = word.indices.filter { "-_./ ".contains(word[$0]) }.prefix(4)
      .map { String(word[word.index(after: $0)...]) }
    return [word] + tails.filter { !$0.isEmpty }
  }
}
