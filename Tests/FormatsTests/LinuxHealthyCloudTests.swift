// Every Linux file of the captured cloud: all bytes accounted for, nothing left unread.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Formats

@Suite struct LinuxHealthyCloudTests {
  @Test func everyFileParsesWithoutLoss() throws {
    var files = 0
    for file in try LinuxFixture.files() {
      let text = CaptureText(file: CaptureFileID(0), bytes: Array(try Data(contentsOf: file)))
      guard let outcome = LinuxFixture.outcome(of: file.lastPathComponent, text) else { continue }
      files += 1
      #expect(outcome.coverage.lostBytes == 0, "\(file.path)")
      #expect(outcome.diagnostics.isEmpty, "\(file.path): \(outcome.diagnostics.prefix(3))")
      #expect(!outcome.isIncomplete, "\(file.path)")
    }
    #expect(files > 200)
  }
}

/// What every parser's outcome has, whatever its records.
struct ParseOutcome {
  let records: Int
  let diagnostics: [Diagnostic]
  let coverage: Coverage
  let isIncomplete: Bool
  init<Record>(_ parsed: Parsed<Record>) {
    records = parsed.records.count
    diagnostics = parsed.diagnostics
    coverage = parsed.coverage
    isIncomplete = parsed.isIncomplete
  }
}

enum LinuxFixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/healthy-cloud")

  static func files() throws -> [URL] {
    let nodes = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return nodes.flatMap { node in
      ["root", "ns"].flatMap { part in
        FileManager.default.enumerator(
          at: node.appendingPathComponent(part), includingPropertiesForKeys: nil)?
          .compactMap { $0 as? URL } ?? []
      }
    }.filter { !$0.hasDirectoryPath }.sorted { $0.path < $1.path }
  }

  static func outcome(of name: String, _ text: CaptureText) -> ParseOutcome? {
    switch name {
    case "ip_-d_-j_link.json", "ip_-s_-j_link.json": ParseOutcome(LinkFormat.parse(text))
    case "ip_-j_addr.json": ParseOutcome(AddressFormat.parse(text))
    case "ip_-4_-j_route_table_all.json": ParseOutcome(RouteFormat.parse(text, family: .ipv4))
    case "ip_-6_-j_route_table_all.json": ParseOutcome(RouteFormat.parse(text, family: .ipv6))
    case "ip_-4_-j_rule.json": ParseOutcome(RuleFormat.parse(text, family: .ipv4))
    case "ip_-6_-j_rule.json": ParseOutcome(RuleFormat.parse(text, family: .ipv6))
    case "ip_-j_neigh.json": ParseOutcome(NeighbourFormat.parse(text))
    case "bridge_-j_fdb.json": ParseOutcome(BridgeForwardingFormat.parse(text))
    case "bridge_-j_vlan.json": ParseOutcome(BridgeVLANFormat.parse(text))
    case "bridge_-d_-j_link.json": ParseOutcome(BridgePortFormat.parse(text))
    case "sysctl.txt": ParseOutcome(SysctlFormat.parse(text))
    case "ss_-H_-lntup.txt", "ss_-H_-lntuxp.txt": ParseOutcome(SocketFormat.parse(text))
    case "ps.txt": ParseOutcome(ProcessFormat.parse(text))
    case "ip_netns_list.txt": ParseOutcome(NamespaceListFormat.parse(text))
    case "ip_netns_pids.txt": ParseOutcome(NamespacePIDFormat.parse(text))
    case "lsns_-J_-t_net.json": ParseOutcome(NetworkNamespaceFormat.parse(text))
    case "hostname.txt": ParseOutcome(HostNameFormat.parse(text))
    case "uname_-a.txt": ParseOutcome(KernelFormat.parse(text))
    case "date.txt": ParseOutcome(CaptureTimeFormat.parse(text))
    case "uptime.txt": ParseOutcome(UptimeFormat.parse(text))
    case "hosts.txt": ParseOutcome(HostsFormat.parse(text))
    default: nil
    }
  }
}
