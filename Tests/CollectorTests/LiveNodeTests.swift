// A node of the test's own, in namespaces, read over real ssh: its own network, mounts, host name,
// /run, /etc and /var/lib, network namespaces with hostile names, and secrets planted wherever
// services keep them.
import Facts
import Formats
import Foundation
import NetworkTypes
import Testing

@testable import Collector

/// Namespaces with a shell as their first process, and an sshd that ssh starts in them for each
/// connection (its ProxyCommand), so that nothing listens anywhere.
private final class LiveNode {
  let scratch: ScratchFolder
  private let process = Process()
  private(set) var pid = ""

  /// Nil, with the reason printed, where this machine cannot have one.
  init?(_ setup: String) throws {
    scratch = try ScratchFolder()
    for (program, isThere) in [
      ("root", Shell.isRoot), ("sshd", Shell.has("sshd")), ("ssh", Shell.has("ssh")),
      ("unshare", Shell.has("unshare")),
    ] where !isThere {
      print("skipped: no \(program)")
      return nil
    }
    try scratch.write(
      """
      set -e
      hostname live1
      mount --make-rprivate /
      for d in /run /var/lib /mnt; do mount -t tmpfs tmpfs $d; done
      cp -a /etc/. /mnt/
      mount --bind /mnt /etc
      mkdir -p /run/netns /run/sshd /var/lib/neutron/ha_confs /etc/neutron /etc/libvirt/qemu
      ip link set lo up
      \(setup)
      touch \(scratch.file("up"))
      exec sleep 600
      """, "setup")
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
      "--mount-proc", "sh", scratch.file("setup"),
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    for _ in 0..<300 where scratch.text("up") == nil { usleep(100_000) }
    guard scratch.text("up") != nil else { throw CollectionError("the node did not come up") }
    let children = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
    let text = FileManager.default.contents(atPath: children).map {
      String(decoding: $0, as: UTF8.self)
    }
    pid = text?.split(separator: " ").first.map(String.init) ?? ""
    try configure()
  }
  // Test threads block SIGTERM, and children inherit that.
  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  private func configure() throws {
    let keys = ["host", "user"].map(scratch.file)
    for key in keys {
      _ = try Shell.output(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
    }
    let host = (scratch.text("host.pub") ?? "").split(separator: " ").prefix(2).joined(
      separator: " ")
    try scratch.write(
      "live1 \(host)\nstranger ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
      "known")
    try scratch.write(
      """
      HostKey \(keys[0])
      AuthorizedKeysFile \(keys[1]).pub
      PasswordAuthentication no
      UsePAM no
      StrictModes no

      """, "sshd.conf")
    let enter = "nsenter -t \(pid) -n -m -u -i -p --"
    try scratch.write(
      """
      Host *
        User root
        IdentityFile \(keys[1])
        IdentitiesOnly yes
        UserKnownHostsFile \(scratch.file("known"))
        ProxyCommand \(enter) /usr/sbin/sshd -i -f \(scratch.file("sshd.conf"))

      """, "ssh.conf")
  }

  func inside(_ words: String...) throws -> String {
    let all = ["nsenter", "-t", pid, "-n", "-m", "-u", "-i", "-p", "--"] + words
    return String(decoding: try Shell.output(all) ?? [], as: UTF8.self)
  }

  func collect(_ hosts: String...) async throws -> [NodeOutcome] {
    try FileManager.default.createDirectory(
      atPath: scratch.file("captures"), withIntermediateDirectories: true)
    var collection = try CloudCollection(
      targets: try hosts.map { try NodeTarget(host: $0, isRaised: false) })
    collection.ssh.configuration = scratch.file("ssh.conf")
    collection.limits.isLowPriority = false
    return try await collection.run(into: scratch.file("captures")) { _ in }
  }
}

@Suite(.serialized) struct LiveNodeTests {
  private static let secret = "S3cr3t"
  private static let setup = """
    cd /run
    ip netns add 'qrouter-1 $(touch pwned);`id`'
    : >/run/netns/-n
    : >"$(printf '/run/netns/new\\nline')"
    ip netns exec 'qrouter-1 $(touch pwned);`id`' ip addr add 192.0.2.1/24 dev lo
    printf '[DEFAULT]\\nhost = live1\\ntransport_url = rabbit://u:S3cr3t@h:5672/\\n[database]\\nconnection =\\n  mysql://n:S3cr3t@h/n\\n' >/etc/neutron/neutron.conf
    printf 'metadata_proxy_shared_secret = S3cr3t and blanks S3cr3t\\n' >/etc/neutron/metadata_agent.ini
    mkdir -p /var/lib/neutron/ha_confs/1 /var/lib/neutron/lock
    printf 'vrrp_instance VR_1 {\\n  authentication {\\n    auth_type PASS\\n    auth_pass S3cr3t\\n  }\\n}\\n' >/var/lib/neutron/ha_confs/1/keepalived.conf
    printf '%s\\n' '-----BEGIN PRIVATE KEY-----' S3cr3t '-----END PRIVATE KEY-----' >/var/lib/neutron/key.pem
    printf '{"password": "S3cr3t", "secret_key": "S3cr3t"}' >"/var/lib/neutron/odd \\$(id) name.json"
    printf 'S3cr3t' >/var/lib/neutron/lock/x
    printf '<domain><devices><graphics type="vnc" passwd="S3cr3t"/></devices></domain>\\n' >/etc/libvirt/qemu/i-1.xml
    ln -s /etc/shadow /var/lib/neutron/shadow
    head -c 2000000 /dev/zero | tr '\\0' 'x' >/var/lib/neutron/large
    sh -c 'sleep 600; :' agent --os-password S3cr3t --db mysql://n:S3cr3t@h/n &
    """

  @Test func aNodeIsReadOverSSHWithItsHostileNamesAndWithoutItsSecrets() async throws {
    guard let node = try LiveNode(Self.setup) else { return }
    let watched = [
      "sh", "-c",
      "ip addr; ip -d link; ip netns; find /etc /var/lib /run -type f | sort | xargs -d '\\n' cksum; iptables-save | grep -v '^#'; true",
    ]
    let before = try node.inside(watched[0], watched[1], watched[2])
    let outcomes = try await node.collect("live1")
    let after = try node.inside(watched[0], watched[1], watched[2])
    #expect(before == after)
    #expect(before.count > 1000)

    #expect(outcomes.map(\.hostName) == ["live1"])
    let refused = outcomes.flatMap(\.problems).filter { $0.contains("not read") }
    #expect(
      refused.sorted() == [
        "namespace '-n' not read: its name would be taken for an option or a path",
        "namespace 'new\\x0aline' not read: control characters in its name",
      ])
    let scratch = node.scratch
    let name = "qrouter-1 $(touch pwned);`id`"
    #expect(
      scratch.text("captures/live1/ns/\(name)/ip_-j_addr.json")?.contains("192.0.2.1") == true)
    #expect(try node.inside("find", "/", "-xdev", "-maxdepth", "2", "-name", "pwned") == "")
    #expect(try node.inside("find", "/run", "/root", "-name", "pwned") == "")

    let files = scratch.everything().filter { $0.key.hasPrefix("captures/") }
    #expect(files.count > 40)
    for (path, text) in files { #expect(!text.contains(Self.secret), "\(path)") }
    #expect(
      scratch.text("captures/live1/files/etc/neutron/neutron.conf")
        == "[DEFAULT]\nhost = live1\ntransport_url = rabbit://u:***@h:5672/\n[database]\nconnection =\n  mysql://n:***@h/n\n"
    )
    #expect(scratch.text("captures/live1/files/var/lib/neutron/shadow") == nil)
    #expect(
      scratch.text("captures/live1/files/var/lib/neutron/odd $(id) name.json")
        == "{\"password\": \"***\", \"secret_key\": \"***\"}\n")
    #expect(
      scratch.text("captures/live1/root/ps.txt")?.contains(
        "agent --os-password *** --db mysql://n:***@h/n") == true)

    let facts = CloudFacts(parsing: try CaptureFolder.read([scratch.file("captures")]))
    let found = try #require(facts.node("live1"))
    #expect(found.hostname == "live1")
    #expect(
      found.namespaces[NamespaceName(name)]?.addresses.records.contains {
        "\($0.address)" == "192.0.2.1/24"
      } == true)
    #expect(
      facts.gaps.contains {
        $0.path == "files/var/lib/neutron/large" && $0.reason.contains("cut after 1048576 bytes")
      })
  }

  @Test func aHostKeyThatIsNotTheKnownOneIsRefusedAndTheSameNodeTwiceIsAnError() async throws {
    guard let node = try LiveNode("") else { return }
    let outcomes = try await node.collect("stranger")
    #expect(
      outcomes.flatMap(\.problems) == ["unreachable or cut off: Host key verification failed."])
    try node.scratch.write(
      (node.scratch.text("known") ?? "").replacing("live1 ", with: "live1,again "), "known")
    await #expect(
      throws: CollectionError("again and live1 are one node (live1): wanted each node once")
    ) { _ = try await node.collect("live1", "again") }
  }

  /// Every write of every process of the collection, seen by strace, goes to a pipe or /dev/null.
  @Test func nothingIsWrittenButToPipes() throws {
    guard Shell.has("strace"), Shell.isRoot else { return }
    let scratch = try ScratchFolder()
    try scratch.write(CommandList.script, "script")
    let words = [
      "strace", "-f", "-y", "-e",
      "trace=openat,open,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,truncate,ftruncate,chmod,fchmodat,link,linkat,symlink,symlinkat",
      "-o", scratch.file("trace"), "sh", "-c",
      "sh -s <\(scratch.file("script")) >\(scratch.file("out")) 2>/dev/null",
    ]
    guard try Shell.output(words) != nil, let trace = scratch.text("trace") else { return }
    let writing = [
      "O_WRONLY", "O_RDWR", "O_CREAT", "unlink", "rename", "mkdir", "truncate", "chmod", "link(",
    ]
    let suspects = trace.split(separator: "\n").filter { line in
      writing.contains { line.contains($0) } && !line.contains("\"/dev/null\"")
        && !line.contains("\(scratch.path)") && !line.contains("= -1 ")
        && !line.contains("readlink(")
        && !line.contains("/dev/tty") && !line.contains("ovs-vswitchd.pid")
    }
    #expect(suspects.isEmpty, "\(suspects.prefix(5).joined(separator: "\n"))")
    #expect(trace.split(separator: "\n").count > 100)
  }
}
