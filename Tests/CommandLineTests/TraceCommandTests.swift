// `trace`, its batch contract, and `ofproto-trace`, on the built program.
import Foundation
import Testing

@Suite struct TraceCommandTests {
  /// Imported once for all tests here.
  private static let cloud = Result {
    let folder = try ScratchFolder()
    let made = try Program.run(["import", Program.fixture, "--output", folder.file("cloud.db")])
    #expect(made.status == 0)
    return folder
  }
  private let folder: ScratchFolder
  private let snapshot: String

  init() throws {
    folder = try ScratchFolder()
    snapshot = try Self.cloud.get().file("cloud.db")
  }

  private func object(_ line: Substring) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
  }

  @Test func batchAnswersEachProbeInOrder() throws {
    let probes = """
      {"id": "1", "from": {"port": "3320117f-6aee-4fc4-be08-c57ad974bbdd"}, "to": "8.8.8.8", "proto": "icmp"}

      {"id": 2, "from": {"external": "203.0.113.1"}, "to": "203.0.113.173", "proto": "tcp", "dport": 2222}
      {"id": "3", "from": {"port": "21f57c68-f54f-468c-9d20-7c5422c39e8a"}, "to": "8.8.8.8", "proto": "udp", "dport": 53}
      {"id": "4", "from": {"port": "no-such-port"}, "to": "8.8.8.8", "proto": "udp", "dport": 53}
      """
    let file = folder.path + "/probes.jsonl"
    try Data(probes.utf8).write(to: URL(filePath: file))
    let run = try Program.run(["trace", snapshot, "--batch", file, "--format", "jsonl"])
    #expect(run.status == 0)
    let answers = try run.output.split(separator: "\n").map(object)
    #expect(answers.map { $0["id"] as? String } == ["1", "2", "3", "4"])
    #expect(
      answers.map { $0["outcome"] as? String } == [
        "left-cloud", "delivered", "dropped", "unknown",
      ])
    #expect(answers.map { $0["delivered"] as? Bool } == [true, true, false, nil])
    #expect(answers[0]["received_by"] as? [String] == ["internet"])
    let seen = answers[1]["seen"] as? [String: Any]
    #expect(seen?["dst"] as? String == "172.17.17.22" && seen?["dport"] as? Int == 22)
    let path = answers[0]["path"] as? [[String]]
    #expect(path?.first == ["cmp1", "root", "tap3320117f-6a", "in"])
    let reason = answers[2]["reason"] as? [String: Any]
    #expect(reason?["code"] as? String == "network-unreachable")
  }

  @Test(arguments: [
    ("port-a1", "8.8.8.8", "icmp", Int32(0)), ("c1", "8.8.8.8", "icmp", 1),
    ("no-such-thing", "8.8.8.8", "icmp", 2), ("172.17.17.11", "8.8.8.8", "icmp", 2),
  ]) func exitCodesTellTheOutcome(_ from: String, _ to: String, _ kind: String, _ code: Int32)
    throws
  {
    let run = try Program.run(["trace", snapshot, "--from", from, "--to", to, "--proto", kind])
    #expect(run.status == code, "\(run.error)")
  }

  @Test(arguments: [
    ("{\"from\":{\"port\":\"x\"},\"to\":\"1.2.3\",\"proto\":\"icmp\"}", "an IP address in \"to\""),
    (
      "{\"from\":{\"port\":\"x\"},\"to\":\"1.2.3.4\",\"proto\":\"smoke\"}",
      "one of icmp, icmp6, tcp, udp, sctp, arp, dhcp in \"proto\""
    ),
    (
      "{\"to\":\"1.2.3.4\",\"proto\":\"icmp\"}",
      "an object \"from\" with \"port\", \"external\" or \"node\" and \"namespace\""
    ),
    ("[]", "a JSON object"), ("{\"id\":", "a JSON value at byte 6"),
    (
      "{\"from\":{\"port\":\"x\"},\"to\":\"1.2.3.4\",\"proto\":\"tcp\",\"dport\":70000}",
      "a number that fits in \"dport\""
    ),
  ]) func badProbesNameTheirLine(_ probe: String, _ wanted: String) throws {
    let file = folder.path + "/bad.jsonl"
    try Data(("\n" + probe + "\n").utf8).write(to: URL(filePath: file))
    let run = try Program.run(["trace", snapshot, "--batch", file])
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
    #expect(run.error == "ovsight: \(file): line 2: wanted \(wanted)\n")
  }

  @Test func predictedFramesAreACaptureFile() throws {
    let file = folder.path + "/way.pcap"
    let run = try Program.run([
      "trace", snapshot, "--from", "port-a1", "--to", "8.8.8.8", "--pcap", file, "--brief",
    ])
    #expect(run.status == 0)
    let bytes = try Data(contentsOf: URL(filePath: file))
    #expect(bytes.prefix(4) == Data([0xd4, 0xc3, 0xb2, 0xa1]))
  }

  @Test func aSwitchIsTracedOffline() throws {
    let flow = "in_port=tapc48fd058-1c,icmp,dl_src=fa:16:3e:6f:5d:99,nw_src=172.17.17.12"
    let run = try Program.run([
      "ofproto-trace", snapshot, "--node", "cmp2", "br-int", flow, "--format", "json",
      "--ct-next", "trk,est",
    ])
    #expect(run.status == 0)
    let answer = try object(run.output[...])
    let tables = answer["tables"] as? [[String: Any]] ?? []
    #expect(tables.map { $0["table"] as? Int }.prefix(5) == [0, 59, 60, 71, 72])
    #expect(answer["dropped"] is Bool && answer["outputs"] is [[String: Any]])
  }

  @Test func switchBatchesKeepTheirIDs() throws {
    let file = folder.path + "/flows.jsonl"
    let lines = """
      {"id": "x", "bridge": "br-int", "flow": "in_port=6,arp,arp_op=1"}
      {"id": 7, "bridge": "br-none", "flow": "in_port=6"}
      {"id": 8, "bridge": "br-int", "flow": "in_port=6,nonsense=1", "ct_next": ["trk,new"]}
      """
    try Data(lines.utf8).write(to: URL(filePath: file))
    let run = try Program.run([
      "ofproto-trace", snapshot, "--node", "cmp2", "--batch", file, "--format", "json",
    ])
    #expect(run.status == 0)
    let answers = try run.output.split(separator: "\n").map(object)
    #expect(answers.count == 3)
    #expect(answers[0]["id"] as? String == "x" && answers[0]["dropped"] as? Bool == true)
    #expect(answers[1]["id"] as? Int == 7)
    #expect((answers[1]["error"] as? String)?.contains("wanted one of") ?? false)
    #expect((answers[2]["error"] as? String)?.contains("nonsense") ?? false)
  }
}
