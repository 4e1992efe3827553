// Capture → CloudFacts: every file through its parser, in parallel; then, in order, the records to
// their places and a gap for whatever is not there. Feeds everything behind the snapshot.
import Facts
import NetworkTypes
import Synchronization
import Workers

extension CloudFacts {
  /// Parses all files of `capture`; the same bytes give the same facts.
  ///
  /// Cost: linear in bytes; files are shared out among the machine's processors.
  public init(parsing capture: Capture) {
    self.init(parsing: capture, isWhole: true, isConcurrent: true)
  }

  /// The facts of a part of a capture, as `CaptureListing` reads it.
  ///
  /// - Parameter isConcurrent: Whether its files are shared out among the machine's processors.
  package init(parsingPart capture: Capture, isConcurrent: Bool) {
    self.init(parsing: capture, isWhole: false, isConcurrent: isConcurrent)
  }

  private init(parsing capture: Capture, isWhole: Bool, isConcurrent: Bool) {
    self.init()
    files = capture.files.map(\.description)
    nodes = capture.nodes.map(NodeFacts.init(name:))
    coverage = Array(repeating: nil, count: files.count)
    let formats = FormatCatalogue.rows(for: files)
    formatNames = formats.map { $0?.name }
    let isNamed = formats.map { $0?.parseNamed != nil }
    for phase in [false, true] {
      let indices = files.indices.filter { isNamed[$0] == phase }
      store(parse(indices, of: capture.files, formats, isConcurrent), formats)
    }
    listFailures(formats)
    markUnreadable(capture.unreadable)
    // Of Neutron's answers only the part that belongs to no node knows that they are missing.
    markMissing(expectsAnswers: isWhole || nodes.isEmpty)
    diagnostics.sort { ($0.evidence, $0.id, $0.message) < ($1.evidence, $1.id, $1.message) }
    gaps = Array(Set(gaps)).sorted()
  }
}

extension CloudFacts {
  /// Largest files first, so that no processor is left with one at the end.
  private func parse(
    _ indices: [Int], of files: [RawFile], _ formats: [CaptureFormat?], _ isConcurrent: Bool
  ) -> [Int: ParsedFile] {
    guard isConcurrent else {
      let pairs = indices.compactMap { index in
        formats[index].map { (index, parse(files[index], as: $0)) }
      }
      return Dictionary(uniqueKeysWithValues: pairs)
    }
    let order = indices.sorted { files[$0].content.count > files[$1].content.count }
    let results = Mutex<[Int: ParsedFile]>([:])
    Workers.perform(order.count) { position in
      let index = order[position]
      guard let format = formats[index] else { return }
      let parsed = parse(files[index], as: format)
      results.withLock { $0[index] = parsed }
    }
    return results.withLock { $0 }
  }

  private func parse(_ file: RawFile, as format: CaptureFormat) -> ParsedFile {
    let text = CaptureText(file: file.description.id, bytes: file.bytes)
    guard let parseNamed = format.parseNamed else { return format.parse(text, file.description) }
    return parseNamed(text, file.description, portNames(for: file.description))
  }

  /// The names of the ports of the bridge that a file is of.
  private func portNames(for file: CaptureFile) -> SwitchNames {
    guard case .bridge(let name) = FilePlace(file), let node = file.node.flatMap(node(_:)),
      let bridge = node.openVSwitch.bridges[name]
    else { return SwitchNames() }
    let ports = bridge.portsInShow.records + bridge.ports.records
    return SwitchNames(
      ports: Dictionary(
        ports.map { ($0.name.rawValue, OpenFlowPort($0.number)) }, uniquingKeysWith: { $1 }))
  }

  /// Puts every file's records in place, rows of the catalogue in order so that later ones win.
  private mutating func store(_ parsed: [Int: ParsedFile], _ formats: [CaptureFormat?]) {
    let rank = Dictionary(
      uniqueKeysWithValues: FormatCatalogue.rows.enumerated().map { ($1.name, $0) })
    let order = parsed.keys.sorted { first, second in
      let ranks = [first, second].map { formats[$0].flatMap { rank[$0.name] } ?? -1 }
      return (ranks[0], first) < (ranks[1], second)
    }
    for index in order {
      guard let file = parsed[index] else { continue }
      coverage[index] = file.coverage
      diagnostics += file.diagnostics
      let gap = gap(of: files[index], isIncomplete: file.isIncomplete)
      if let gap { gaps.append(gap) }
      file.store(&self, place(of: files[index]), gap)
    }
  }

  /// Commands that failed, though nobody reads what they wrote.
  private mutating func listFailures(_ formats: [CaptureFormat?]) {
    for (file, format) in zip(files, formats) where format == nil {
      if let gap = gap(of: file, isIncomplete: false) { gaps.append(gap) }
    }
  }

  private func place(of file: CaptureFile) -> FactsPlace {
    let node = file.node.flatMap(nodeIndex)
    return FactsPlace(node: node, place: FilePlace(file))
  }

  /// Nodes are sorted by name.
  private func nodeIndex(_ name: NodeName) -> Int? {
    var (low, high) = (0, nodes.count)
    while low < high {
      let middle = (low + high) / 2
      if nodes[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low < nodes.count && nodes[low].name == name ? low : nil
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
  fileprivate mutating func markMissing(expectsAnswers: Bool) {
    for node in nodes.indices {
      for place in expectedPlaces(of: nodes[node]) {
        markMissing(at: FactsPlace(node: node, place: place), nodes[node].name)
      }
    }
    if expectsAnswers { markMissing(at: FactsPlace(node: nil, place: .neutron("")), nil) }
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
