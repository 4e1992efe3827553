// Nodes without a network: a program in ssh's place that runs the script here, with tools of the
// test's own in front of the real ones, or misbehaves in the ways that nodes do.
import Foundation

@testable import Collector

struct FakeCloud {
  let scratch: ScratchFolder
  var limits = NodeLimits()

  /// Tools that a node of the tests has, each a shell script's body.
  static let tools: [String: String] = [
    "ip": """
    case "$*" in
      *"netns exec"*) shift 3; exec "$@" ;;
      *"-j link show dev lo"*) echo '[]' ;;
      *"-j"*) echo '[]' ;;
    esac
    """,
    "hostname": "echo fake", "ss": ":", "lsns": "echo '{\"namespaces\": []}'",
    "bridge": "echo '[]'", "iptables-save": ":", "ip6tables-save": ":",
    "nft": "echo '{\"nftables\": []}'",
    "ipset": ":", "conntrack": ":", "ebtables-save": ":", "sysctl": "echo net.ipv4.ip_forward = 1",
    "ps": "echo '  PID  PPID USER ELAPSED COMMAND'; echo '1 0 root 5 init --password S3cr3t'",
    "ovs-vsctl": "case $1 in list-br) cat \"$FAKE/bridges\" 2>/dev/null ;; esac",
    "ovs-ofctl": "echo 'NXST_FLOW reply (xid=0x4):'",
    "ovs-appctl": ":", "ovsdb-client": "echo '{}'", "readlink": "date +net:%s%N",
  ]

  init() throws {
    scratch = try ScratchFolder()
    // Other work may leave a node of the lowest priority next to no time.
    limits.isLowPriority = false
    limits.commandSeconds = 60
    limits.rereads = 0
    for (name, body) in Self.tools { try tool(name, body) }
    try scratch.write(
      """
      #!/bin/sh
      # The arguments of ssh: options, --, the host, the command.
      while [ "$1" != -- ]; do shift; done
      FAKE=\(scratch.path); export FAKE
      PATH=$FAKE/bin:$PATH; export PATH
      case $2 in
        refuses) echo "ssh: connect to host refuses port 22: Connection refused" >&2; exit 255 ;;
        hangs) exec sleep 100000 ;;
        floods) exec cat /dev/zero ;;
        talks) yes 'hello' | head -c 1000000; yes 'noise' | head -c 1000000 >&2; exit 3 ;;
        dies) sh -s | head -c 3000; kill -9 $$ ;;
        *) exec sh -s ;;
      esac
      """, "ssh", isProgram: true)
  }

  func tool(_ name: String, _ body: String) throws {
    try scratch.write("#!/bin/sh\n\(body)\n", "bin/\(name)", isProgram: true)
  }

  /// Collects these hosts into `captures/`.
  func collect(_ hosts: String..., into folder: String? = nil) async throws -> [NodeOutcome] {
    let path = folder ?? scratch.file("captures")
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    var collection = try CloudCollection(
      targets: try hosts.map { try NodeTarget(host: $0, isRaised: false) })
    collection.limits = limits
    collection.ssh.program = scratch.file("ssh")
    return try await collection.run(into: path) { _ in }
  }

  /// The row of a file of a node.
  func row(_ node: String, _ file: String) -> [String]? {
    let lines = (scratch.text("captures/\(node)/commands.tsv") ?? "").split(separator: "\n")
    return lines.map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    .first { $0[0] == file }
  }
}
