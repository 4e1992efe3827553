// What a capture lacks is named, in the section that it would have filled and in the list of gaps.
import Facts
import Formats
import NetworkTypes
import Testing

@Suite struct GapTests {
  private func facts(
    _ files: [(path: String, text: String, command: CapturedCommand?)]
  ) -> CloudFacts {
    let raw = files.map {
      RawFile(node: "n1", path: $0.path, bytes: Array($0.text.utf8), command: $0.command)
    }
    return CloudFacts(
      parsing: Capture(sources: [], nodes: ["n1"], files: raw, unreadable: []))
  }
  private func command(_ line: String, exit code: Int32, _ error: String = "") -> CapturedCommand {
    CapturedCommand(commandLine: line, exitCode: code, standardError: error)
  }

  @Test func aFailedCommandWithoutOutputIsAGapAndNoEmptySection() throws {
    let facts = facts([
      ("root/ip_-j_addr.json", "", command("ip -j addr", exit: 1, "permission denied"))
    ])
    let section = try #require(facts.nodes[0].namespaces[.root]?.addresses)
    #expect(!section.isKnown)
    #expect(
      section.gap?.description
        == "n1 root/ip_-j_addr.json: exit code 1: permission denied")
    #expect(facts.gaps.contains { $0.reason == "exit code 1: permission denied" })
  }

  @Test func aCommandWithNothingToSayIsKnowledge() throws {
    let facts = facts([("root/ip_-j_addr.json", "", command("ip -j addr", exit: 0))])
    let section = try #require(facts.nodes[0].namespaces[.root]?.addresses)
    #expect(section.isKnown)
    #expect(section.records == [])
  }

  @Test func aCutFileKeepsWhatStandsBeforeTheCut() throws {
    let whole = """
      [{"ifindex":1,"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,\
      "scope":"host"}]},{"ifindex":2,"ifn
      """
    let facts = facts([("root/ip_-j_addr.json", whole, nil)])
    let section = try #require(facts.nodes[0].namespaces[.root]?.addresses)
    #expect(section.records.map(\.address.description) == ["127.0.0.1/8"])
    #expect(section.gap?.description == "n1 root/ip_-j_addr.json: cut or damaged")
    #expect(facts.diagnostics.count == 1)
    #expect(
      facts.diagnostics.first?.rendered(in: facts.files)
        == "n1 root/ip_-j_addr.json:1: the JSON breaks off at byte 127: wanted '\"' at the end of "
        + "the string [address/bad-json]")
  }

  @Test func whatIsExpectedAndAbsentIsMissing() {
    let facts = facts([
      ("root/ip_netns_list.txt", "qrouter-1 (id: 0)\n", nil)
    ])
    let gaps = facts.gaps.map(\.description)
    #expect(gaps.contains("n1 root/ip_-j_addr.json: missing"))
    #expect(gaps.contains("n1 ns/qrouter-1/ip_-j_addr.json: missing"))
    #expect(gaps.contains("n1 ovs/ovsdb-client_dump.json: missing"))
    #expect(gaps.contains("neutron/networks.json: missing"))
    // Nobody has to have ebtables.
    #expect(!gaps.contains { $0.contains("ebtables") })
    #expect(facts.nodes[0].namespaces["qrouter-1"]?.links.isKnown == false)
  }

  @Test func wrongJSONSaysWhatWasWanted() {
    let facts = facts([("root/ip_-j_neigh.json", "[{\"dst\":\"192.0.2.1\" \"dev\":1}]\n", nil)])
    #expect(
      facts.diagnostics.map { $0.rendered(in: facts.files) } == [
        "n1 root/ip_-j_neigh.json:1: the JSON breaks off at byte 20: wanted ',' or '}' "
          + "[neighbour/bad-json]"
      ])
  }

  @Test func anUnknownFlowActionIsKeptAndRemarked() throws {
    let flow =
      " cookie=0x0, duration=1s, table=0, n_packets=0, n_bytes=0, priority=1 actions=fly:7\n"
    let facts = facts([("ovs/br-int/ofctl_dump-flows.txt", flow, nil)])
    let flows = try #require(facts.nodes[0].openVSwitch.bridges["br-int"]?.flows.records)
    #expect(flows.first?.actions == [.unrecognised("fly:7")])
    #expect(facts.diagnostics.map(\.severity) == [.warning])
  }

  @Test func flowsMayNamePortsThatAnotherFileNumbers() throws {
    let ports = """
      OFPST_PORT_DESC reply (OF1.4) (xid=0x2):
       7(tap1): addr:fa:16:3e:00:00:01
           config:     0
           state:      LIVE

      """
    let flow = " cookie=0x0, table=0, priority=1,in_port=tap1 actions=output:tap1\n"
    let facts = facts([
      ("ovs/br-int/ofctl_dump-flows.txt", flow, nil),
      ("ovs/br-int/ofctl_dump-ports-desc.txt", ports, nil),
    ])
    let found = try #require(facts.nodes[0].openVSwitch.bridges["br-int"]?.flows.records.first)
    #expect(found.actions == [.output(OpenFlowPort(7))])
    #expect(found.match.inPort == OpenFlowPort(7))
    #expect(facts.diagnostics == [])
  }

  @Test func aFailedCommandThatNobodyReadsIsAGapToo() {
    let facts = facts([("root/free.txt", "", command("free", exit: 127, "free: not found"))])
    #expect(
      facts.gaps.map(\.description).contains("n1 root/free.txt: exit code 127: free: not found"))
  }
}
