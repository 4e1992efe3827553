// The captured cloud through the whole catalogue: every byte accounted for, nothing to complain of,
// and the Linux facts of one router namespace as an operator would read them off the files.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Formats

@Suite struct HealthyCloudTests {
  private static let capture: Capture? = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/healthy-cloud").path
    return try? CaptureFolder.read([folder])
  }()
  private static let facts = capture.map { CloudFacts(parsing: $0) }

  @Test func everyFileParsesWithoutLoss() throws {
    let facts = try #require(Self.facts)
    #expect(facts.files.count > 600)
    #expect(facts.coverage.compactMap { $0?.lostBytes }.filter { $0 != 0 } == [])
    #expect(facts.diagnostics.map { $0.rendered(in: facts.files) } == [])
    #expect(facts.gaps.map(\.description) == [])
  }

  /// What no format reads is a choice, and listed.
  @Test func onlyKnownFilesAreLeftUnread() throws {
    let facts = try #require(Self.facts)
    let unread = zip(facts.files, facts.coverage).filter { $1 == nil }.map(\.0.path)
    let names = Set(unread.map { $0.split(separator: "/").last.map(String.init) ?? "" })
    // A log: what the state file beside it says, over time.
    #expect(names.sorted() == ["neutron-keepalived-state-change.log"])
  }

  @Test func everyNamespaceHasItsLinuxFacts() throws {
    let facts = try #require(Self.facts)
    for node in facts.nodes {
      #expect(node.namespaces.count > 1, "\(node.name)")
      for (name, namespace) in node.namespaces {
        let known = [
          namespace.links.isKnown, namespace.addresses.isKnown, namespace.routes4.isKnown,
          namespace.routes6.isKnown, namespace.rules4.isKnown, namespace.rules6.isKnown,
          namespace.neighbours.isKnown, namespace.sysctls.isKnown, namespace.sockets.isKnown,
        ]
        #expect(known.allSatisfy { $0 }, "\(node.name) \(name)")
        #expect(namespace.links.records.contains { $0.name == "lo" }, "\(node.name) \(name)")
        #expect(
          namespace.links.records.allSatisfy { $0.statistics != nil }, "\(node.name) \(name)")
      }
    }
  }

  /// A DVR router and the floating IP namespace of its node hold the two ends of one veth.
  @Test func peersOfOtherNamespacesNameEachOther() throws {
    let facts = try #require(Self.facts)
    var ends = 0
    for node in facts.nodes {
      let named = node.namespaces.values.filter { $0.name != .root }
      for link in named.flatMap(\.links.records) where link.peerNamespaceID != nil {
        let peers = named.flatMap(\.links.records).filter {
          $0.index == link.peerIndex && $0.peerIndex == link.index && $0.name != link.name
        }
        #expect(peers.count == 1, "\(node.name) \(link.name)")
        ends += 1
      }
    }
    #expect(ends == 8)
  }
}
