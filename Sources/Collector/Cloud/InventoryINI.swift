// Ansible's INI inventories; a plain list of hosts is one without groups. Feeds Inventory.
// Source: Ansible's `plugins/inventory/ini.py`: `[group]`, `[group:children]`, `[group:vars]`, hosts
// with `key=value` behind them, and ranges (`cmp[01:20]`, `rack[a:d]`, with a step).

enum InventoryINI {
  private enum Section: Hashable {
    case hosts(String?)
    case children(String)
    case variables(String)
  }

  static func parse(_ text: String, file: String) throws(CollectionError) -> InventoryGroups {
    var result = InventoryGroups()
    var section = Section.hosts(nil)
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let source = "\(file):\(index + 1)"
      let line = trimmed(raw)
      if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
      if line.hasPrefix("[") {
        section = try heading(line, source)
        if case .hosts(let group?) = section { result.groups[group, default: .init()].hosts += [] }
        continue
      }
      switch section {
      case .hosts(let group): try addHosts(line, group, source, to: &result)
      case .children(let group):
        let child = InventoryTarget.words(line).first ?? line
        result.groups[group, default: .init()].children.append(child)
        result.groups[child, default: .init()].hosts += []
      case .variables(let group):
        let (key, value) = try assignment(line, source)
        result.groups[group, default: .init()].variables[key] = value
      }
    }
    return result
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    var text = Substring(text)
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }

  private static func heading(_ line: String, _ source: String) throws(CollectionError) -> Section {
    guard let close = line.firstIndex(of: "]") else {
      throw CollectionError("\(source): '[' without ']': wanted [group]")
    }
    let name = line[line.index(after: line.startIndex)..<close]
    let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
    switch (parts.count, parts.last) {
    case (1, _): return .hosts(parts[0])
    case (2, "children"): return .children(parts[0])
    case (2, "vars"): return .variables(parts[0])
    default:
      throw CollectionError(
        "\(source): [\(name)]: wanted [group], [group:children] or [group:vars]")
    }
  }

  private static func assignment(
    _ line: String, _ source: String
  ) throws(CollectionError) -> (String, String) {
    let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw CollectionError("\(source): '\(line)': wanted key=value") }
    // In `[group:vars]` everything behind the sign is the value, quotes taken off.
    let value = trimmed(parts[1])
    let isQuoted =
      value.count > 1 && value.first == value.last && (value.first == "'" || value.first == "\"")
    return (trimmed(parts[0]), isQuoted ? String(value.dropFirst().dropLast()) : value)
  }

  private static func addHosts(
    _ line: String, _ group: String?, _ source: String, to result: inout InventoryGroups
  ) throws(CollectionError) {
    var words = InventoryTarget.words(line)
    if let comment = words.firstIndex(where: { $0.hasPrefix("#") }) {
      words.removeSubrange(comment...)
    }
    guard let pattern = words.first else { return }
    var variables: [String: String] = [:]
    for word in words.dropFirst() {
      let (key, value) = try assignment(word, source)
      variables[key] = value
    }
    for name in try InventoryRange.names(pattern, source) {
      let (host, more) = try address(name, source)
      result.add(
        host, variables: more.merging(variables) { $1 }, group: group, source: source)
    }
  }

  /// `user@host:port` of plain lists: the host is the name.
  private static func address(
    _ text: String, _ source: String
  ) throws(CollectionError) -> (String, [String: String]) {
    let target = try NodeTarget(host: text, isRaised: false, source: source)
    guard case .ssh(let destination, let options) = target.way else { return (text, [:]) }
    var variables: [String: String] = [:]
    if let at = destination.lastIndex(of: "@") {
      variables["ansible_user"] = String(destination[..<at])
    }
    if let port = options.last { variables["ansible_port"] = port }
    return (target.name, variables)
  }
}

/// `cmp[01:20]` and `rack[a:d]-[1:9:2]`.
enum InventoryRange {
  /// A range of a million hosts is a slip of the pen.
  private static let maximumHosts = 100_000
  /// Three numbers; zeros before them make names as long.
  private static let maximumRangeBytes = 64

  static func names(_ pattern: String, _ source: String) throws(CollectionError) -> [String] {
    var names = [""]
    var rest = pattern[...]
    // A pattern that begins with a bracket is an address's.
    while let open = rest.firstIndex(of: "["), open > pattern.startIndex,
      let close = rest[open...].firstIndex(of: "]")
    {
      let head = rest[..<open]
      let values = try values(String(rest[rest.index(after: open)..<close]), source)
      guard names.count * values.count <= maximumHosts else {
        throw CollectionError("\(source): \(pattern): more than \(maximumHosts) hosts")
      }
      names = names.flatMap { name in values.map { name + head + $0 } }
      rest = rest[rest.index(after: close)...]
    }
    return names.map { $0 + rest }
  }

  private static func values(_ range: String, _ source: String) throws(CollectionError) -> [String]
  {
    let parts = range.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let wanted = CollectionError("\(source): [\(range)]: wanted [first:last] or [first:last:step]")
    guard parts.count == 2 || parts.count == 3, range.utf8.count <= maximumRangeBytes,
      let step = parts.count == 3 ? Int(parts[2]) : 1,
      step > 0
    else { throw wanted }
    if let first = Int(parts[0]), let last = Int(parts[1]), first >= 0, first <= last {
      guard last - first <= maximumHosts else { throw wanted }
      // `01` keeps its width.
      let width = parts[0].hasPrefix("0") ? parts[0].count : 0
      return stride(from: first, through: last, by: step).map { number in
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
      }
    }
    guard let first = parts[0].utf8.first, let last = parts[1].utf8.first, parts[0].utf8.count == 1,
      parts[1].utf8.count == 1, first <= last
    else { throw wanted }
    return stride(from: Int(first), through: Int(last), by: step).map { byte in
      String(decoding: [UInt8(truncatingIfNeeded: byte)], as: UTF8.self)
    }
  }
}
