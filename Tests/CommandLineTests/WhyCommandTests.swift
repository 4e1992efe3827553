// `why` on the built program: three lines first, codes, what-if, JSON.
import Foundation
import Testing

@Suite struct WhyCommandTests {
  private static let cloud = Result {
    let folder = try ScratchFolder()
    let made = try Program.run(["import", Program.fixture, "--output", folder.file("cloud.db")])
    #expect(made.status == 0)
    return folder
  }
  private let snapshot: String

  init() throws { snapshot = try Self.cloud.get().file("cloud.db") }

  private func lines(_ arguments: [String]) throws -> (Int32, [String]) {
    let run = try Program.run(["why", snapshot] + arguments)
    return (run.status, run.output.split(separator: "\n").map(String.init))
  }

  @Test func threeLinesFirst() throws {
    let (status, text) = try lines(["port-a4", "port-a3", "--proto", "tcp", "--dport", "22"])
    #expect(status == 1)
    #expect(
      text.first
        == "WORKS AS CONFIGURED: no ingress rule allows tcp/22 from 172.17.18.14: security group "
        + "a-app of port-a3")
    #expect(text.count > 2 && text[1] == "Cause: no-ingress-rule")
    #expect(text.count > 2 && text[2].hasPrefix("Fix:   none needed; to allow it: openstack "))
    #expect(text.contains { $0.hasPrefix("   see:  ") })
  }

  @Test func whatIfIsAnswered() throws {
    let (working, _) = try lines(["port-b1", "--brief"])
    #expect(working == 0)
    let (status, text) = try lines(
      [
        "port-b1", "--brief", "--assume", "set down net1/root br-ex", "--assume",
        "remove port net1 br-int int-br-ex",
      ])
    #expect(status == 1)
    #expect(text.count == 3)
    #expect(text.last?.contains("traced again with it: delivered and answered") == true)
    #expect(text.dropFirst().first?.contains("[patch-port-missing]") == true)
  }

  @Test func aFloatingIPIsAskedForFromOutside() throws {
    let (status, text) = try lines(["--eip", "203.0.113.159", "--brief"])
    #expect(status == 0)
    #expect(text == ["WORKS: it arrives and is answered"])
  }

  @Test func jsonHasStableCodes() throws {
    let run = try Program.run([
      "why", snapshot, "port-c1", "port-c2", "--format", "json", "--assume",
      "set down cmp1 tap21f57c68-f5",
    ])
    let answer =
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any] ?? [:]
    #expect(run.status == 1)
    #expect(answer["verdict"] as? String == "broken")
    #expect(answer["cause"] as? String == "link-down")
    let codes = try Program.run(["why", "--codes"])
    #expect(codes.status == 0)
    #expect(codes.output.contains("\n  link-down "))
    #expect(codes.output.contains("\n  no-ingress-rule "))
  }

  @Test(arguments: [
    [], ["port-a1", "--eip", "203.0.113.159"], ["nobody"], ["port-a1", "nobody"],
    ["port-a1", "--assume", "make it work"], ["port-a1", "--proto", "arp"],
  ]) func badUsageIsExitCodeTwo(_ arguments: [String]) throws {
    let run = try Program.run(["why", snapshot] + arguments)
    #expect(run.status == 2)
    #expect(run.error.hasPrefix("ovsight: "))
    #expect(run.output.isEmpty)
  }
}
