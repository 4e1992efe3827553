// Ansible's YAML inventories: groups with `hosts`, `children` and `vars`, the outermost `all`. Feeds
// Inventory.
import Yams

enum InventoryYAML {
  static func parse(_ text: String, file: String) throws(CollectionError) -> InventoryGroups {
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch {
      throw CollectionError("\(file): no YAML: \(firstLine("\(error)"))")
    }
    guard let top = node?.mapping else {
      throw CollectionError("\(file): wanted groups with hosts, children and vars")
    }
    var result = InventoryGroups()
    for (key, value) in top { try read(group: name(key), value, file, 0, into: &result) }
    return result
  }

  /// Aliases may make a tree endless; nothing real is nested deeper.
  private static let maximumDepth = 20

  private static func read(
    group: String, _ node: Node, _ file: String, _ depth: Int, into result: inout InventoryGroups
  ) throws(CollectionError) {
    guard depth < maximumDepth else {
      throw CollectionError("\(file): groups nested more than \(maximumDepth) deep")
    }
    result.groups[group, default: .init()].hosts += []
    guard let parts = node.mapping else {
      if isEmpty(node) { return }
      throw CollectionError("\(place(node, file)): group \(group): wanted hosts, children and vars")
    }
    for (key, value) in parts {
      switch name(key) {
      case "hosts": try readHosts(group, value, file, into: &result)
      case "vars":
        result.groups[group]?.variables.merge(variables(value)) { $1 }
      case "children":
        for (child, content) in value.mapping ?? [:] {
          result.groups[group]?.children.append(name(child))
          try read(group: name(child), content, file, depth + 1, into: &result)
        }
      default: continue
      }
    }
  }

  private static func readHosts(
    _ group: String, _ node: Node, _ file: String, into result: inout InventoryGroups
  ) throws(CollectionError) {
    if isEmpty(node) { return }
    guard let hosts = node.mapping else {
      throw CollectionError("\(place(node, file)): hosts of \(group): wanted a mapping")
    }
    for (key, value) in hosts {
      let source = place(key, file)
      for host in try InventoryRange.names(name(key), source) {
        result.add(host, variables: variables(value), group: group, source: source)
      }
    }
  }

  private static func name(_ node: Node) -> String { node.scalar?.string ?? "" }
  private static func isEmpty(_ node: Node) -> Bool {
    node.scalar.map { ["", "~", "null"].contains($0.string) } ?? false
  }
  private static func variables(_ node: Node) -> [String: String] {
    var result: [String: String] = [:]
    for (key, value) in node.mapping ?? [:] {
      if let text = value.scalar?.string { result[name(key)] = text }
    }
    return result
  }
  private static func place(_ node: Node, _ file: String) -> String {
    node.mark.map { "\(file):\($0.line)" } ?? file
  }
  private static func firstLine(_ text: String) -> String {
    text.split(separator: "\n").first.map(String.init) ?? text
  }
}
