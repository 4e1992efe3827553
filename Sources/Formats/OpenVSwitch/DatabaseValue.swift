// A column's value in OVSDB's JSON (RFC 7047, 5.1): atoms, `["set",[…]]`, `["map",[[k,v],…]]`.
import Facts
import NetworkTypes

/// A row's columns by name, with readers that give nil or empty for absent and other types.
struct DatabaseColumns {
  private let values: [String: JSONNode]
  /// Columns that hold something else than their reader expects.
  private(set) var mistyped: [JSONNode] = []

  init(headings: [String], cells: [JSONNode]) {
    values = Dictionary(zip(headings, cells)) { first, _ in first }
  }

  /// The column's members: one for a lone atom, none for an empty set or an absent column.
  private func atoms(_ name: String) -> [JSONNode] {
    guard let value = values[name] else { return [] }
    guard let elements = value.elements, elements.count == 2, elements[0].string == "set" else {
      return [value]
    }
    return elements[1].elements ?? []
  }
  private mutating func read<Value>(
    _ name: String, _ convert: (JSONNode) -> Value?
  ) -> [Value] {
    var read: [Value] = []
    for atom in atoms(name) {
      if let value = convert(atom) { read.append(value) } else { mistyped.append(atom) }
    }
    return read
  }

  mutating func strings(_ name: String) -> [String] { read(name) { $0.string } }
  mutating func string(_ name: String) -> String? { strings(name).first }
  mutating func flag(_ name: String) -> Bool { read(name) { $0.bool }.first ?? false }
  mutating func number(_ name: String) -> Int? { read(name) { $0.number(Int.self) }.first }
  mutating func vlans(_ name: String) -> [VLANID] {
    read(name) { $0.number(Int.self).flatMap { VLANID($0) } }
  }
  mutating func ids(_ name: String) -> [RowID] { read(name) { $0.rowID } }
  mutating func mac(_ name: String) -> MACAddress? {
    read(name) { $0.string.flatMap { MACAddress($0) } }.first
  }
  mutating func map(_ name: String) -> [String: String] {
    guard let value = values[name] else { return [:] }
    guard let elements = value.elements, elements.count == 2, elements[0].string == "map",
      let pairs = elements[1].elements
    else {
      mistyped.append(value)
      return [:]
    }
    var map: [String: String] = [:]
    for pair in pairs {
      guard let parts = pair.elements, parts.count == 2, let key = parts[0].scalarText else {
        mistyped.append(pair)
        continue
      }
      map[key] = parts[1].scalarText ?? parts[1].rowID?.rawValue ?? ""
    }
    return map
  }
}

extension JSONNode {
  /// `["uuid","…"]`.
  var rowID: RowID? {
    guard let elements, elements.count == 2, elements[0].string == "uuid" else { return nil }
    return elements[1].string.map { RowID($0) }
  }
}
