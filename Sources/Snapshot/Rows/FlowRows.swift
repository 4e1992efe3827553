// Facts → the narrow rows of flows. Millions of them: what many have in common is looked up by what it is
// made of, and numbered within the part of the capture. Feeds FlowDictionary and SnapshotWriter.
import Facts
import Formats
import GRDB
import NetworkTypes

/// A match without its numbers, as the tables `flow_shape` and `flow_shape_field` hold it.
struct FlowShape: Hashable, Sendable {
  let pattern: [UInt8]
  let kinds: [PrintedKind]
  let shape: MatchShape
  /// Of each word of the values the slot that it is made of, 0 for none.
  let slots: [Int]
  /// What is left of each word without the number in its slot.
  let constants: [UInt64]
}

/// A list of actions, as the tables `flow_action_list` and `flow_action_part` hold it. One text may be
/// other actions on another bridge, where it names ports.
struct FlowActionText: Hashable, Sendable {
  let text: String
  let actions: [ProjectedAction]

  func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// The rows of all flows of a part of a capture.
struct FlowRows: Sendable {
  /// What decides which numbers a match's values are made of; the shape is one of the list's.
  private struct LayoutKey: Hashable {
    let pattern: [UInt8]
    let kinds: [PrintedKind]
    let shape: Int
  }
  /// The shapes that differ in nothing but constants: a port's name is another number on another
  /// bridge.
  private struct Layout {
    let slots: [Int]
    var numbers: [[UInt64]: Int64] = [:]
  }

  private(set) var runs = RowBatch(
    "flow_run",
    roles: [.key, .plain, .plain, .plain, .file, .parent("flow_row"), .parent("flow_row")])
  private(set) var rows = RowBatch(
    "flow_row",
    roles: [.key, .parent("flow_run"), .plain, .flowShape, .flowActions, .flowCookie]
      + Array(repeating: .plain, count: 7 + PrintedMatch.slotCount))
  /// Each once, in the order in which they came; cells number them from 0.
  private(set) var shapes: [FlowShape] = []
  private(set) var actions: [FlowActionText] = []
  private(set) var cookies: [UInt64] = []

  private var shapeNumbers: [FlowShape: Int64] = [:]
  private var actionNumbers: [FlowActionText: Int64] = [:]
  private var cookieNumbers: [UInt64: Int64] = [:]
  private var runCount: Int64 = 0
  private var flowCount: Int64 = 0

  init(_ source: ProjectionSource) {
    let bridges = source.facts.nodes.flatMap { node in
      node.openVSwitch.bridges.sorted { $0.key < $1.key }.map { (node.name, $0.key, $0.value) }
    }
    rows.reserveCapacity(rows: bridges.reduce(0) { $0 + $1.2.flows.records.count })
    for (node, name, bridge) in bridges { add(bridge.flows.records, of: name, on: node, source) }
    (shapeNumbers, actionNumbers, cookieNumbers) = ([:], [:], [:])
  }

  private mutating func add(
    _ flows: FlowList, of bridge: BridgeName, on node: NodeName, _ source: ProjectionSource
  ) {
    var bridgeRows = BridgeRows(flows)
    var index = 0
    while index < flows.count {
      let start = index
      let table = flows.table(at: index)
      let place = flows.evidence(at: index).file
      runCount += 1
      source.bytes(of: place).withUnsafeBufferPointer { bytes in
        while index < flows.count, flows.table(at: index) == table,
          flows.rows[index].file == place.rawValue
        {
          add(flows, index, bytes, &bridgeRows)
          index += 1
        }
      }
      runs.add(runCount)
      runs.add(node.rawValue)
      runs.add(bridge.rawValue)
      runs.add(Int64(table))
      runs.add(Int64(place.rawValue))
      runs.add(flowCount - Int64(index - start) + 1)
      runs.add(flowCount)
    }
  }

  /// What is known of one list of flows.
  private struct BridgeRows {
    var actionNumbers: [Int64?]
    let isUnderstood: [Bool]
    let projected: [[ProjectedAction]]
    var layoutNumbers: [LayoutKey: Int] = [:]
    var layouts: [Layout] = []
    var printed = PrintedMatch()
    /// Of the flow at hand.
    var constants: [UInt64] = []
    /// Of the flow before: most are of one kind with it.
    var last: (key: LayoutKey, layout: Int)?

    init(_ flows: FlowList) {
      actionNumbers = Array(repeating: nil, count: flows.actionLists.count)
      projected = flows.actionLists.map(ProjectedAction.all)
      isUnderstood = projected.map { actions in
        actions.allSatisfy { $0.kind != "unrecognised" }
      }
    }
  }

  private mutating func add(
    _ flows: FlowList, _ index: Int, _ bytes: UnsafeBufferPointer<UInt8>,
    _ bridge: inout BridgeRows
  ) {
    let head = flows.rows[index]
    let line = (Int(head.start)..<Int(head.end)).clamped(to: 0..<bytes.count)
    let rare = head.rare == 0 ? nil : flows.rare[Int(head.rare) - 1]
    let shape = shapeNumber(of: flows, index, bytes, line, &bridge)
    let list = Int(head.actions)
    flowCount += 1
    rows.add(flowCount)
    rows.add(runCount)
    rows.add(Int64(head.priority))
    rows.add(shape)
    rows.add(actionNumber(list, bytes, line, &bridge))
    rows.add(cookieNumber(head.cookie))
    rows.add(known(head.packets))
    rows.add(known(head.bytes))
    rows.add(known(head.durationMilliseconds))
    rows.add(Int64(rare?.idleTimeoutSeconds ?? 0))
    rows.add(Int64(rare?.hardTimeoutSeconds ?? 0))
    let isWhole =
      bridge.isUnderstood[list] && rare?.unrecognised.isEmpty != false
      && rare?.unrecognisedMatches.isEmpty != false
    rows.add(Int64(isWhole ? 1 : 0))
    rows.add(Int64(head.line))
    for slot in 0..<PrintedMatch.slotCount {
      rows.add(slot < bridge.printed.numbers.count ? bridge.printed.numbers[slot] : nil)
    }
  }

  private func known(_ value: UInt64) -> Int64? { value == .max ? nil : Int64(clamping: value) }

  private mutating func cookieNumber(_ value: UInt64) -> Int64 {
    if let number = cookieNumbers[value] { return number }
    let number = Int64(cookies.count)
    cookieNumbers[value] = number
    cookies.append(value)
    return number
  }

  private mutating func actionNumber(
    _ list: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>,
    _ bridge: inout BridgeRows
  ) -> Int64 {
    if let number = bridge.actionNumbers[list] { return number }
    let text = String(decoding: bytes[PrintedMatch.actions(bytes, line)], as: UTF8.self)
    let key = FlowActionText(text: text, actions: bridge.projected[list])
    let number = actionNumbers[key] ?? Int64(actions.count)
    if number == actions.count {
      actionNumbers[key] = number
      actions.append(key)
    }
    bridge.actionNumbers[list] = number
    return number
  }

  // MARK: Shapes

  /// The number of a flow's shape; the numbers of its match are in `bridge.printed`.
  private mutating func shapeNumber(
    of flows: FlowList, _ index: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>,
    _ bridge: inout BridgeRows
  ) -> Int64 {
    bridge.printed.read(bytes, line)
    let key = LayoutKey(
      pattern: bridge.printed.pattern, kinds: bridge.printed.kinds,
      shape: flows.shapeIndex(at: index))
    let layout = layoutNumber(key, flows, bytes, &bridge)
    bridge.constants.removeAll(keepingCapacity: true)
    for (word, slot) in zip(flows.values(at: index), bridge.layouts[layout].slots) {
      bridge.constants.append(
        slot == 0 ? word : word &- UInt64(bitPattern: bridge.printed.numbers[slot - 1]))
    }
    if let number = bridge.layouts[layout].numbers[bridge.constants] { return number }
    let number = shapeNumber(
      FlowShape(
        pattern: key.pattern, kinds: key.kinds, shape: flows.shapes[key.shape],
        slots: bridge.layouts[layout].slots, constants: bridge.constants))
    bridge.layouts[layout].numbers[bridge.constants] = number
    return number
  }

  private func layoutNumber(
    _ key: LayoutKey, _ flows: FlowList, _ bytes: UnsafeBufferPointer<UInt8>,
    _ bridge: inout BridgeRows
  ) -> Int {
    if let last = bridge.last, last.key == key { return last.layout }
    let number = bridge.layoutNumbers[key] ?? newLayout(key, flows, bytes, &bridge)
    bridge.last = (key, number)
    return number
  }

  private func newLayout(
    _ key: LayoutKey, _ flows: FlowList, _ bytes: UnsafeBufferPointer<UInt8>,
    _ bridge: inout BridgeRows
  ) -> Int {
    let slots = Self.slots(of: flows.shapes[key.shape], bridge.printed, bytes)
    bridge.layoutNumbers[key] = bridge.layouts.count
    bridge.layouts.append(Layout(slots: slots))
    return bridge.layouts.count - 1
  }

  private mutating func shapeNumber(_ shape: FlowShape) -> Int64 {
    if let number = shapeNumbers[shape] { return number }
    let number = Int64(shapes.count)
    shapeNumbers[shape] = number
    shapes.append(shape)
    return number
  }

  /// Of each word of a shape's values the slot that it is made of; 0 for none.
  private static func slots(
    of shape: MatchShape, _ printed: PrintedMatch, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> [Int] {
    shape.fields.flatMap { field in
      field.wordCount == 2 ? [0, 0] : [slot(of: field, printed, bytes) ?? 0]
    }
  }

  /// The number, from 1, whose key names the field, or what the field is normalised from.
  private static func slot(
    of field: OpenFlowField, _ printed: PrintedMatch, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Int? {
    let index = printed.keys.firstIndex { range in
      guard let named = OpenFlowField(name: String(decoding: bytes[range], as: UTF8.self)) else {
        return false
      }
      if named == field { return true }
      return [named, field].allSatisfy(sources.contains)
        || [named, field].allSatisfy(destinations.contains)
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
}
