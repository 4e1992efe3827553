// The rule sets of a real cloud: every namespace of the shipped capture gives a model that decides.
import Conntrack
import Facts
import Formats
import Foundation
import NetworkTypes
import Testing

@testable import Netfilter

@Suite struct CloudRulesTests {
  private func section<Record>(
    _ folder: URL, _ name: String, _ parse: (CaptureText) -> Parsed<Record>
  ) -> Section<Record> {
    guard let data = FileManager.default.contents(atPath: folder.appendingPathComponent(name).path)
    else { return .unread }
    return Section(records: parse(CaptureText(file: CaptureFileID(0), bytes: Array(data))).records)
  }

  private func models() -> [(name: String, model: NetfilterModel)] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/healthy-cloud")
    guard let walk = FileManager.default.enumerator(atPath: root.path) else { return [] }
    return walk.compactMap { $0 as? String }.filter { $0.hasSuffix("/iptables-save_-c.txt") }
      .sorted()
      .map { path in
        let folder = root.appendingPathComponent(path).deletingLastPathComponent()
        var facts = NamespaceFacts(name: NamespaceName(folder.lastPathComponent))
        facts.iptables4 = section(folder, "iptables-save_-c.txt") {
          IPTablesFormat.parse($0, family: .ipv4)
        }
        facts.iptables6 = section(folder, "ip6tables-save_-c.txt") {
          IPTablesFormat.parse($0, family: .ipv6)
        }
        facts.nftables = section(folder, "nft_-j_list_ruleset.json", NFTablesFormat.parse)
        facts.ipsets = section(folder, "ipset_save.txt", IPSetFormat.parse)
        facts.ebtables = section(folder, "ebtables-save.txt", EBTablesFormat.parse)
        return (path, NetfilterModel(facts))
      }
  }

  @Test func everyNamespaceDecides() {
    let models = models()
    #expect(!models.isEmpty)
    let packets: [Packet] = [
      .ping("10.9.9.9", "10.8.8.8"), .tcp("10.9.9.9", 40000, "169.254.169.254", 80),
      .udp("10.9.9.9", 68, "255.255.255.255", 67), .ping("fd00::1", "fd00::2"),
    ]
    for (name, model) in models {
      #expect(model.ruleSets.allSatisfy { !$0.label.hasPrefix("nft") }, "\(name): all is iptables'")
      for packet in packets {
        for hook in Hook.allCases {
          var packet = packet
          var connection = PacketConnection()
          var table = ConntrackTable()
          let context = HookContext(
            inDevice: "qr-0", outDevice: "qr-1",
            addresses: { _ in [InterfaceAddress("10.8.8.1/24"), InterfaceAddress("fd00::9/64")] })
          let result = model.run(
            hook, packet: &packet, connection: &connection, context: context, conntrack: &table)
          if case .unknown(let reasons) = result.verdict {
            Issue.record("\(name) \(hook) \(packet.ends): \(reasons)")
          }
        }
      }
    }
  }
}
