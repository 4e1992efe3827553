// What flows of all nodes have in common, each once in a snapshot: shapes of matches, lists of actions,
// cookies. Fed by FlowRows; used by SnapshotWriter.
import Facts
import Formats
import GRDB
import NetworkTypes

/// Numbers what a part's flows have in common and writes what is new of it.
struct FlowDictionary {
  private let shape, field, list, part, cookie: RowStatement
  private var shapes: [FlowShape: Int64] = [:]
  private var lists: [FlowActionText: Int64] = [:]
  private var cookies: [UInt64: Int64] = [:]

  init(_ database: Database) throws {
    shape = try RowStatement(database, "flow_shape", columns: 3)
    field = try RowStatement(database, "flow_shape_field", columns: 8)
    list = try RowStatement(database, "flow_action_list", columns: 2)
    part = try RowStatement(database, "flow_action_part", columns: 8)
    cookie = try RowStatement(database, "flow_cookie", columns: 2)
  }

  mutating func number(_ value: UInt64) throws -> Int64 {
    if let number = cookies[value] { return number }
    let number = Int64(cookies.count + 1)
    cookies[value] = number
    cookie.bind(1, number)
    cookie.bind(2, hexadecimal(UInt128(value)))
    try cookie.insert()
    return number
  }

  mutating func number(_ actions: FlowActionText) throws -> Int64 {
    if let number = lists[actions] { return number }
    let number = Int64(lists.count + 1)
    lists[actions] = number
    list.bind(1, number)
    list.bind(2, actions.text)
    try list.insert()
    for (position, action) in actions.actions.enumerated() {
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

  mutating func number(_ key: FlowShape) throws -> Int64 {
    if let number = shapes[key] { return number }
    let number = Int64(shapes.count + 1)
    shapes[key] = number
    try insert(number, key)
    return number
  }

  private func insert(_ id: Int64, _ key: FlowShape) throws {
    shape.bind(1, id)
    shape.bind(2, String(decoding: key.pattern, as: UTF8.self))
    shape.bind(3, String(decoding: key.kinds.map(\.rawValue), as: UTF8.self))
    try shape.insert()
    let (slots, constants) = (key.slots, key.constants)
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
      let constant: Int64? =
        slots[word] == 0 ? small(value) : Int64(bitPattern: constants[word])
      field.bind(5, constant)
      field.bind(6, hexadecimal(value))
      field.bind(7, hexadecimal(mask))
      field.bind(8, Int64(mask == name.valueMask ? 1 : 0))
      try field.insert()
      word += name.wordCount
    }
  }
}
