// Facts → the narrow rows of flows. Millions of them: values are bound to one prepared statement each,
// and texts and shapes are looked up by what they are made of.
import Facts
import Formats
import GRDB
import NetworkTypes

/// Writes the flows of one bridge after another.
struct FlowWriter {
  /// What decides which numbers a match's values are made of.
  private struct LayoutKey: Hashable {
    let pattern: [UInt8]
    let kinds: [PrintedKind]
    let shape: MatchShape
  }
  /// Of each word of the values the slot that it is made of, 0 for none; and the shapes that differ in
  /// nothing but constants: a port's name is another number on another bridge.
  private struct Layout {
    let slots: [Int]
    var ids: [[UInt64]: Int64] = [:]
  }
  /// One text may be other actions on another bridge, where it names ports.
  private struct ListKey: Hashable {
    let text: String
    let actions: [FlowAction]
  }

  private let row, run, shape, field, list, part, cookie: RowStatement
  private var layouts: [LayoutKey: Layout] = [:]
  private var shapeCount: Int64 = 0
  private var lists: [ListKey: Int64] = [:]
  private var cookies: [UInt64: Int64] = [:]
  private var flowCount: Int64 = 0
  private var runCount: Int64 = 0
  private var printed = PrintedMatch()

  init(_ database: Database) throws {
    row = try RowStatement(database, "flow_row", columns: 13 + PrintedMatch.slotCount)
    run = try RowStatement(database, "flow_run", columns: 7)
    shape = try RowStatement(database, "flow_shape", columns: 3)
    field = try RowStatement(database, "flow_shape_field", columns: 8)
    list = try RowStatement(database, "flow_action_list", columns: 2)
    part = try RowStatement(database, "flow_action_part", columns: 8)
    cookie = try RowStatement(database, "flow_cookie", columns: 2)
  }

  mutating func write(
    _ flows: FlowList, of bridge: BridgeName, on node: NodeName, _ source: ProjectionSource
  ) throws {
    var listNumbers: [Int64?] = Array(repeating: nil, count: flows.actionLists.count)
    let isUnderstood = flows.actionLists.map { actions in
      ProjectedAction.all(actions).allSatisfy { $0.kind != "unrecognised" }
    }
    var file: (id: CaptureFileID, bytes: [UInt8])?
    var index = 0
    while index < flows.count {
      let start = index
      let table = flows.table(at: index)
      let place = flows.evidence(at: index).file
      runCount += 1
      while index < flows.count, flows.table(at: index) == table,
        flows.evidence(at: index).file == place
      {
        if file?.id != place { file = (place, source.bytes(of: place)) }
        try (file?.bytes ?? []).withUnsafeBufferPointer { bytes in
          try write(flows, index, bytes, &listNumbers, isUnderstood)
        }
        index += 1
      }
      run.bind(1, runCount)
      run.bind(2, node.rawValue)
      run.bind(3, bridge.rawValue)
      run.bind(4, Int64(table))
      run.bind(5, Int64(place.rawValue))
      run.bind(6, flowCount - Int64(index - start) + 1)
      run.bind(7, flowCount)
      try run.insert()
    }
  }

  private mutating func write(
    _ flows: FlowList, _ index: Int, _ bytes: UnsafeBufferPointer<UInt8>,
    _ listNumbers: inout [Int64?], _ isUnderstood: [Bool]
  ) throws {
    let evidence = flows.evidence(at: index)
    let line = evidence.bytes.clamped(to: 0..<bytes.count)
    let head = flows.rows[index]
    let rare = head.rare == 0 ? nil : flows.rare[Int(head.rare) - 1]
    let shape = try shape(of: flows, index, bytes, line)
    let actions = flows.actionIndex(at: index)
    let number: Int64
    if let known = listNumbers[actions] {
      number = known
    } else {
      number = try listNumber(flows.actionLists[actions], bytes, line)
      listNumbers[actions] = number
    }
    flowCount += 1
    row.bind(1, flowCount)
    row.bind(2, runCount)
    row.bind(3, Int64(head.priority))
    row.bind(4, shape)
    row.bind(5, number)
    row.bind(6, try cookieNumber(head.cookie))
    row.bind(7, known(head.packets))
    row.bind(8, known(head.bytes))
    row.bind(9, known(head.durationMilliseconds))
    row.bind(10, Int64(rare?.idleTimeoutSeconds ?? 0))
    row.bind(11, Int64(rare?.hardTimeoutSeconds ?? 0))
    let isWhole =
      isUnderstood[actions] && rare?.unrecognised.isEmpty != false
      && rare?.unrecognisedMatches.isEmpty != false
    row.bind(12, isWhole ? 1 : 0)
    row.bind(13, Int64(head.line))
    for slot in 0..<PrintedMatch.slotCount {
      let value = slot < printed.numbers.count ? printed.numbers[slot] : nil
      row.bind(Int32(14 + slot), value)
    }
    try row.insert()
  }

  private func known(_ value: UInt64) -> Int64? { value == .max ? nil : Int64(clamping: value) }

  private mutating func cookieNumber(_ value: UInt64) throws -> Int64 {
    if let number = cookies[value] { return number }
    let number = Int64(cookies.count + 1)
    cookies[value] = number
    cookie.bind(1, number)
    cookie.bind(2, hexadecimal(UInt128(value)))
    try cookie.insert()
    return number
  }

  private mutating func listNumber(
    _ actions: [FlowAction], _ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>
  ) throws -> Int64 {
    let text = String(decoding: bytes[PrintedMatch.actions(bytes, line)], as: UTF8.self)
    let key = ListKey(text: text, actions: actions)
    if let number = lists[key] { return number }
    let number = Int64(lists.count + 1)
    lists[key] = number
    list.bind(1, number)
    list.bind(2, text)
    try list.insert()
    for (position, action) in ProjectedAction.all(actions).enumerated() {
      part.bind(1, number)
      part.bind(2, Int64(position))
      part.bind(3, action.kind)
      part.bind(4, action.port.map { Int64($0) })
      part.bind(5, action.portName)
      part.bind(6, action.table.map { Int64($0) })
      part.bind(7, action.field)
      part.bind(8, action.value)
      try part.insert()
    }
    return number
  }

  // MARK: Shapes

  /// The number of a flow's shape; the numbers of its match are in `printed`.
  private mutating func shape(
    of flows: FlowList, _ index: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>
  ) throws -> Int64 {
    printed.read(bytes, line)
    let key = LayoutKey(
      pattern: printed.pattern, kinds: printed.kinds,
      shape: flows.shapes[flows.shapeIndex(at: index)])
    if layouts[key] == nil { layouts[key] = Layout(slots: slots(of: key.shape, bytes)) }
    guard let slots = layouts[key]?.slots else { return 0 }
    // What is left of each word without the number that it is made of.
    let constants = zip(flows.values(at: index), slots).map { word, slot in
      slot == 0 ? word : word &- UInt64(bitPattern: printed.numbers[slot - 1])
    }
    if let id = layouts[key]?.ids[constants] { return id }
    shapeCount += 1
    layouts[key]?.ids[constants] = shapeCount
    try insert(shapeCount, key, slots, constants)
    return shapeCount
  }

  /// Of each word of a shape's values the slot that it is made of; 0 for none.
  private func slots(of shape: MatchShape, _ bytes: UnsafeBufferPointer<UInt8>) -> [Int] {
    shape.fields.flatMap { field in
      field.wordCount == 2 ? [0, 0] : [slot(of: field, bytes) ?? 0]
    }
  }

  /// The number, from 1, whose key names the field, or what the field is normalised from.
  private func slot(of field: OpenFlowField, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let index = printed.keys.firstIndex { range in
      guard let named = OpenFlowField(name: String(decoding: bytes[range], as: UTF8.self)) else {
        return false
      }
      if named == field { return true }
      return [named, field].allSatisfy(Self.sources.contains)
        || [named, field].allSatisfy(Self.destinations.contains)
        || (field == .vlanTCI && named == .dlVLAN)
    }
    return index.map { $0 + 1 }
  }
  private static let sources: Set<OpenFlowField> = [
    .tcpSrc, .udpSrc, .sctpSrc, .icmpType, .icmp6Type,
  ]
  private static let destinations: Set<OpenFlowField> = [
    .tcpDst, .udpDst, .sctpDst, .icmpCode, .icmp6Code,
  ]

  private func insert(
    _ id: Int64, _ key: LayoutKey, _ slots: [Int], _ constants: [UInt64]
  ) throws {
    shape.bind(1, id)
    shape.bind(2, String(decoding: key.pattern, as: UTF8.self))
    shape.bind(3, String(decoding: key.kinds.map(\.rawValue), as: UTF8.self))
    try shape.insert()
    var word = 0
    for (position, (name, mask)) in zip(key.shape.fields, key.shape.masks).enumerated() {
      let value =
        name.wordCount == 2
        ? UInt128(constants[word]) << 64 | UInt128(constants[word + 1])
        : UInt128(constants[word])
      field.bind(1, id)
      field.bind(2, Int64(position))
      field.bind(3, name.name)
      field.bind(4, Int64(slots[word]))
      // What is added to a slot's number, which may be less than nothing; without one the value.
      field.bind(5, slots[word] == 0 ? small(value) : Int64(bitPattern: constants[word]))
      field.bind(6, hexadecimal(value))
      field.bind(7, hexadecimal(mask))
      field.bind(8, mask == name.valueMask ? 1 : 0)
      try field.insert()
      word += name.wordCount
    }
  }
}
