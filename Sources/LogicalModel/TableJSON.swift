// Tables as JSON for programs: the same cells, typed. Feeds `show --format json`.

extension TextTable {
  /// An array of objects, one a row: `[{"name":"web","mtu":1450,…}]`; `none` is null.
  public var json: String {
    let objects = rows.map { row in
      let members = zip(columns, row).map { column, cell in
        "\(jsonString(column.key)):\(cell.json)"
      }
      return "{" + members.joined(separator: ",") + "}"
    }
    return "[" + objects.joined(separator: ",\n") + "]"
  }

  /// Several tables as one object, by their keys.
  public static func json(_ tables: [TextTable]) -> String {
    let members = tables.map { "\(jsonString($0.key)):\($0.json)" }
    return "{" + members.joined(separator: ",\n") + "}\n"
  }
}

extension TableCell {
  var json: String {
    switch self {
    case .text(let text), .id(let text): jsonString(text)
    case .number(let number): "\(number)"
    case .flag(let flag): flag ? "true" : "false"
    case .list(let items): "[" + items.map(jsonString).joined(separator: ",") + "]"
    case .none: "null"
    }
  }
}

/// A JSON string; everything outside printable ASCII is escaped, so that no terminal is moved either.
func jsonString(_ text: String) -> String {
  var result = "\""
  for unit in text.utf16 {
    switch unit {
    case 0x22: result += "\\\""
    case 0x5c: result += "\\\\"
    case 0x20..<0x7f: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
    default:
      let digits = String(unit, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }
  return result + "\""
}
