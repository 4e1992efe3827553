// What a row of the reviewed list is made of. Feeds CommandList and NodeScript.

/// A word of a command line: text of ours, or a name that is found on the node and handed on as one
/// word, whatever it holds.
enum CommandWord: Hashable, Sendable {
  case literal(String)
  case namespace, bridge
  /// Where ovsdb-server listens.
  case database

  fileprivate init(_ text: Substring) {
    switch text {
    case "{namespace}": self = .namespace
    case "{bridge}": self = .bridge
    case "{database}": self = .database
    default: self = .literal(String(text))
    }
  }

  static func words(_ line: String) -> [CommandWord] {
    line.split(separator: " ").map(CommandWord.init)
  }
}

/// What happens to a command's output on the node, before a byte leaves it.
enum OutputFilter: Hashable, Sendable {
  case none
  /// Secrets become `***`; where the node cannot do that, the command is not run.
  case masked(SecretDialect)
  case lines(matching: String)
}

/// How secrets are written in an output.
enum SecretDialect: String, Hashable, Sendable {
  case configuration, processes, switchDatabase
}

enum Probe: String, Hashable, Sendable, CaseIterable {
  /// iproute2 prints JSON (since 4.13).
  case ipJSON = "ip_json"
  /// procps' sysctl reads only what is asked for.
  case sysctlPattern = "sysctl_pattern"
}

/// What decides between a command and the next way to the same fact.
enum CommandCondition: Hashable, Sendable {
  case always
  case tool(String)
  case probe(Probe)
  /// A file has a first line.
  case hasLine(String)
  /// A bridge's `protocols` name this version, or none.
  case bridgeAllows(String)
}

/// A command whose output becomes a file of the capture.
struct ReviewedCommand: Hashable, Sendable {
  let file: String
  let words: [CommandWord]
  var filter = OutputFilter.none
  var condition = CommandCondition.always
  /// At most one; an array because a struct cannot hold itself. Where there is none and the
  /// condition does not hold, nothing is run and nothing is missing.
  var otherwise: [ReviewedCommand] = []
  /// Runs in the mount namespace of Open vSwitch where the node itself has no such tool.
  var isOpenVSwitch = false

  init(
    _ file: String, words: [String], filter: OutputFilter = .none,
    when condition: CommandCondition = .always, otherwise: [ReviewedCommand] = []
  ) {
    self.file = file
    self.words = words.map { .literal($0) }
    self.filter = filter
    self.condition = condition
    self.otherwise = otherwise
  }

  init(
    _ file: String, _ line: String, filter: OutputFilter = .none,
    when condition: CommandCondition = .always, otherwise: () -> ReviewedCommand? = { nil }
  ) {
    self.file = file
    words = CommandWord.words(line)
    self.filter = filter
    self.condition = condition
    self.otherwise = otherwise().map { [$0] } ?? []
  }

  static func json(
    _ file: String, _ line: String, or textFile: String, _ textLine: String
  ) -> ReviewedCommand {
    ReviewedCommand(file, line, when: .probe(.ipJSON)) { ReviewedCommand(textFile, textLine) }
  }

  /// The kernel lists the tables that the old back end has made. Where there are none, the tool is
  /// not asked: it would load modules, and the empty list is the same fact.
  static func legacyTables(_ tool: String, names list: String) -> ReviewedCommand {
    let file = "\(tool)_-c.txt"
    return ReviewedCommand(file, "\(tool) -c", when: .hasLine(list)) {
      ReviewedCommand(file, words: ["sh", "-c", "test ! -e \(list) || cat \(list)"])
    }
  }

  static func ovs(
    _ file: String, _ line: String, filter: OutputFilter = .none,
    when condition: CommandCondition = .always
  ) -> ReviewedCommand {
    var command = ReviewedCommand(file, line, filter: filter, when: condition)
    command.isOpenVSwitch = true
    return command
  }

  static func ofctl(_ file: String, _ request: String) -> ReviewedCommand {
    .ovs(file, "\(CommandList.ofctl) \(request) {bridge}")
  }
}

/// Which names of a folder are copied.
enum FileNames: Hashable, Sendable {
  case all
  /// Shell patterns with `|` between.
  case named(String)
}

/// A folder of a node that is copied: small regular files only, symbolic links not followed.
struct ReviewedFiles: Hashable, Sendable {
  let folder: String
  let names: FileNames
  /// Folders of these names are left out.
  let skip: [String]
  /// How many folders deep.
  let depth: Int
  /// Where only some of its folders are meant: their pattern.
  let onlyBelow: String?
  /// The same folder as a process of this name (a pattern) sees it, which may be a container's.
  let process: String?

  init(
    _ folder: String, in names: FileNames, skip: [String] = [], depth: Int = 6,
    onlyBelow: String? = nil, alsoOf process: String? = nil
  ) {
    self.folder = folder
    self.names = names
    self.skip = skip
    self.depth = depth
    self.onlyBelow = onlyBelow
    self.process = process
  }
}

/// Something read at the start and at the end, to notice a change between.
struct Witness: Hashable, Sendable {
  enum Source: Hashable, Sendable {
    case namespaceNames
    case host(String)
    case ovs(String)
    case eachBridge(String)
    case eachNamespace(String)
  }
  let label: String
  let source: Source
  init(_ label: String, _ source: Source) {
    self.label = label
    self.source = source
  }
}
