// Capture → CloudFacts: every file through its parser, in parallel; then, in order, the records to
// their places and a gap for whatever is not there. Feeds everything behind the snapshot.
import Dispatch
import Facts
import NetworkTypes
import Synchronization

extension CloudFacts {
  /// Parses all files of `capture`; the same bytes give the same facts.
  ///
  /// Cost: linear in bytes; files are shared out among the machine's processors.
  public init(parsing capture: Capture) {
    self.init()
    files = capture.files.map(\.description)
    nodes = capture.nodes.map(NodeFacts.init(name:))
    let formats = files.map(FormatCatalogue.row(for:))
    let parsed = parseAll(capture.files, formats)
    store(parsed, formats)
    markUnreadable(capture.unreadable)
    markMissing()
    diagnostics.sort { ($0.evidence, $0.id, $0.message) < ($1.evidence, $1.id, $1.message) }
    gaps = Array(Set(gaps)).sorted()
  }
}

/// Largest files first, so that no processor is left with one at the end.
private func parseAll(_ files: [RawFile], _ formats: [CaptureFormat?]) -> [ParsedFile?] {
  let order = files.indices.sorted { files[$0].bytes.count > files[$1].bytes.count }
  let results = Mutex<[ParsedFile?]>(Array(repeating: nil, count: files.count))
  DispatchQueue.concurrentPerform(iterations: order.count) { position in
    let index = order[position]
    let file = files[index]
    let text = CaptureText(file: file.description.id, bytes: file.bytes)
    guard let parsed = formats[index]?.parse(text, file.description) else { return }
    results.withLock { $0[index] = parsed }
  }
  return results.withLock { $0 }
}

extension CloudFacts {
  /// Puts every file's records in place, rows of the catalogue in order so that later ones win.
  fileprivate mutating func store(_ parsed: [ParsedFile?], _ formats: [CaptureFormat?]) {
    coverage = parsed.map { $0?.coverage }
    diagnostics = parsed.flatMap { $0?.diagnostics ?? [] }
    let rank = Dictionary(
      uniqueKeysWithValues: FormatCatalogue.rows.enumerated().map { ($1.name, $0) })
    let order = files.indices.sorted { first, second in
      let ranks = [first, second].map { formats[$0].flatMap { rank[$0.name] } ?? -1 }
      return (ranks[0], first) < (ranks[1], second)
    }
    for index in order {
      let gap = gap(of: files[index], isIncomplete: parsed[index]?.isIncomplete ?? false)
      if let gap { gaps.append(gap) }
      parsed[index]?.store(&self, place(of: files[index]), gap)
    }
  }

  private func place(of file: CaptureFile) -> FactsPlace {
    let node = file.node.flatMap { name in nodes.firstIndex { $0.name == name } }
    return FactsPlace(node: node, place: FilePlace(file))
  }

  /// Why a file that is there does not tell everything; nil where it does.
  private func gap(of file: CaptureFile, isIncomplete: Bool) -> Gap? {
    if let command = file.command, command.exitCode != 0 {
      let detail = command.standardError.isEmpty ? "" : ": \(command.standardError)"
      return Gap(
        node: file.node, path: file.path, reason: "exit code \(command.exitCode)\(detail)")
    }
    guard isIncomplete else { return nil }
    return Gap(node: file.node, path: file.path, reason: "cut or damaged")
  }

  /// A file that could not be read is the gap of its section.
  fileprivate mutating func markUnreadable(_ unreadable: [Gap]) {
    gaps += unreadable
    for gap in unreadable {
      let file = CaptureFile(
        id: CaptureFileID(-1), node: gap.node, path: gap.path, sizeBytes: 0, command: nil)
      guard let format = FormatCatalogue.row(for: file) else { continue }
      _ = format.markMissing(&self, place(of: file), gap)
    }
  }

  /// Every expected file that is not there becomes a gap, of its section and of the capture.
  fileprivate mutating func markMissing() {
    for node in nodes.indices {
      for place in expectedPlaces(of: nodes[node]) {
        markMissing(at: FactsPlace(node: node, place: place), nodes[node].name)
      }
    }
    markMissing(at: FactsPlace(node: nil, place: .neutron("")), nil)
  }

  private mutating func markMissing(at place: FactsPlace, _ node: NodeName?) {
    for format in FormatCatalogue.rows where format.belongs(place.place) {
      let path = place.place.folder + format.canonicalName
      let gap = Gap(node: node, path: path, reason: "missing")
      if format.markMissing(&self, place, gap), format.isExpected { gaps.append(gap) }
    }
  }

  /// Namespaces and bridges that are captured or that a list on the node names.
  private func expectedPlaces(of node: NodeFacts) -> [FilePlace] {
    let listed = node.namespaceListings.records.map(\.name)
    let namespaces = Set(node.namespaces.keys).union(listed).union([.root])
    let configured = node.openVSwitch.database.records.flatMap { $0.bridges.map(\.name) }
    let bridges = Set(node.openVSwitch.bridges.keys).union(configured)
    return namespaces.sorted().map(FilePlace.namespace) + [.openVSwitch]
      + bridges.sorted().map(FilePlace.bridge)
  }
}
