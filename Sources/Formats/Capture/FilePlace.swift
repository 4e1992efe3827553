// Where in a capture folder a file lies, and which words its command is made of: what the format
// catalogue recognises a file by.
import Facts
import NetworkTypes

/// The part of a capture that a file tells of.
package enum FilePlace: Hashable, Sendable {
  /// `root/` and `ns/<namespace>/`.
  case namespace(NamespaceName)
  /// `ovs/`.
  case openVSwitch
  /// `ovs/<bridge>/`.
  case bridge(BridgeName)
  /// `files/`: the path that the file has on its node, with the leading `/`.
  case copy(String)
  /// `neutron/`, which belongs to no node: the path below it.
  case neutron(String)
  /// `commands.tsv`.
  case index
  case elsewhere

  init(_ file: CaptureFile) {
    let parts = file.path.split(separator: "/").map(String.init)
    switch (file.node == nil, parts.first, parts.count) {
    case (true, "neutron", 2...): self = .neutron(parts.dropFirst().joined(separator: "/"))
    case (false, "root", 2): self = .namespace(.root)
    case (false, "ns", 3): self = .namespace(NamespaceName(parts[1]))
    case (false, "ovs", 2): self = .openVSwitch
    case (false, "ovs", 3): self = .bridge(BridgeName(parts[1]))
    case (false, "files", 2...): self = .copy("/" + parts.dropFirst().joined(separator: "/"))
    case (false, "commands.tsv", 1): self = .index
    default: self = .elsewhere
    }
  }

  var isNamespace: Bool { if case .namespace = self { true } else { false } }
  var isRoot: Bool { self == .namespace(.root) }
  var isOpenVSwitch: Bool { self == .openVSwitch }
  var isBridge: Bool { if case .bridge = self { true } else { false } }
  var isCopy: Bool { if case .copy = self { true } else { false } }
  var isNeutron: Bool { if case .neutron = self { true } else { false } }

  /// The folder of this place, relative to the node's, with a final `/`.
  package var folder: String {
    switch self {
    case .namespace(.root): "root/"
    case .namespace(let name): "ns/\(name)/"
    case .openVSwitch: "ovs/"
    case .bridge(let name): "ovs/\(name)/"
    case .copy: "files/"
    case .neutron: "neutron/"
    case .index, .elsewhere: ""
    }
  }
}

/// The words of a command, freed of what only says where it ran.
struct CommandWords: Hashable, Sendable {
  let words: [String]

  /// `ip netns exec qrouter-1 ip -d -j link` → `ip -d -j link`; `ovs-appctl fdb/show br-int` →
  /// `ovs-appctl fdb show br-int`.
  init(commandLine: String) {
    var words = commandLine.split(separator: " ").map(String.init)
    while let rest = Self.unwrapped(words) { words = rest }
    self.words = words.enumerated().flatMap { index, word in
      index == 0
        ? [word.split(separator: "/").last.map(String.init) ?? word]
        : word.split(separator: "/").map(String.init)
    }
  }

  /// `ip_-d_-j_link.json` → `ip -d -j link`, and `-j` where the name ends in `.json`.
  init(fileName: String) {
    var name = Substring(fileName)
    var extra: [String] = []
    for suffix in [".json", ".txt", ".out"] where name.hasSuffix(suffix) {
      name = name.dropLast(suffix.count)
      if suffix == ".json" { extra = ["-j"] }
    }
    words = name.split { $0 == "_" || $0 == " " }.map(String.init) + extra
  }

  /// Without a first wrapper; nil where there is none.
  private static func unwrapped(_ words: [String]) -> [String]? {
    switch words.first {
    case "env", "sudo":
      return Array(words.dropFirst())
    case "ip" where words.count > 3 && words[1] == "netns" && words[2] == "exec":
      return Array(words.dropFirst(4))
    case "docker" where words.count > 2 && words[1] == "exec",
      "podman" where words.count > 2 && words[1] == "exec":
      return Array(words.dropFirst(2).drop { $0.hasPrefix("-") }.dropFirst())
    case "sh" where words.count > 2 && words[1] == "-c",
      "bash" where words.count > 2 && words[1] == "-c":
      return Array(words.dropFirst(2))
    case "timeout":
      return Array(words.dropFirst().drop { $0.hasPrefix("-") }.dropFirst())
    default: return nil
    }
  }
}

/// Which words make a command's output one of a format.
struct WordPattern: Sendable {
  /// One word of each group must be there.
  let groups: [[String]]
  /// None of these may be there.
  let excluded: [String]

  /// Groups are written with `|` between spellings: `ip link|l -j|-json`. `-@x` is any cluster of
  /// short options that has an `x` in it.
  init(_ text: String, without excluded: String = "") {
    groups = text.split(separator: " ").map { $0.split(separator: "|").map(String.init) }
    self.excluded = excluded.split(separator: " ").map(String.init)
  }

  func matches(_ command: CommandWords) -> Bool {
    let words = command.words
    return groups.allSatisfy { group in group.contains { Self.has($0, words) } }
      && !excluded.contains { Self.has($0, words) }
  }

  private static func has(_ wanted: String, _ words: [String]) -> Bool {
    guard wanted.hasPrefix("-@"), let letter = wanted.last else { return words.contains(wanted) }
    return words.contains { word in
      word.hasPrefix("-") && !word.hasPrefix("--") && word.contains(letter)
    }
  }
}
