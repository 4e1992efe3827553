// Lists of nodes: plain ones (a host a line), and Ansible's, as INI and as YAML, with groups. Feeds
// CloudCollection. Groups, their children and their variables are read as Ansible reads them, so far
// as they say how to reach a host; templates (`{{ … }}`) are not evaluated and are an error.

/// A host with what is said of it.
struct InventoryHost: Hashable, Sendable {
  let name: String
  var variables: [String: String]
  /// `hosts.ini:12`, or the file alone.
  let source: String
}

/// Hosts and groups as they stand in a file, before groups are resolved.
struct InventoryGroups: Hashable, Sendable {
  struct Group: Hashable, Sendable {
    /// One that the file names twice stands here twice.
    var hosts: [String] = []
    var children: [String] = []
    var variables: [String: String] = [:]
  }
  var hosts: [String: InventoryHost] = [:]
  /// In the order in which the file names them.
  var order: [String] = []
  var groups: [String: Group] = [:]

  mutating func add(
    _ name: String, variables: [String: String], group: String?, source: String
  ) {
    if hosts[name] == nil {
      hosts[name] = InventoryHost(name: name, variables: [:], source: source)
      order.append(name)
    }
    hosts[name]?.variables.merge(variables) { $1 }
    if let group { groups[group, default: Group()].hosts.append(name) }
  }
}

public enum Inventory {
  /// The nodes that the text of an inventory names, those of `groups` only where any are given.
  ///
  /// `file` is for messages; its ending `.yml`, `.yaml` or `.json` makes it YAML, otherwise a
  /// `[group]` makes it INI.
  public static func targets(
    _ text: String, file: String, groups wanted: [String], isRaised: Bool
  ) throws(CollectionError) -> [NodeTarget] {
    let isYAML = [".yml", ".yaml", ".json"].contains { file.hasSuffix($0) }
    let parsed =
      isYAML ? try InventoryYAML.parse(text, file: file) : try InventoryINI.parse(text, file: file)
    let hosts = try InventoryResolution(parsed, file: file).hosts(of: wanted)
    guard !hosts.isEmpty else {
      throw CollectionError(
        "\(file): names no host: wanted a host a line, or Ansible's INI or YAML")
    }
    var targets: [NodeTarget] = []
    for host in hosts { targets.append(try InventoryTarget.target(host, isRaised: isRaised)) }
    return targets
  }
}

/// Which hosts are in which group, and which variables they have of it.
struct InventoryResolution {
  private let parsed: InventoryGroups
  private let file: String
  /// The hosts of each group and of the groups in it.
  private let members: [String: Set<String>]
  /// The groups that hold a host, outer ones first.
  private let holding: [String: [String]]

  init(_ parsed: InventoryGroups, file: String) {
    self.parsed = parsed
    self.file = file
    let within = Dictionary(
      uniqueKeysWithValues: parsed.groups.keys.map { ($0, Self.descendants(of: $0, in: parsed)) })
    members = within.mapValues { groups in
      groups.reduce(into: []) { $0.formUnion(parsed.groups[$1]?.hosts ?? []) }
    }
    // How many groups a group is within.
    var depths: [String: Int] = [:]
    for (group, inner) in within {
      for name in inner where name != group { depths[name, default: 0] += 1 }
    }
    let outerFirst = parsed.groups.keys.sorted { (depths[$0] ?? 0, $0) < (depths[$1] ?? 0, $1) }
    var holding: [String: [String]] = [:]
    for group in outerFirst {
      for host in members[group] ?? [] { holding[host, default: []].append(group) }
    }
    self.holding = holding
  }

  func hosts(of wanted: [String]) throws(CollectionError) -> [InventoryHost] {
    var names = Set(parsed.order)
    if !wanted.isEmpty {
      names = []
      for group in wanted where group != "all" {
        guard parsed.groups[group] != nil else {
          throw CollectionError("\(file): no group \(group): wanted \(groupNames)")
        }
        names.formUnion(members[group] ?? [])
      }
      if wanted.contains("all") { names = Set(parsed.order) }
    }
    return parsed.order.filter(names.contains).compactMap(host)
  }

  private var groupNames: String {
    let names = parsed.groups.keys.sorted()
    return names.isEmpty ? "a file with groups" : "one of \(names.joined(separator: ", "))"
  }

  /// A group that is its own child is seen once.
  private static func descendants(of group: String, in parsed: InventoryGroups) -> Set<String> {
    var seen: Set<String> = [group]
    var pending = [group]
    while let name = pending.popLast() {
      for child in parsed.groups[name]?.children ?? [] where seen.insert(child).inserted {
        pending.append(child)
      }
    }
    return seen
  }

  /// Outer groups first, so that inner ones and the host itself win.
  private func host(_ name: String) -> InventoryHost? {
    guard var host = parsed.hosts[name] else { return nil }
    var variables = parsed.groups["all"]?.variables ?? [:]
    for group in holding[name] ?? [] where group != "all" {
      variables.merge(parsed.groups[group]?.variables ?? [:]) { $1 }
    }
    host.variables = variables.merging(host.variables) { $1 }
    return host
  }
}

/// Ansible's variables as ssh's arguments.
enum InventoryTarget {
  static func target(
    _ host: InventoryHost, isRaised: Bool
  ) throws(CollectionError) -> NodeTarget {
    func variable(_ names: String...) throws(CollectionError) -> String? {
      for name in names {
        guard let value = host.variables[name], !value.isEmpty else { continue }
        guard !value.contains("{{") else {
          throw CollectionError(
            "\(host.source): \(host.name): \(name) is a template: wanted a plain value")
        }
        return value
      }
      return nil
    }
    let raise = try variable("ansible_become").map(isTrue) ?? isRaised
    if try variable("ansible_connection") == "local" {
      return NodeTarget(name: host.name, way: .local, isRaised: raise, source: host.source)
    }
    var options: [String] = []
    if let port = try variable("ansible_port", "ansible_ssh_port") {
      guard UInt16(port) != nil else {
        throw CollectionError("\(host.source): \(host.name): no port: \(port)")
      }
      options += ["-p", port]
    }
    if let key = try variable("ansible_ssh_private_key_file", "ansible_private_key_file") {
      options += ["-i", key]
    }
    for name in ["ansible_ssh_common_args", "ansible_ssh_extra_args"] {
      options += try variable(name).map(words) ?? []
    }
    let user = try variable("ansible_user", "ansible_ssh_user").map { "\($0)@" } ?? ""
    let address = try variable("ansible_host", "ansible_ssh_host") ?? host.name
    guard !address.hasPrefix("-"), !user.hasPrefix("-") else {
      throw CollectionError("\(host.source): \(host.name): no host: \(address)")
    }
    return NodeTarget(
      name: host.name, way: .ssh(destination: user + address, options: options), isRaised: raise,
      source: host.source)
  }

  static func isTrue(_ text: String) -> Bool {
    ["true", "yes", "on", "1", "y", "t"].contains(text.lowercased())
  }

  /// Words as a shell parts them, quotes and backslashes taken off; nothing is expanded.
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var isWord = false
    var quote: Character?
    var isEscaped = false
    for character in text {
      if isEscaped {
        word.append(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
        isWord = true
      } else if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        isWord = true
      } else if character.isWhitespace {
        if isWord { words.append(word) }
        word = ""
        isWord = false
      } else {
        word.append(character)
        isWord = true
      }
    }
    if isWord { words.append(word) }
    return words
  }
}
