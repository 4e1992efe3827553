// sysctl, sockets, processes, namespaces and what a node says of itself.
import Facts
import NetworkTypes
import Testing

@testable import Formats

@Suite struct LinuxSocketTests {
  @Test(arguments: [
    (
      #"tcp LISTEN 0 128 0.0.0.0:82 0.0.0.0:* users:(("nginx",pid=9,fd=5))"#,
      "tcp LISTEN 0.0.0.0 82 nginx/9"
    ),
    ("tcp   LISTEN 0      128    *:9697     *:*    ", "tcp LISTEN * 9697"),
    ("tcp LISTEN 0 128 [::]:81 [::]:*", "tcp LISTEN :: 81"),
    ("udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*", "udp UNCONN 127.0.0.53 53 %lo"),
    ("udp UNCONN 0 0 [fe80::1]%eth0:546 [::]:*", "udp UNCONN fe80::1 546 %eth0"),
    ("udp UNCONN 0 0 [fe80::1%eth0]:546 [::]:*", "udp UNCONN fe80::1 546 %eth0"),
    ("udp UNCONN 0 0 *%lo:84 *:* ino:1 sk:2 cgroup:/ v6only:0 <->", "udp UNCONN * 84 %lo"),
    ("raw UNCONN 0 0 *:112 *:*", "raw UNCONN * 112"),
    (
      #"tcp LISTEN 0 5 1.2.3.4:80 0.0.0.0:* users:(("a b",pid=1,fd=4),("a),(\"x",pid=22,fd=5))"#,
      "tcp LISTEN 1.2.3.4 80 a b/1 a),(\\\"x/22"
    ),
    (
      #"tcp LISTEN 0 5 1.2.3.4:80 0.0.0.0:* users:(("sshd",1234,3))"#,
      "tcp LISTEN 1.2.3.4 80 sshd/1234"
    ),
    (
      #"u_str LISTEN 0 128 /run/a b c.sock 33473 * 0 users:(("x",pid=1,fd=9))"#,
      "u_str LISTEN path /run/a b c.sock x/1"
    ),
    ("u_str LISTEN 0 128 @abs tract 33472 * 0", "u_str LISTEN path @abs tract"),
    ("u_dgr UNCONN 0 0 * 33472 * 0", "u_dgr UNCONN"),
    ("u_str LISTEN 0 1 /run/s 7 * 0 <-> ino:1 dev:0/6 peers: ", "u_str LISTEN path /run/s"),
    ("v_str LISTEN 0 0 *:1024 *:*", "v_str LISTEN path *:1024"),
  ])
  func readsASocket(_ line: String, _ wanted: String) {
    let parsed = SocketFormat.parse(CaptureText(line + "\n"))
    #expect(parsed.records.map(\.summary) == [wanted])
    #expect(parsed.diagnostics.isEmpty)
    #expect(parsed.coverage.lostBytes == 0)
  }

  /// Old `ss` printed `*` for IPv4 alone and `:::` for IPv6, which takes IPv4 unless that is taken.
  @Test func resolvesWildcardsOfOldReleases() {
    let text = """
      Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port
      tcp LISTEN 0 128 *:22 *:*
      tcp LISTEN 0 128 :::22 :::*
      tcp LISTEN 0 128 :::80 :::*
      udp UNCONN 0 0 fe80::1%eth0:546 :::*
      u_str LISTEN 0 128 * 7 * 0

      """
    let parsed = SocketFormat.parse(CaptureText(text))
    let wanted = [
      "tcp LISTEN 0.0.0.0 22", "tcp LISTEN :: 22", "tcp LISTEN * 80",
      "udp UNCONN fe80::1 546 %eth0", "u_str LISTEN",
    ]
    #expect(parsed.records.map(\.summary) == wanted)
  }

  @Test(arguments: [
    ("tcp LISTEN", "netid, state and two queues"),
    ("tcp LISTEN 0 128 1.2.3.4:http 0.0.0.0:*", "a local address and port, and a peer"),
    ("tcp LISTEN 0 128 1.2.3.4:80", "a local address and port, and a peer"),
    ("tcp LISTEN 0 128 1.2.3.400:80 *:*", "a local address and port, and a peer"),
    ("tcp LISTEN 0 128 1.2.3.4:70000 *:*", "a local address and port, and a peer"),
  ])
  func rejectsWhatIsNoSocket(_ line: String, _ wanted: String) {
    let parsed = SocketFormat.parse(CaptureText(line + "\n"))
    #expect(parsed.records.isEmpty)
    #expect(parsed.diagnostics.map(\.message) == ["\(line): wanted \(wanted)"])
    #expect(parsed.coverage.lostBytes == 0)
  }
}

@Suite struct LinuxHostTests {
  @Test(arguments: [
    ("net.ipv4.ip_forward = 1", "net.ipv4.ip_forward", "1"),
    ("net.ipv4.ip_forward=1", "net.ipv4.ip_forward", "1"),
    ("net.ipv4.ip_local_port_range = 32768\t60999", "net.ipv4.ip_local_port_range", "32768\t60999"),
    ("kernel.domainname = a=b", "kernel.domainname", "a=b"), ("kernel.x = ", "kernel.x", ""),
    ("net.ipv4.conf.eth0/100.rp_filter = 2", "net.ipv4.conf.eth0/100.rp_filter", "2"),
  ])
  func readsASysctl(_ line: String, _ name: String, _ value: String) {
    let parsed = SysctlFormat.parse(CaptureText("# comment = 1\n\n\(line)\n"))
    #expect(parsed.records.map(\.name) == [name])
    #expect(parsed.records.map(\.value) == [value])
    #expect(parsed.records.map(\.evidence.line) == [3])
    #expect(parsed.diagnostics.isEmpty)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func sysctlNamesWhatItCannotRead() {
    let text = "sysctl: permission denied on key 'a.b'\nnonsense\n= 1\na = 1\na = 2"
    let parsed = SysctlFormat.parse(CaptureText(text))
    #expect(parsed.records.map(\.value) == ["1"])
    #expect(
      parsed.diagnostics.map(\.id) == [
        "sysctl/unreadable", "sysctl/bad-line", "sysctl/bad-line", "sysctl/cut-line",
      ])
    #expect(parsed.isIncomplete)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func sysctlSwapsDotsOfADevice() {
    #expect(Sysctl.component(of: "eth0.100") == "eth0/100")
    #expect(Sysctl.component(of: "qr-1") == "qr-1")
  }

  @Test func processesOfASosreportHaveNoAge() throws {
    let text =
      "F   UID     PID    PPID PRI  NI    VSZ   RSS WCHAN  STAT TTY        TIME COMMAND\n"
      + "4     0      12       1  20   0 168452 11852 do_epo Ss   ?          0:03 dnsmasq --no-hosts  x\n"
      + "1     0       2       0  20   0      0     0 -      S    ?          0:00 [kthreadd]\n4 0 x 1\n"
    let parsed = ProcessFormat.parse(CaptureText(text))
    #expect(parsed.records.map(\.pid) == [12, 2])
    let first = try #require(parsed.records.first)
    #expect(first.parent == 1)
    #expect(first.user == "0")
    #expect(first.elapsedSeconds == nil)
    #expect(first.arguments == "dnsmasq --no-hosts  x")
    #expect(parsed.diagnostics.count == 1)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func readsProcesses() {
    let text =
      "    PID    PPID USER     ELAPSED COMMAND\n   7   1 root  12 dnsmasq  --x= y\n  8 7 a+ 0 \n"
    let parsed = ProcessFormat.parse(CaptureText(text))
    #expect(parsed.records.map(\.pid) == [7, 8])
    #expect(parsed.records.map(\.parent) == [1, 7])
    #expect(parsed.records.map(\.user) == ["root", "a+"])
    #expect(parsed.records.map(\.elapsedSeconds) == [12, 0])
    #expect(parsed.records.map(\.arguments) == ["dnsmasq  --x= y", ""])
    #expect(parsed.coverage.structuralBytes == 41)
    #expect(ProcessFormat.parse(CaptureText("x 1 root 1 y\n")).diagnostics.count == 1)
  }

  @Test(arguments: [
    ("qrouter-1 (id: 3)", "qrouter-1", 3), ("qrouter-1", "qrouter-1", nil),
    ("a b (id: 0)", "a b", 0), ("x (id: y)", "x (id: y)", nil), ("x(id: 3)", "x(id: 3)", nil),
    ("plain ", "plain", nil),
  ])
  func readsANamespace(_ line: String, _ name: String, _ id: Int?) {
    let parsed = NamespaceListFormat.parse(CaptureText(line + "\n"))
    #expect(parsed.records.map(\.name.rawValue) == [name])
    #expect(parsed.records.map(\.id) == [id])
  }

  @Test func readsProcessIDs() {
    let parsed = NamespacePIDFormat.parse(CaptureText("1\n394\nx\n"))
    #expect(parsed.records == [1, 394])
    #expect(parsed.diagnostics.map(\.message) == ["x: wanted a process id"])
    #expect(NamespacePIDFormat.parse(CaptureText("")).records.isEmpty)
  }

  @Test func readsNestedNamespacesOfOldAndNewReleases() {
    let text = #"""
      {"namespaces": [
        {"ns": 10, "type": "net", "nprocs": 5, "pid": 1, "user": "root", "netnsid": "unassigned",
         "nsfs": null, "command": "init", "children": [
           {"ns": "11", "type": "net", "nprocs": "2", "pid": "9", "user": "a", "netnsid": "3",
            "nsfs": "/mnt/x\n/run/netns/qrouter-1", "command": "haproxy"}]},
        {"ns": 12, "type": "net", "nprocs": 0, "pid": null, "user": null, "netnsid": "4",
         "nsfs": "/run/docker/netns/default", "command": null}]}

      """#
    let parsed = NetworkNamespaceFormat.parse(CaptureText(text))
    #expect(parsed.records.map(\.inode) == [10, 11, 12])
    #expect(parsed.records.map(\.id) == [nil, 3, 4])
    #expect(parsed.records.map(\.pid) == [1, 9, nil])
    #expect(parsed.records.map(\.processCount) == [5, 2, 0])
    #expect(parsed.records.map(\.name) == [nil, "qrouter-1", "default"])
    #expect(parsed.records.map(\.evidence.line) == [2, 4, 6])
    #expect(parsed.diagnostics.isEmpty)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func readsTheHostsName() {
    let parsed = HostNameFormat.parse(CaptureText("cmp-1.example\n"))
    #expect(parsed.records.map(\.name) == ["cmp-1.example"])
  }

  @Test(arguments: [
    (
      "Linux c 6.1.0-13-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 x86_64 GNU/Linux",
      "6.1.0-13-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1", "x86_64"
    ),
    ("Linux c 3.10.0 #1 SMP Tue x86_64 x86_64 x86_64 GNU/Linux", "3.10.0", "#1 SMP Tue", "x86_64"),
    ("Linux c 5.4 #1", "5.4", "#1", ""),
  ])
  func readsTheKernel(_ line: String, _ release: String, _ version: String, _ machine: String) {
    let kernel = KernelFormat.parse(CaptureText(line + "\n")).records.first
    #expect(kernel?.release == release)
    #expect(kernel?.version == version)
    #expect(kernel?.machine == machine)
    #expect(kernel?.hostName == "c")
  }

  @Test(arguments: [
    ("2024-02-29T23:59:60Z", 1, 0), ("Thu Feb 29 23:59:60 UTC 2024", 0, 1),
    ("2024-02-29T23:59:60+01:00", 0, 1), ("", 0, 0),
  ])
  func readsTheTime(_ line: String, _ records: Int, _ diagnostics: Int) {
    let parsed = CaptureTimeFormat.parse(CaptureText(line + "\n"))
    #expect(parsed.records.count == records)
    #expect(parsed.diagnostics.count == diagnostics)
  }

  @Test(arguments: [
    (" 00:53:48 up 34 min,  0 user,  load average: 0.29, 0.49, 0.86", 2040),
    (" 00:53:48 up  3:07,  2 users,  load average: 1.00, 2.00, 3.00", 11220),
    (" 00:53:48 up 10 days,  3:07,  2 users,  load average: 1.00, 2.00, 3.00", 875_220),
    (" 00:53:48 up 1 day, 2 min,  1 user,  load average: 1.00, 2.00, 3.00", 86520),
  ])
  func readsTheUptime(_ line: String, _ seconds: Int) {
    let uptime = UptimeFormat.parse(CaptureText(line + "\n")).records.first
    #expect(uptime?.elapsedSeconds == seconds)
    #expect(uptime?.loadAverages.count == 3)
  }

  @Test(arguments: [
    "up", "up 1", "up x min", "load average: 1", "up 99999999999999999999 days", "up -5 days",
    "up 9223372036854775807 days", "up 9223372036854775807:10",
  ])
  func refusesAnUptime(_ line: String) {
    let parsed = UptimeFormat.parse(CaptureText(line + "\n"))
    #expect(parsed.records.isEmpty)
    #expect(parsed.diagnostics.map(\.message) == ["\(line): wanted a time behind 'up'"])
  }

  @Test func readsHosts() {
    let text = "# managed\n127.0.0.1\tlocalhost  lo # x\nfe80::1%lo0 a\n\n10.0.0.1\nbad b\n::1 six"
    let parsed = HostsFormat.parse(CaptureText(text))
    #expect(parsed.records.map { "\($0.address)" } == ["127.0.0.1", "fe80::1", "::1"])
    #expect(parsed.records.map(\.names) == [["localhost", "lo"], ["a"], ["six"]])
    #expect(parsed.diagnostics.map(\.evidence.line) == [5, 6])
    #expect(parsed.coverage.lostBytes == 0)
  }
}

extension ListeningSocket {
  fileprivate var summary: String {
    var words = [transport, state]
    if let port {
      words += [address.map { "\($0)" } ?? "*", "\(port)"]
    }
    if let path { words += ["path \(path)"] }
    if let interface { words += ["%\(interface)"] }
    return (words + processes.map { "\($0.name)/\($0.pid)" }).joined(separator: " ")
  }
}
