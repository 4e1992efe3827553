// The flows of a bridge as columns: a big switch has hundreds of thousands, and most of what they say
// they say alike. Reads like an array of `FlowEntry`.
import NetworkTypes

/// The flows of one dump. Matches are a shape and its values, lists of actions are kept once, what is
/// rare stands apart: about 100 bytes a flow where a `FlowEntry` takes 500.
public struct FlowList: Sendable {
  /// What every flow has. Indices point into the list's pools.
  package struct Row: Sendable {
    /// `.max` where it was not printed.
    package var durationMilliseconds = UInt64.max
    package var packets = UInt64.max
    package var bytes = UInt64.max
    package var cookie: UInt64 = 0
    package var idleAgeSeconds = UInt32.max
    package var hardAgeSeconds = UInt32.max
    package var shape: UInt32 = 0
    package var actions: UInt32 = 0
    /// First of the words of its values.
    package var values: UInt32 = 0
    /// Index of `rare` plus 1; 0 for none.
    package var rare: UInt32 = 0
    package var file: Int32 = 0
    package var line: Int32 = 0
    package var start: Int32 = 0
    package var end: Int32 = 0
    package var priority = FlowEntry.defaultPriority
    package var table: UInt8 = 0
    package var flags: UInt8 = 0
    package init() {}
  }

  /// What few flows have.
  package struct Rare: Sendable {
    package var idleTimeoutSeconds: UInt16 = 0
    package var hardTimeoutSeconds: UInt16 = 0
    package var importance: UInt16 = 0
    package var unrecognised: [String] = []
    package var unrecognisedMatches: [UnrecognisedMatch] = []
    package init() {}
  }

  package private(set) var rows: [Row] = []
  /// Values of matches, one flow's after another's; what removed flows leave behind stays.
  package private(set) var words: [UInt64] = []
  package private(set) var rare: [Rare] = []
  /// Every shape once, in the order in which they came.
  public private(set) var shapes: [MatchShape] = []
  /// Lists of actions; two numbers of one list are possible, two lists of one number are not.
  public private(set) var actionLists: [[FlowAction]] = []
  private var shapeIndices: [MatchShape: UInt32] = [:]
  private var actionIndices: [[FlowAction]: UInt32] = [:]

  public init() {}

  // MARK: By column

  /// The number of a flow's shape, an index into `shapes`.
  public func shapeIndex(at index: Int) -> Int { Int(rows[index].shape) }
  /// The number of a flow's actions, an index into `actionLists`.
  public func actionIndex(at index: Int) -> Int { Int(rows[index].actions) }
  public func table(at index: Int) -> UInt8 { rows[index].table }
  /// The words of a match's values, as its shape lays them out.
  public func values(at index: Int) -> ArraySlice<UInt64> {
    let row = rows[index]
    let count = shapes[Int(row.shape)].wordCount
    return words[Int(row.values)..<Int(row.values) + count]
  }
  public func evidence(at index: Int) -> Evidence { evidence(of: rows[index]) }

  /// The flows of some tables, in their order; the others are not looked into.
  public func entries(of tables: Set<UInt8>) -> [FlowEntry] {
    var isWanted = [Bool](repeating: false, count: 256)
    for table in tables { isWanted[Int(table)] = true }
    return rows.lazy.filter { isWanted[Int($0.table)] }.map(entry(of:))
  }
  /// Whether a table has a flow of some priorities.
  public func holds(_ table: UInt8, _ priorities: ClosedRange<UInt16>) -> Bool {
    rows.contains { $0.table == table && priorities.contains($0.priority) }
  }

  // MARK: Adding

  package mutating func reserveCapacity(flows: Int) {
    rows.reserveCapacity(flows)
    words.reserveCapacity(flows * 5)
  }

  /// The number of `shape` in `shapes`, where it is now if it was not.
  package mutating func intern(_ shape: MatchShape) -> UInt32 {
    if let index = shapeIndices[shape] { return index }
    let index = UInt32(shapes.count)
    shapes.append(shape)
    shapeIndices[shape] = index
    return index
  }
  /// A number of its own for a list: one that is spelled in its own way.
  package mutating func number(_ actions: [FlowAction]) -> UInt32 {
    actionLists.append(actions)
    return UInt32(actionLists.count - 1)
  }
  private mutating func intern(_ actions: [FlowAction]) -> UInt32 {
    if let index = actionIndices[actions] { return index }
    let index = UInt32(actionLists.count)
    actionLists.append(actions)
    actionIndices[actions] = index
    return index
  }
  /// Adds a row whose shape and actions are numbered already; the values are put in place.
  package mutating func append(_ row: Row, values: UnsafeBufferPointer<UInt64>) {
    var row = row
    row.values = UInt32(truncatingIfNeeded: words.count)
    words.append(contentsOf: values)
    rows.append(row)
  }

  public mutating func append(_ flow: FlowEntry) { append(flow, actions: intern(flow.actions)) }

  /// The same with actions that are numbered already.
  package mutating func append(_ flow: FlowEntry, actions: UInt32) {
    var row = Row()
    row.durationMilliseconds = flow.statistics.durationMilliseconds ?? .max
    row.packets = flow.statistics.packets ?? .max
    row.bytes = flow.statistics.bytes ?? .max
    row.cookie = flow.cookie
    row.idleAgeSeconds = flow.statistics.idleAgeSeconds ?? .max
    row.hardAgeSeconds = flow.statistics.hardAgeSeconds ?? .max
    row.shape = intern(MatchShape(flow.match))
    row.actions = actions
    row.rare = keep(flow)
    row.file = flow.evidence.file.rawValue
    row.line = flow.evidence.line
    row.start = flow.evidence.start
    row.end = flow.evidence.end
    row.priority = flow.priority
    row.table = flow.table
    row.flags = flow.flags.rawValue
    row.values = UInt32(truncatingIfNeeded: words.count)
    for match in flow.match.fields {
      if match.field.wordCount == 2 { words.append(UInt64(truncatingIfNeeded: match.value >> 64)) }
      words.append(UInt64(truncatingIfNeeded: match.value))
    }
    rows.append(row)
  }

  private mutating func keep(_ flow: FlowEntry) -> UInt32 {
    let isPlain =
      !flow.hasTimeout && flow.importance == 0 && flow.unrecognised.isEmpty
      && flow.match.unrecognised.isEmpty
    if isPlain { return 0 }
    var record = Rare()
    record.idleTimeoutSeconds = flow.idleTimeoutSeconds
    record.hardTimeoutSeconds = flow.hardTimeoutSeconds
    record.importance = flow.importance
    record.unrecognised = flow.unrecognised
    record.unrecognisedMatches = flow.match.unrecognised
    rare.append(record)
    return UInt32(rare.count)
  }

  // MARK: As entries

  private func rareRecord(of row: Row) -> Rare? { row.rare == 0 ? nil : rare[Int(row.rare) - 1] }

  private func evidence(of row: Row) -> Evidence {
    Evidence(
      file: CaptureFileID(Int(row.file)), line: Int(row.line), bytes: Int(row.start)..<Int(row.end))
  }

  private func match(of row: Row) -> FlowMatch {
    let shape = shapes[Int(row.shape)]
    var position = Int(row.values)
    var match = FlowMatch(inOrder: shape.fields.count) { index in
      let field = shape.fields[index]
      var value = UInt128(words[position])
      if field.wordCount == 2 {
        value = value << 64 | UInt128(words[position + 1])
        position += 1
      }
      position += 1
      return FieldMatch(field, value: value, mask: shape.masks[index])
    }
    if let rare = rareRecord(of: row) { match.unrecognised = rare.unrecognisedMatches }
    return match
  }

  private func entry(of row: Row) -> FlowEntry {
    var flow = FlowEntry(
      table: row.table, priority: row.priority, cookie: row.cookie, match: match(of: row),
      actions: actionLists[Int(row.actions)], flags: FlowFlags(rawValue: row.flags),
      statistics: FlowStatistics(
        durationMilliseconds: known(row.durationMilliseconds), packets: known(row.packets),
        bytes: known(row.bytes), idleAgeSeconds: known(row.idleAgeSeconds),
        hardAgeSeconds: known(row.hardAgeSeconds)),
      evidence: evidence(of: row))
    if let rare = rareRecord(of: row) {
      flow.idleTimeoutSeconds = rare.idleTimeoutSeconds
      flow.hardTimeoutSeconds = rare.hardTimeoutSeconds
      flow.importance = rare.importance
      flow.unrecognised = rare.unrecognised
    }
    return flow
  }

  private func known<Value: FixedWidthInteger>(_ value: Value) -> Value? {
    value == .max ? nil : value
  }
}

extension FlowList: RandomAccessCollection, MutableCollection, RangeReplaceableCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { rows.count }
  public subscript(index: Int) -> FlowEntry {
    get { entry(of: rows[index]) }
    set { replaceSubrange(index..<index + 1, with: CollectionOfOne(newValue)) }
  }

  public mutating func replaceSubrange(
    _ range: Range<Int>, with flows: some Collection<FlowEntry>
  ) {
    let after = rows[range.upperBound...]
    rows.removeSubrange(range.lowerBound...)
    for flow in flows { append(flow) }
    rows += after
  }
  /// An array: a few flows of many need no columns of their own.
  public func filter(_ isIncluded: (FlowEntry) throws -> Bool) rethrows -> [FlowEntry] {
    try rows.lazy.map(entry(of:)).filter(isIncluded)
  }
  public mutating func removeAll(where isRemoved: (FlowEntry) throws -> Bool) rethrows {
    rows = try rows.filter { try !isRemoved(entry(of: $0)) }
  }
}

extension FlowList: ExpressibleByArrayLiteral {
  public init(arrayLiteral flows: FlowEntry...) { self.init(flows) }
}

extension FlowList: Hashable {
  public static func == (a: FlowList, b: FlowList) -> Bool { a.elementsEqual(b) }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for flow in self { hasher.combine(flow) }
  }
}
