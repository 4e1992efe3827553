// `ovsight show drift`, `show vm` and `diff` of the built program.
import Foundation
import Testing

@Suite struct DriftCommandTests {
  @Test func healthyAndBroken() throws {
    let folder = try ScratchFolder()
    let (healthy, broken) = (folder.file("a.db"), folder.file("b.db"))
    #expect(try Program.run(["import", Program.fixture, "-o", healthy]).status == 0)
    try FileManager.default.copyItem(
      atPath: Program.fixture, toPath: folder.file("cloud"))
    let rules = folder.file("cloud/cmp1/root/iptables-save_-c.txt")
    let text = try String(contentsOfFile: rules, encoding: .utf8)
    try text.split(separator: "\n").filter {
      !$0.hasSuffix(" -A neutron-openvswi-o3320117f-6 -j neutron-openvswi-s3320117f-6")
    }.joined(separator: "\n").appending("\n")
      .write(toFile: rules, atomically: false, encoding: .utf8)
    #expect(try Program.run(["import", folder.file("cloud"), "-o", broken]).status == 0)

    let clean = try Program.run(["show", healthy, "drift"])
    #expect(clean.output == "Drift\n  (none)\n\nNot compared\n  (none)\n")
    let drift = try Program.run(["show", broken, "drift", "port-a1", "--format", "json"])
    #expect(drift.status == 0 && drift.output.contains("\"code\":\"anti-spoofing\""))
    #expect(try Program.run(["show", broken, "drift", "port-a3"]).output == clean.output)
    let page = try Program.run(["show", broken, "vm", "a1"])
    for title in [
      "VM", "How it is plugged", "Where its traffic leaves", "Security groups as intended",
      "Security groups as enforced", "DHCP", "Problems",
    ] { #expect(page.output.contains("\(title)\n"), "\(title)") }
    #expect(page.output.contains("anti-spoofing"))

    let same = try Program.run(["diff", healthy, healthy])
    #expect(same.status == 0 && same.output == "no change\n")
    let diff = try Program.run(["diff", healthy, broken])
    #expect(diff.status == 1)
    #expect(diff.output.hasPrefix("findings\n  + cmp1 port port-a1: "))
    #expect(
      diff.output.hasSuffix(
        "filter-rules\n  - cmp1 root IPv4 filter "
          + "-A neutron-openvswi-o3320117f-6 -j neutron-openvswi-s3320117f-6\n"))
    let only = try Program.run(["diff", healthy, broken, "--only", "flows"])
    #expect(only.status == 0 && only.output == "no change\n")
    let json = try Program.run(["diff", healthy, broken, "--format", "json"])
    let parsed = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect((parsed?["changes"] as? [Any])?.count == 2)
  }
}
