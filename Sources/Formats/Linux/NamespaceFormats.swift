// `ip netns list`, `ip netns pids <name>` and `lsns -J -t net`.
import Facts
import NetworkTypes

/// Reads the named namespaces of a node: `name (id: 3)`, or the name alone where it has no id.
public enum NamespaceListFormat {
  public static func parse(_ text: CaptureText) -> Parsed<NamespaceListing> {
    parseLineRecords(text, format: "netns-list") { line, log in
      if text.isBlank(line) { return .structure }
      let content = text.string(line.content)
      let parts = split(content)
      guard !parts.name.isEmpty else { return .bad("a namespace's name") }
      return .record(
        NamespaceListing(
          name: NamespaceName(parts.name), id: parts.id,
          evidence: log.evidence(line: line.number, line.content)))
    }
  }

  private static func split(_ content: String) -> (name: String, id: Int?) {
    let open = " (id: "
    let trimmed = content.last == " " ? String(content.dropLast()) : content
    guard trimmed.hasSuffix(")"), let bracket = trimmed.lastIndex(of: "("),
      bracket > trimmed.startIndex,
      trimmed[trimmed.index(before: bracket)...].hasPrefix(open),
      let id = Int(trimmed[bracket...].dropFirst(open.count - 1).dropLast())
    else { return (trimmed, nil) }
    return (String(trimmed[..<trimmed.index(before: bracket)]), id)
  }
}

/// Reads the processes inside a namespace, a pid a line.
public enum NamespacePIDFormat {
  public static func parse(_ text: CaptureText) -> Parsed<Int> {
    parseLineRecords(text, format: "netns-pids") { line, _ in
      if text.isBlank(line) { return .structure }
      return Int(text.string(line.content)).map { .record($0) } ?? .bad("a process id")
    }
  }
}

/// Reads the network namespaces of a node, nested ones behind their parents.
public enum NetworkNamespaceFormat {
  public static func parse(_ text: CaptureText) -> Parsed<NetworkNamespace> {
    parseJSONRecords(text, format: "lsns", under: "namespaces") { node, _, log in
      namespaces(node, log)
    }
  }

  /// Nil where the namespace itself cannot be read; the parser bounds how deep they nest.
  private static func namespaces(_ node: JSONNode, _ log: ParseLog) -> [NetworkNamespace]? {
    // Old releases print numbers in quotes.
    guard let inode = node["ns"]?.scalarText.flatMap({ UInt64($0) }) else { return nil }
    let own = NetworkNamespace(
      inode: inode, processCount: number(node, "nprocs") ?? 0, pid: number(node, "pid"),
      user: node["user"]?.string ?? "", id: number(node, "netnsid"),
      mountPoints: (node["nsfs"]?.string ?? "").split(separator: "\n").map(String.init),
      command: node["command"]?.string ?? "", evidence: log.evidence(line: node.line, node.range))
    var all = [own]
    for child in node["children"]?.elements ?? [] {
      guard let inner = namespaces(child, log) else { return nil }
      all += inner
    }
    return all
  }

  private static func number(_ node: JSONNode, _ key: String) -> Int? {
    node[key]?.scalarText.flatMap { Int($0) }
  }
}
