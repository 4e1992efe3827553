// Ansible's YAML inventories: groups with `hosts`, `children` and `vars`, the outermost `all`. Feeds
// Inventory.
import Yams

struct InventoryYAML {
  private let file: String
  private var result = InventoryGroups()
  private var groupCount = 0
  private var hostCount = 0

  /// Aliases may make a tree endless; nothing real is nested deeper.
  private static let maximumDepth = 20
  /// Aliases of aliases make a tree of millions out of twenty lines.
  private static let maximumGroups = 20_000
  private static let maximumHosts = 200_000

  private init(file: String) { self.file = file }

  static func parse(_ text: String, file: String) throws(CollectionError) -> InventoryGroups {
    let node: Node?
    do {
      node = try BoundedYAML.compose(text)
    } catch {
      throw CollectionError("\(file): no YAML: \(firstLine("\(error)"))")
    }
    guard let top = node?.mapping else {
      throw CollectionError("\(file): wanted groups with hosts, children and vars")
    }
    var reader = InventoryYAML(file: file)
    for (key, value) in top { try reader.read(group: name(key), value, 0) }
    return reader.result
  }

  private mutating func read(
    group: String, _ node: Node, _ depth: Int
  ) throws(CollectionError) {
    guard depth < Self.maximumDepth else {
      throw CollectionError("\(file): groups nested more than \(Self.maximumDepth) deep")
    }
    groupCount += 1
    guard groupCount <= Self.maximumGroups else {
      throw CollectionError("\(file): more than \(Self.maximumGroups) groups")
    }
    result.groups[group, default: .init()].hosts += []
    guard let parts = node.mapping else {
      if Self.isEmpty(node) { return }
      throw CollectionError("\(place(node)): group \(group): wanted hosts, children and vars")
    }
    for (key, value) in parts {
      switch Self.name(key) {
      case "hosts": try readHosts(group, value)
      case "vars":
        result.groups[group]?.variables.merge(Self.variables(value)) { $1 }
      case "children":
        for (child, content) in value.mapping ?? [:] {
          result.groups[group]?.children.append(Self.name(child))
          try read(group: Self.name(child), content, depth + 1)
        }
      default: continue
      }
    }
  }

  private mutating func readHosts(_ group: String, _ node: Node) throws(CollectionError) {
    if Self.isEmpty(node) { return }
    guard let hosts = node.mapping else {
      throw CollectionError("\(place(node)): hosts of \(group): wanted a mapping")
    }
    for (key, value) in hosts {
      let source = place(key)
      for host in try InventoryRange.names(Self.name(key), source) {
        hostCount += 1
        guard hostCount <= Self.maximumHosts else {
          throw CollectionError("\(file): more than \(Self.maximumHosts) hosts")
        }
        result.add(host, variables: Self.variables(value), group: group, source: source)
      }
    }
  }

  private func place(_ node: Node) -> String { node.mark.map { "\(file):\($0.line)" } ?? file }
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
  private static func firstLine(_ text: String) -> String {
    text.split(separator: "\n").first.map(String.init) ?? text
  }
}
