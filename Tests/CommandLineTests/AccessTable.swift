// What each subcommand may read, write, execute and connect to. Feeds AccessTests.

/// A row: paths are prefixes; `SNAPSHOT`, `CAPTURE`, `SCRATCH`, `RULES` and `REPORTS` stand for the
/// test's own.
struct Access: CustomStringConvertible {
  let words: [String]
  var reads: [String] = []
  var writes: [String] = []
  var executes: [String] = []
  /// `AF_UNIX path`, `AF_INET`, or a packet socket on a device, `AF_PACKET`.
  var connects: [String] = []
  /// Brings namespaces and switches to life, or looks into them: as root, where the tools are.
  var needsReplay = false
  var description: String { words.joined(separator: " ") }

  static let table: [Access] = [
    Access(words: ["--help"]),
    Access(words: ["--version"]),
    Access(words: ["manual"]),
    Access(words: ["--generate-completion-script", "bash"]),
    Access(words: ["collect", "--print-commands"]),
    Access(words: ["collect", "--print-script"]),
    Access(
      words: ["collect", "n1", "-o", "SCRATCH/out/b.db"], reads: ["SCRATCH"],
      writes: ["SCRATCH/out/"], executes: ["SCRATCH/bin/ssh"]),
    Access(
      words: ["collect", "--os-cloud", "envvars", "-o", "SCRATCH/out/b.db"], reads: ["SCRATCH"],
      writes: ["SCRATCH/out/"], executes: ["SCRATCH/bin/curl"]),
    Access(
      words: ["import", "CAPTURE", "-o", "SCRATCH/out/b.db"], reads: ["CAPTURE", "SCRATCH/out"],
      writes: ["SCRATCH/out/"]),
    Access(words: ["show", "SNAPSHOT", "nodes"], reads: ["SNAPSHOT"]),
    Access(words: ["diff", "SNAPSHOT", "SNAPSHOT"], reads: ["SNAPSHOT"]),
    Access(
      words: ["trace", "SNAPSHOT", "--from", "port-a1", "--to", "8.8.8.8"], reads: ["SNAPSHOT"]),
    Access(
      words: [
        "trace", "SNAPSHOT", "--from", "port-a1", "--to", "8.8.8.8", "--pcap", "SCRATCH/out/a.pcap",
      ], reads: ["SNAPSHOT"], writes: ["SCRATCH/out/a.pcap"]),
    Access(
      words: [
        "ofproto-trace", "SNAPSHOT", "--node", "cmp1", "br-int", "in_port=LOCAL,icmp",
      ], reads: ["SNAPSHOT"]),
    Access(
      words: ["ofproto-trace", "SNAPSHOT", "--node", "cmp1", "--batch", "SCRATCH/flows"],
      reads: ["SNAPSHOT", "SCRATCH/flows"]),
    Access(words: ["why", "SNAPSHOT", "port-a1"], reads: ["SNAPSHOT"]),
    Access(words: ["reach", "SNAPSHOT", "--from", "port-a1"], reads: ["SNAPSHOT"]),
    Access(words: ["audit", "SNAPSHOT", "--no-isolation"], reads: ["SNAPSHOT", "RULES"]),
    Access(words: ["audit", "--test"], reads: ["RULES"]),
    Access(
      words: ["report", "SNAPSHOT", "--no-isolation", "-o", "SCRATCH/out/site"],
      reads: ["SNAPSHOT", "RULES", "REPORTS", "SCRATCH/out"], writes: ["SCRATCH/out/"]),
    Access(words: ["replay", "SNAPSHOT", "status"], reads: ["/run/ovsight-replay"]),
    // What it does in the nodes' namespaces, the tools do that it starts there; but for the kernel's
    // settings, which it writes from within.
    Access(
      words: ["replay", "SNAPSHOT", "up", "--state", "SCRATCH/state"], reads: ["SNAPSHOT"],
      writes: ["SCRATCH/state", "/tmp/ovsight-", "/proc/sys/net/"],
      executes: ["/usr/bin/nsenter", "/usr/bin/unshare"], needsReplay: true),
    Access(
      words: ["replay", "SNAPSHOT", "status", "--state", "SCRATCH/state"],
      reads: ["SCRATCH/state"], needsReplay: true),
    Access(
      words: [
        "replay", "SNAPSHOT", "exec", "--state", "SCRATCH/state", "--in", "cmp1", "--", "true",
      ],
      reads: ["SNAPSHOT", "SCRATCH/state"], executes: ["/usr/bin/nsenter"], needsReplay: true),
    Access(
      words: [
        "trace", "SNAPSHOT", "--from", "port-a1", "--to", "8.8.8.8", "--confirm", "--state",
        "SCRATCH/state",
      ], reads: ["SNAPSHOT", "SCRATCH/state"], writes: ["/tmp/ovsight-"],
      executes: ["/usr/bin/nsenter"], connects: ["AF_PACKET"], needsReplay: true),
    Access(
      words: ["replay", "SNAPSHOT", "down", "--state", "SCRATCH/state"],
      reads: ["SCRATCH/state"], writes: ["SCRATCH/state"], needsReplay: true),
    // Started by `up`, with a plan of its own.
    Access(words: ["serve-replay", "SCRATCH/no-plan"]),
  ]

  /// What the loader, the C library and the runtimes read of any program's.
  static let system = [
    "/etc/ld.so.", "/lib/", "/lib64/", "/usr/lib", "/usr/local/lib", "/opt/swift/", "/proc",
    "/sys/", "/dev/null", "/dev/urandom", "/dev/tty", "/etc/localtime", "/usr/share/zoneinfo",
    "/usr/share/locale", "/etc/ssl/openssl.cnf", "/usr/share/icu",
  ]
}
