// The reviewed list as one POSIX shell script, which is streamed to a node's `sh -s`. The text is the
// same for every node but for its mark and limits; nothing found on a node becomes part of it.
// Fed by CommandList and ScriptLibrary; feeds NodeCollection.

/// The limits that the node itself keeps.
public struct NodeLimits: Hashable, Sendable {
  /// How long one command may run.
  public var commandSeconds = 30
  /// How much one command may print; a conntrack table of a million entries is 200 MB.
  public var outputBytes = 256 << 20
  /// How large a copied file may be; agents' and libvirt's are a few kilobytes.
  public var fileBytes = 1 << 20
  /// Each DHCP network has six; a node has some hundred networks.
  public var fileCount = 20_000
  /// How long a whole node may take.
  public var nodeSeconds = 600
  /// How much a whole node may send.
  public var nodeBytes = 2 << 30
  /// The lowest priority of processor and disk: whatever a node does goes first.
  public var isLowPriority = true
  /// How often a node that changed while it was read is read again.
  public var rereads = 2
  public init() {}
}

enum NodeScript {
  /// The script for one run; `mark` is 32 hexadecimal digits that nothing else knows.
  static func text(mark: String, limits: NodeLimits) -> String {
    let settings = [
      ("mark", mark), ("seconds", "\(limits.commandSeconds)"),
      // One more than allowed, so that the reader sees that something was cut.
      ("limit", "\(limits.outputBytes + 1)"), ("file_limit", "\(limits.fileBytes + 1)"),
      ("most_files", "\(limits.fileCount)"), ("low_priority", limits.isLowPriority ? "1" : "0"),
      ("library", ScriptLibrary.functions + inNamespace),
      ("mask_program", ScriptLibrary.mask),
      ("no_mask", "not read: this node has no awk to mask secrets with"),
    ]
    let assignments = settings.map { "\($0)=\(quoted($1))\n" }.joined()
    let exported = (settings.map(\.0) + ["can_mask", "have_timeout", "ovs_process"] + probeNames)
      .joined(separator: " ")
    return """
      # Reads the state of this node; changes nothing and writes nothing but to its own output.
      main() {
      LC_ALL=C; export LC_ALL
      PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin; export PATH
      \(assignments)exec 3>&1 >/dev/null
      eval "$library"
      \(start)
      export \(exported)
      \(stages)
      now
      fields "$mark" bye "$uptime"
      }
      main
      exit 0

      """
  }

  /// What a shell takes as one word, whatever it holds.
  static func quoted(_ text: String) -> String {
    "'" + text.replacing("'", with: #"'\''"#) + "'"
  }
}

extension NodeScript {
  private static let probeNames = Probe.allCases.map(\.rawValue)

  /// Low priority, then what this node has.
  private static var start: String {
    let probes = Probe.allCases.map { probe in
      let words = CommandList.probes[probe]?.split(separator: " ").map { quoted(String($0)) } ?? []
      return
        "\(probe.rawValue)=0; \(words.joined(separator: " ")) </dev/null >/dev/null 2>&1 && \(probe.rawValue)=1"
    }
    return """
      if [ "$low_priority" = 1 ]; then
      renice -n 19 -p $$ </dev/null >/dev/null 2>&1
      ionice -c 3 -p $$ </dev/null >/dev/null 2>&1
      fi
      now
      fields "$mark" hello "$uptime" "$(date -u +%s 2>/dev/null)" "$(id -u 2>/dev/null)"
      have_timeout=0; timeout -k 2 5 true </dev/null >/dev/null 2>&1 && have_timeout=1
      can_mask=0
      case $(printf 'a_password = b\\n' | awk -v dialect=configuration "$mask_program" 2>/dev/null) in
        'a_password = ***') can_mask=1 ;;
      esac
      \(probes.joined(separator: "\n"))
      ovs_process=
      if ! have ovs-vsctl && have nsenter; then
        found=; each_process ovs-vswitchd first_process; ovs_process=$found
      fi
      database=
      for socket in /run/openvswitch/db.sock /var/run/openvswitch/db.sock; do
        [ -z "$database" ] && [ -S "$socket" ] && database=unix:$socket
      done
      # A switch that listens elsewhere is asked all the same: the error is the gap's reason.
      if [ -z "$database" ] && have ovs-vsctl; then
        found=; each_process ovs-vswitchd first_process
        [ -z "$found" ] || database=unix:/var/run/openvswitch/db.sock
      fi
      """
  }

  private static var stages: String {
    let bridge = CommandList.bridge.map(text).joined(separator: "\n")
    let openVSwitch = CommandList.openVSwitch.map(text).joined(separator: "\n")
    let host = (CommandList.namespace + CommandList.host).map(text).joined(separator: "\n")
    let outside = CommandList.ofNamespace.map(text).joined(separator: "\n")
    return """
      stage=first
      \(CommandList.witnesses.map(text).joined(separator: "\n"))
      in_bridge() {
      usable bridge "$bridge" || return 0
      kind=bridge name=$bridge
      \(bridge)
      }
      if [ -n "$database" ] || [ -n "$ovs_process" ]; then
      kind=ovs name=
      \(openVSwitch)
      each_bridge in_bridge
      fi
      kind=root name=
      \(host)
      of_namespace() {
      usable namespace "$namespace" || return 0
      kind=namespace name=$namespace
      ip netns exec "$namespace" sh -c 'eval "$library"; in_namespace "$1"' sh "$namespace" \
      </dev/null 2>/dev/null ||
      emit \(quoted(CommandList.namespace[0].file)) none ip netns exec "$namespace" ip link
      \(outside)
      }
      each_namespace of_namespace
      copied=0
      \(CommandList.files.map(text).joined(separator: "\n"))
      stage=last
      \(CommandList.witnesses.map(text).joined(separator: "\n"))
      """
  }

  /// What runs within a namespace, in a shell of its own there.
  private static var inNamespace: String {
    """
    in_namespace() {
    kind=namespace name=$1
    \(CommandList.namespace.map(text).joined(separator: "\n"))
    return 0
    }
    """
  }

  private static func text(_ command: ReviewedCommand) -> String {
    let emit = "emit \(quoted(command.file)) \(filter(command.filter)) \(words(command.words))"
    guard command.condition != .always else { return emit }
    let next = command.otherwise.first.map { "\nelse \(text($0))" } ?? ""
    return "if \(condition(command.condition)); then \(emit)\(next); fi"
  }

  static func words(_ words: [CommandWord]) -> String {
    words.map { word in
      switch word {
      case .literal(let text): quoted(text)
      case .namespace: "\"$namespace\""
      case .bridge: "\"$bridge\""
      case .database: "\"$database\""
      }
    }.joined(separator: " ")
  }

  private static func filter(_ filter: OutputFilter) -> String {
    switch filter {
    case .none: "none"
    case .masked(let dialect): quoted("masked:\(dialect.rawValue)")
    case .lines(let pattern): quoted("lines:\(pattern)")
    }
  }

  private static func condition(_ condition: CommandCondition) -> String {
    switch condition {
    case .always: "true"
    case .tool(let name): "have \(quoted(name))"
    case .probe(let probe): "[ \"$\(probe.rawValue)\" = 1 ]"
    case .hasLine(let path): "has_line \(quoted(path))"
    case .bridgeAllows(let version): "allows \(quoted(version))"
    }
  }

  private static func text(_ files: ReviewedFiles) -> String {
    let names: String
    switch files.names {
    case .all: names = "*"
    case .named(let patterns): names = patterns
    }
    let skip = files.skip.joined(separator: "|")
    let rest = "\(files.depth) \(quoted(names)) \(quoted(skip))"
    if let below = files.onlyBelow {
      return """
        for entry in \(files.folder)/\(below); do
        walk "$entry" "$entry" \(rest)
        done
        """
    }
    var lines = ["walk \(quoted(files.folder)) \(quoted(files.folder)) \(rest)"]
    if let process = files.process {
      lines += [
        "walked=", "each_process \(quoted(process)) walk_container \(quoted(files.folder)) \(rest)",
      ]
    }
    return lines.joined(separator: "\n")
  }

  private static func text(_ witness: Witness) -> String {
    let label = quoted(witness.label)
    switch witness.source {
    case .namespaceNames: return "witness \(label) '' names"
    case .host(let line):
      return "witness \(label) '' limited \(words(CommandWord.words(line)))"
    case .ovs(let line):
      return "[ -z \"$database$ovs_process\" ] || witness \(label) '' on_ovs "
        + words(CommandWord.words(line))
    case .eachBridge(let line):
      let command = words(CommandWord.words(line))
      return """
        of_each() { case $bridge in ''|-*|.*|*/*|*:*) ;; *) witness \(label) "$bridge" on_ovs \(command) ;; esac; }
        [ -z "$database$ovs_process" ] || each_bridge of_each
        """
    case .eachNamespace(let line):
      let command = words(CommandWord.words(line))
      return """
        of_each() { case $namespace in -*) ;; *) witness \(label) "$namespace" limited ip netns exec "$namespace" \(command) ;; esac; }
        each_namespace of_each
        """
    }
  }
}
