// What nodes do to a collector, and that the others are collected all the same.
import Facts
import Formats
import Foundation
import NetworkTypes
import Testing

@testable import Collector

@Suite struct NodeCollectionTests {
  @Test func aNodeIsReadWhole() async throws {
    let cloud = try FakeCloud()
    let outcomes = try await cloud.collect("n1")
    #expect(outcomes.map(\.problems) == [[]])
    #expect(outcomes.first?.hostName == "fake")
    #expect(cloud.scratch.text("captures/n1/root/sysctl.txt") == "net.ipv4.ip_forward = 1\n")
    let row = try #require(cloud.row("n1", "root/ip_-j_addr.json"))
    #expect(row[1...2] == ["0", "ip -j addr"])
    #expect(row[4].hasSuffix("Z"))
    let capture = try CaptureFolder.read([cloud.scratch.file("captures")])
    let file = try #require(capture.files.first { $0.description.path == "root/ip_-j_addr.json" })
    #expect(file.description.command?.startedAt == row[4])
  }

  @Test func badNodesAreGapsAndTheRestIsCollected() async throws {
    var cloud = try FakeCloud()
    cloud.limits.nodeBytes = 4 << 20
    let names = ["good", "refuses", "floods", "talks", "dies"]
    let outcomes = try await cloud.collect("good", "refuses", "floods", "talks", "dies")
    let problems = Dictionary(
      uniqueKeysWithValues: outcomes.map { ($0.target.name, $0.problems.first) })
    #expect(problems["good"] == .some(nil))
    #expect(
      problems["refuses"]
        == "unreachable or cut off: ssh: connect to host refuses port 22: Connection refused")
    #expect(problems["floods"] == "sent more than 4194304 bytes")
    #expect(problems["talks"]??.hasPrefix("ended early with exit code 3: no") == true)
    #expect(problems["dies"]??.hasPrefix("ended early by signal 9") == true)
    #expect(cloud.scratch.names("captures") == names.sorted())
    // What came before the end is kept.
    #expect(cloud.scratch.text("captures/dies/root/ip_-d_-j_link.json") == "[]\n")

    let facts = CloudFacts(parsing: try CaptureFolder.read([cloud.scratch.file("captures")]))
    let gap = facts.gaps.first { $0.node == "refuses" && $0.path == "collection.txt" }
    #expect(
      gap?.reason
        == "exit code 255: unreachable or cut off: ssh: connect to host refuses port 22: "
        + "Connection refused")
    #expect(facts.gaps.contains { $0.node == "refuses" && $0.path == "root/ip_-j_addr.json" })
  }

  @Test func aNodeThatHangsIsGivenUp() async throws {
    var cloud = try FakeCloud()
    cloud.limits.nodeSeconds = 1
    // Were it not given up, it would end by itself, with another problem. How long that takes is up
    // to the tests beside this one.
    let outcomes = try await cloud.collect("hangs")
    #expect(outcomes.map(\.problems) == [["did not end within 1 s"]])
  }

  @Test func aCommandThatHangsOrPrintsWithoutEndIsOneGap() async throws {
    var cloud = try FakeCloud()
    cloud.limits.commandSeconds = 3
    cloud.limits.outputBytes = 5000
    try cloud.tool("ipset", "sleep 100")
    try cloud.tool("conntrack", "exec cat /dev/zero")
    try cloud.tool("nft", "yes error >&2 | head -c 10; echo '{}'")
    let outcomes = try await cloud.collect("n1")
    let problems = outcomes.flatMap(\.problems)
    #expect(
      problems.contains("root/ipset_save.txt: exit code 124: did not end within 3 s, killed"))
    #expect(
      problems.contains { problem in
        problem.hasPrefix("root/conntrack_-L_-o_extended.txt: exit code ")
          && problem.hasSuffix(": cut after 5000 bytes")
      })
    #expect(
      cloud.scratch.text("captures/n1/root/conntrack_-L_-o_extended.txt")?.utf8.count == 5000)
    #expect(cloud.row("n1", "root/hostname.txt")?[1] == "0")
  }

  @Test func aToolThatIsMissingIsAGapByName() async throws {
    let cloud = try FakeCloud()
    try cloud.tool("iptables-save", "exit 127")
    try cloud.tool(
      "ip", "case \"$*\" in *-j*) echo 'Option \"-j\" is unknown' >&2; exit 255 ;; esac")
    let outcomes = try await cloud.collect("n1")
    #expect(outcomes.flatMap(\.problems) == ["root/iptables-save_-c.txt: exit code 127"])
    // An iproute2 without JSON is asked for text.
    #expect(cloud.row("n1", "root/ip_-d_link.txt")?[1...2] == ["0", "ip -d link"])
    #expect(cloud.row("n1", "root/ip_-d_-j_link.json") == nil)
  }

  @Test func withoutAwkNothingSecretIsRead() async throws {
    let cloud = try FakeCloud()
    try cloud.tool("awk", "exit 127")
    _ = try await cloud.collect("n1")
    #expect(
      cloud.row("n1", "root/ps.txt")?[3]
        == "not read: this node has no awk to mask secrets with")
    #expect(cloud.scratch.text("captures/n1/root/ps.txt") == "")
  }

  @Test func secretsOfProcessesDoNotLeaveTheNode() async throws {
    let cloud = try FakeCloud()
    _ = try await cloud.collect("n1")
    #expect(
      cloud.scratch.text("captures/n1/root/ps.txt")
        == "  PID  PPID USER ELAPSED COMMAND\n1 0 root 5 init --password ***\n")
    #expect(
      !cloud.scratch.everything().values.contains {
        $0.contains("S3cr3t") && $0.contains("init") && !$0.contains("#!/bin/sh")
      })
  }

  @Test func namesOfBridgesAreOnlyEverNames() async throws {
    let cloud = try FakeCloud()
    let touched = cloud.scratch.file("touched")
    let names = [
      "br-int", "$(touch \(touched))", "`touch \(touched)`", "a b;c", "--log-file=x",
      "tcp:10.0.0.1",
      "../../evil", "*", "'\"",
    ]
    try cloud.scratch.write(names.joined(separator: "\n") + "\n", "bridges")
    try cloud.tool(
      "ovs-ofctl", "for last; do :; done; printf '%s\\n' \"$last\" >>\"$FAKE/asked\"; echo x")
    // A fake switch: the socket that the script looks for is not there, the process is.
    let script = "sed 's/^database=$/database=unix:fake/'"
    try cloud.scratch.write(
      "#!/bin/sh\nFAKE=\(cloud.scratch.path); export FAKE; PATH=$FAKE/bin:$PATH; export PATH\n\(script) | sh -s\n",
      "ssh", isProgram: true)
    let outcomes = try await cloud.collect("n1")
    #expect(!FileManager.default.fileExists(atPath: touched))
    let asked = Set((cloud.scratch.text("asked") ?? "").split(separator: "\n").map(String.init))
    #expect(asked == ["br-int", "a b;c", "*", "'\""])
    #expect(
      cloud.scratch.names("captures/n1/ovs").filter { !$0.contains(".") } == [
        "'\"", "*", "a b;c", "br-int",
      ])
    let notes = outcomes.flatMap(\.problems)
    #expect(
      notes.filter { $0.contains("not read") }.sorted() == [
        "bridge '$(touch \(touched))' not read: its name would be taken for an option or a path",
        "bridge '--log-file=x' not read: its name would be taken for an option or a path",
        "bridge '../../evil' not read: its name would be taken for an option or a path",
        "bridge '`touch \(touched)`' not read: its name would be taken for an option or a path",
        "bridge 'tcp:10.0.0.1' not read: its name would be taken for an address",
      ])
  }

  @Test func aNodeThatChangesIsReadAgainAndThenReported() async throws {
    var cloud = try FakeCloud()
    cloud.limits.rereads = 1
    // The first reading sees it change, the second does not.
    try cloud.tool(
      "iptables-save",
      "n=$(cat \"$FAKE/n\" 2>/dev/null || echo 0); n=$((n + 1)); echo $n >\"$FAKE/n\"; [ $n -ge 3 ] || echo \"-A x$n\""
    )
    let quiet = try await cloud.collect("n1")
    #expect(quiet.map(\.problems) == [[]])
    try cloud.tool("iptables-save", "date +%s%N")
    let restless = try await cloud.collect("n2")
    #expect(restless.map(\.problems) == [["changed while it was read (2 times): iptables"]])
    #expect(cloud.row("n2", "collection.txt")?[1] == "255")
  }

  @Test func countersAndAgesAreNoChange() async throws {
    let cloud = try FakeCloud()
    try cloud.tool(
      "iptables-save",
      "date '+# Generated %s%N'; date '+:INPUT ACCEPT [%s:%N]' | sed 's/ACCEPT \\[\\([0-9]*\\):0*/ACCEPT [\\1:1/'"
    )
    #expect(try await cloud.collect("n1").map(\.problems) == [[]])
  }

  @Test func aDiskThatIsFullIsAGapOfTheNodeThatFilledIt() async throws {
    guard Shell.isRoot, Shell.has("mount") else { return }
    let cloud = try FakeCloud()
    let disk = cloud.scratch.file("captures")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    let options = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]
    guard try Shell.output(options) != nil else { return }
    defer { _ = try? Shell.output(["umount", "-l", disk]) }
    try cloud.tool("conntrack", "head -c 8000000 /dev/zero")
    let outcomes = try await cloud.collect("n1", into: disk)
    #expect(outcomes.map(\.problems) == [["not written: no space left on device"]])
    #expect(cloud.scratch.names("captures/n1") == ["collection.txt", "commands.tsv"])
  }
}
