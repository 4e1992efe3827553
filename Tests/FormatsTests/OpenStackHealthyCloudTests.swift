// Neutron's answers and the nodes' files of the captured cloud: all bytes accounted for, nothing
// remarked, as many records as an independent reader counts; and the same files cut and mutated.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Formats

@Suite struct OpenStackHealthyCloudTests {
  @Test func everyFileParsesWithoutLoss() throws {
    let files = try OpenStackFixture.files()
    #expect(files.count > 100)
    for (file, format) in files {
      let parsed = OpenStackFixture.parse(file.bytes, of: file, format)
      let path = file.description.path
      #expect(parsed.coverage.totalBytes == file.bytes.count, "\(path)")
      #expect(parsed.coverage.lostBytes == 0, "\(path)")
      #expect(parsed.diagnostics.isEmpty, "\(path): \(parsed.diagnostics.prefix(2))")
      #expect(!parsed.isIncomplete, "\(path)")
    }
  }

  @Test func everyCopiedFileIsOfAKnownFormat() throws {
    let ignored = try OpenStackFixture.capture.get().files.map(\.description)
      .filter { $0.path.hasPrefix("files/") || $0.path.hasPrefix("neutron/") }
      .filter { FormatCatalogue.row(for: $0) == nil }
    #expect(ignored.allSatisfy { $0.path.hasSuffix(".log") }, "\(ignored.map(\.path))")
  }

  @Test func neutronCollectionsHaveAsManyRecordsAsFoundationCounts() throws {
    let neutron = try OpenStackFixture.facts().neutron
    let counts: [(file: String, key: String, records: Int)] = [
      ("networks", "networks", neutron.networks.records.count),
      ("subnets", "subnets", neutron.subnets.records.count),
      ("ports", "ports", neutron.ports.records.count),
      ("routers", "routers", neutron.routers.records.count),
      ("floatingips", "floatingips", neutron.floatingIPs.records.count),
      ("security-groups", "security_groups", neutron.securityGroups.records.count),
      (
        "security-group-rules", "security_group_rules",
        neutron.securityGroupRules.records.count
      ),
      ("agents", "agents", neutron.agents.records.count),
      ("extensions", "extensions", neutron.others["extensions"]?.records.count ?? -1),
    ]
    for (file, key, records) in counts {
      let path = "\(OpenStackFixture.folder)/neutron/\(file).json"
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      let answer = try JSONSerialization.jsonObject(with: data) as? [String: [Any]]
      #expect(answer?[key]?.count == records, "\(file)")
    }
  }

  @Test func attributesAreLiftedOrKeptAndNeverBoth() throws {
    let neutron = try OpenStackFixture.facts().neutron
    let port = try #require(neutron.ports.records.first { $0.isHybridPlugged })
    #expect(
      port.extra.keys.sorted() == [
        "created_at", "description", "revision_number",
        "tags", "updated_at",
      ])
    let agent = try #require(neutron.agents.records.first { $0.type == "Open vSwitch agent" })
    #expect(!agent.bridgeMappings.isEmpty && agent.tunnelAddress != nil)
    #expect(agent.configurations["bridge_mappings"] != nil)
  }

  @Test func nodesFilesFindTheirSections() throws {
    let facts = try OpenStackFixture.facts()
    let files = facts.nodes.map(\.files)
    let domains = files.flatMap(\.domains.values).flatMap(\.records)
    #expect(domains.allSatisfy { $0.nova?.name?.isEmpty == false && $0.interfaces.count == 1 })
    let dnsmasq = files.flatMap(\.dnsmasq.values)
    #expect(!dnsmasq.isEmpty)
    for served in dnsmasq {
      #expect(served.interface.records.count == 1 && served.pid.records.count == 1)
      #expect(served.hosts.records.allSatisfy { $0.macs.count == 1 && !$0.addresses.isEmpty })
    }
    let instances = files.flatMap(\.keepalived.values).flatMap(\.instances)
    #expect(instances.count == 2 && instances.allSatisfy { $0.virtualAddresses.count == 1 })
    #expect(
      Set(files.flatMap(\.haStates.values).flatMap(\.records).map(\.value))
        == ["primary", "backup"])
  }
}

/// Whatever stands in a file, every byte is named once and nothing crashes.
@Suite struct OpenStackDamageTests {
  /// Of files above 8 KB every line would be quadratic: 48 lines spread over them.
  @Test func filesCutAtEveryLine() throws {
    for (file, format) in try OpenStackFixture.files() {
      let ends = file.bytes.indices.filter { file.bytes[$0] == 0x0a }
      let step = file.bytes.count > 8192 ? max(1, ends.count / 48) : 1
      let chosen = stride(from: 0, to: ends.count, by: step).map { ends[$0] }
      for end in [0, file.bytes.count / 2, file.bytes.count / 3] + chosen {
        let parsed = OpenStackFixture.parse(Array(file.bytes[..<end]), of: file, format)
        #expect(parsed.coverage.lostBytes == 0, "\(file.description.path) cut at \(end)")
      }
    }
  }

  @Test func filesMutatedAtRandom() throws {
    var generator = SeededGenerator(state: 1)
    for (file, format) in try OpenStackFixture.files() where !file.bytes.isEmpty {
      for _ in 0..<12 {
        var bytes = file.bytes
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
          bytes[Int.random(in: bytes.indices, using: &generator)] =
            UInt8.random(in: 0...255, using: &generator)
        }
        let parsed = OpenStackFixture.parse(bytes, of: file, format)
        #expect(parsed.coverage.lostBytes == 0, "\(file.description.path)")
      }
    }
  }

  /// Bytes that mean something to the grammars, in no order.
  @Test func grammarsFedWithTheirOwnPunctuation() throws {
    let alphabet = Array("{}[]\":,;=#!<>/&\\ \n\t0a-.vrrp_instance".utf8)
    var generator = SeededGenerator(state: 2)
    let file = RawFile(node: "n", path: "files/x", bytes: [])
    for format in FormatCatalogue.openStack {
      for length in stride(from: 0, to: 200, by: 5) {
        let bytes = (0..<length).map { _ in
          alphabet[Int.random(in: alphabet.indices, using: &generator)]
        }
        let parsed = OpenStackFixture.parse(bytes, of: file, format)
        #expect(parsed.coverage.lostBytes == 0, "\(format.name): \(bytes)")
      }
    }
  }
}
