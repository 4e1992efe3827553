// The reviewed list for people: `ovsight collect --print-commands`.

extension CommandList {
  /// The script with a mark that is never used, for reading.
  public static var script: String {
    NodeScript.text(mark: String(repeating: "0", count: 32), limits: NodeLimits())
  }

  /// Every command that is run on a node, and every folder that is copied, by where it goes.
  public static var lines: [String] {
    var lines = ["# before: what the node has"]
    lines += ["renice -n 19 -p SHELL", "ionice -c 3 -p SHELL", "date -u +%s", "id -u"]
    lines += probes.values.sorted()
    lines += ["", "# root/, and ns/<namespace>/ by: ip netns exec <namespace> sh"]
    lines += namespace.flatMap(rows)
    lines += ["", "# root/"] + host.flatMap(rows)
    lines += ["", "# ns/<namespace>/"] + ofNamespace.flatMap(rows)
    lines += ["", "# ovs/; by nsenter -t <ovs-vswitchd> -m where the node has no ovs-vsctl"]
    lines += openVSwitch.flatMap(rows)
    lines += ["", "# ovs/<bridge>/, for each of: ovs-vsctl list-br"]
    lines += ["ovs-vsctl get Bridge <bridge> protocols"] + bridge.flatMap(rows)
    lines += ["", "# files/: small files below these folders, secrets masked by awk"]
    lines += files.flatMap(rows)
    lines += ["", "# at the start and at the end, to notice a change between"]
    return lines + witnesses.map(line)
  }

  private static func rows(_ command: ReviewedCommand) -> [String] {
    var note = ""
    switch command.filter {
    case .none: break
    case .masked: note = "  (secrets masked by awk)"
    case .lines: note = "  (only the lines that are read, by grep)"
    }
    let words = text(command.words) + note
    return [words] + command.otherwise.flatMap { rows($0).map { "  or: \($0)" } }
  }

  private static func text(_ words: [CommandWord]) -> String {
    words.map { word in
      switch word {
      case .literal(let text): text.contains(" ") ? NodeScript.quoted(text) : text
      case .namespace: "<namespace>"
      case .bridge: "<bridge>"
      case .database: "<database>"
      }
    }.joined(separator: " ")
  }

  private static func rows(_ files: ReviewedFiles) -> [String] {
    var names = "*"
    if case .named(let patterns) = files.names { names = patterns }
    let below = files.onlyBelow.map { "/\($0)" } ?? ""
    let line = "\(files.folder)\(below)/\(names)"
    guard let process = files.process else { return [line] }
    return [line, "/proc/<pid of \(process)>/root\(files.folder)/\(names)"]
  }

  private static func line(_ witness: Witness) -> String {
    switch witness.source {
    case .namespaceNames: "/run/netns/*"
    case .host(let line), .ovs(let line): line
    case .eachBridge(let line): text(CommandWord.words(line))
    case .eachNamespace(let line): "ip netns exec <namespace> \(line)"
    }
  }
}
