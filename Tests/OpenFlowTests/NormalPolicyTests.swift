// NORMAL as policy: which port hears what.
import Facts
import NetworkTypes
import OpenFlow
import Testing

@Suite struct NormalPolicyTests {
  typealias Port = SmallSwitch.Port

  static func bridge(
    _ ports: [Port], configure: (inout BridgeRecord) -> Void = { _ in }
  ) -> Conversation {
    var small = SmallSwitch()
    small.add("br", ports, flows: "priority=0 actions=NORMAL", configure: configure)
    return Conversation(small)
  }
  static let unicast = "dl_src=fa:16:3e:00:00:01,dl_dst=fa:16:3e:00:00:02"

  @Test(arguments: [
    // from, tag of the frame, who hears it
    (1, "", ["b", "trunk:10", "tagged:10", "untagged", "everything:10"]),
    (3, "", ["everything"]),
    (3, ",dl_vlan=10", ["a", "b", "tagged:10", "untagged", "everything:10"]),
    // A native port without a list trunks every VLAN but 0.
    (3, ",dl_vlan=20", ["other", "untagged:20", "everything:20"]),
    (1, ",dl_vlan=10", []),
    (4, "", ["trunk:20", "untagged:20", "everything:20"]),
    (5, "", ["a", "b", "trunk:10", "untagged", "everything:10"]),
    (6, "", ["a", "b", "trunk:10", "tagged:10", "everything:10"]),
    (6, ",dl_vlan=10", ["a", "b", "trunk:10", "tagged:10", "everything:10"]),
    (6, ",dl_vlan=20", ["other", "trunk:20", "everything:20"]),
    (5, ",dl_vlan=20", []),
  ])
  func vlansKeepApart(from port: Int, tag: String, heard: [String]) {
    var conversation = Self.bridge([
      Port(name: "a", number: 1, tag: 10), Port(name: "b", number: 2, tag: 10),
      Port(name: "trunk", number: 3, trunks: [10, 20, 0]), Port(name: "other", number: 4, tag: 20),
      Port(name: "tagged", number: 5, tag: 10, trunks: [10], mode: "native-tagged"),
      Port(name: "untagged", number: 6, tag: 10, mode: "native-untagged"),
      Port(name: "everything", number: 7),
    ])
    let actual = conversation.ports("br", "in_port=\(port),\(Self.unicast)\(tag)")
    #expect(actual.sorted() == heard.sorted())
  }

  @Test func learnsWhereAnAddressIs() {
    var conversation = Self.bridge([
      Port(name: "a", number: 1, tag: 10), Port(name: "b", number: 2, tag: 10),
      Port(name: "c", number: 3, tag: 10), Port(name: "d", number: 4, tag: 20),
    ])
    let answer = "dl_src=fa:16:3e:00:00:02,dl_dst=fa:16:3e:00:00:01"
    #expect(conversation.ports("br", "in_port=1,\(Self.unicast)") == ["b", "c"])
    #expect(conversation.ports("br", "in_port=2,\(answer)") == ["a"])
    #expect(conversation.ports("br", "in_port=1,\(Self.unicast)") == ["b"])
    // Another VLAN knows nothing of it.
    #expect(conversation.ports("br", "in_port=4,\(Self.unicast)") == [])
    // A frame to an address behind the port that it came from goes nowhere.
    #expect(conversation.ports("br", "in_port=2,\(Self.unicast)") == [])
    conversation.state.forgetMACs()
    #expect(conversation.ports("br", "in_port=1,\(Self.unicast)") == ["b", "c"])
  }

  @Test func anAnnouncementMovesAnAddressAndSoDoesWhateverComesNext() {
    var conversation = Self.bridge([
      Port(name: "a", number: 1), Port(name: "b", number: 2), Port(name: "c", number: 3),
    ])
    let mac = "fa:16:3e:00:00:01"
    let announcement =
      "arp,dl_src=\(mac),dl_dst=ff:ff:ff:ff:ff:ff,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.1"
    let toIt = "dl_src=fa:16:3e:00:00:03,dl_dst=\(mac)"
    _ = conversation.ports("br", "in_port=1,dl_src=\(mac),dl_dst=fa:16:3e:00:00:09")
    #expect(conversation.ports("br", "in_port=3,\(toIt)") == ["a"])
    _ = conversation.ports("br", "in_port=2,\(announcement)")
    #expect(conversation.ports("br", "in_port=3,\(toIt)") == ["b"])
    // Its lock holds against announcements that a bond sends back, and against nothing else.
    _ = conversation.ports("br", "in_port=1,dl_src=\(mac),dl_dst=fa:16:3e:00:00:09")
    #expect(conversation.ports("br", "in_port=3,\(toIt)") == ["a"])
  }

  @Test(arguments: [
    ("01:80:c2:00:00:00", false, []), ("01:80:c2:00:00:0e", false, []),
    ("01:80:c2:00:00:10", false, ["b"]), ("01:80:c2:00:00:00", true, ["b"]),
    ("ff:ff:ff:ff:ff:ff", false, ["b"]), ("33:33:00:00:00:01", false, ["b"]),
  ])
  func reservedGroupsStopAtTheBridge(_ mac: String, forwards: Bool, heard: [String]) {
    var conversation = Self.bridge([Port(name: "a", number: 1), Port(name: "b", number: 2)]) {
      if forwards { $0.otherConfig["forward-bpdu"] = "true" }
    }
    let flow = "in_port=1,dl_src=fa:16:3e:00:00:01,dl_dst=\(mac)"
    #expect(conversation.ports("br", flow) == heard)
  }

  @Test(arguments: [
    ([Port(name: "b", number: 2, config: ["NO_FLOOD"])], []),
    ([Port(name: "b", number: 2, config: ["NO_FWD"])], []),
    ([Port(name: "b", number: 2, isProtected: true)], []),
    ([Port(name: "b", number: 2, state: ["STP_BLOCK"])], []),
    ([Port(name: "b", number: 2, tag: 4095)], []),
    ([Port(name: "b", number: 2)], ["b"]),
  ])
  func portsThatDoNotHearAFlood(_ others: [Port], heard: [String]) {
    var conversation = Self.bridge([Port(name: "a", number: 1, isProtected: true)] + others)
    #expect(conversation.ports("br", "in_port=1,\(Self.unicast)") == heard)
  }

  @Test func aDeadPortIsAlone() {
    var conversation = Self.bridge([
      Port(name: "dead", number: 1, tag: 4095), Port(name: "a", number: 2, tag: 1),
      Port(name: "dead2", number: 3, tag: 4095),
    ])
    #expect(conversation.ports("br", "in_port=1,\(Self.unicast)") == ["dead2"])
  }

  @Test func aPortThatReceivesNothingSaysSo() {
    var conversation = Self.bridge([
      Port(name: "a", number: 1, config: ["NO_RECV"]), Port(name: "b", number: 2),
    ])
    let answer = conversation.send("br", "in_port=1,\(Self.unicast)")
    #expect(answer.outputs.isEmpty)
    #expect(answer.drops.map(\.reason) == [.event(.noReceive("a"))])
  }

  @Test func floodVLANsLearnNothing() {
    var conversation = Self.bridge([
      Port(name: "a", number: 1, tag: 10), Port(name: "b", number: 2, tag: 10),
      Port(name: "c", number: 3, tag: 10),
    ]) { $0.floodVLANs = [VLANID(truncating: 10)] }
    let answer = "dl_src=fa:16:3e:00:00:02,dl_dst=fa:16:3e:00:00:01"
    _ = conversation.ports("br", "in_port=1,\(Self.unicast)")
    #expect(conversation.ports("br", "in_port=2,\(answer)") == ["a", "c"])
  }
}
