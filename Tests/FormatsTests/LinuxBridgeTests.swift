// `bridge -j fdb`, `bridge -j vlan` in its three forms, `bridge -d -j link`.
import Facts
import NetworkTypes
import Testing

@testable import Formats

@Suite struct LinuxBridgeTests {
  @Test(arguments: [
    (
      #"{"mac":"33:33:00:00:00:01","ifname":"e","flags":["self"],"state":"permanent"}"#,
      "33:33:00:00:00:01 e permanent self"
    ),
    (
      #"{"mac":"02:00:00:00:00:01","ifname":"p","vlan":5,"flags":[],"master":"br0","state":"static"}"#,
      "02:00:00:00:00:01 p br0 vlan 5 static"
    ),
    (
      #"{"mac":"02:00:00:00:00:01","ifname":"p","flags":["extern_learn"],"master":"br0","state":""}"#,
      "02:00:00:00:00:01 p br0 extern_learn"
    ),
    (
      #"{"mac":"00:00:00:00:00:00","ifname":"vx","dst":"10.0.0.3","port":4790,"vni":99,"viaIf":"e","flags":["self"],"state":"permanent"}"#,
      "00:00:00:00:00:00 vx permanent port 4790,self,viaIf e remote 10.0.0.3 vni 99"
    ),
    (
      #"{"mac":"02:00:00:00:00:01","ifname":"p","used":1,"updated":2,"offload":true,"master":"br0"}"#,
      "02:00:00:00:00:01 p br0 offload"
    ),
  ])
  func readsAForwardingEntry(_ json: String, _ wanted: String) {
    let parsed = BridgeForwardingFormat.parse(CaptureText("[\(json)]\n"))
    #expect(parsed.records.map(\.summary) == [wanted])
    #expect(parsed.diagnostics.isEmpty)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test(arguments: [
    #"{"mac":"02:00:00:00:00:01","ifname":"p","vlan":5000,"state":""}"#,
    #"{"mac":"02:00:00:00:00:01","ifname":"p","dst":"x","state":""}"#,
    #"{"mac":"02:00:00:00:00:01","ifname":"p","new":{"a":1},"state":""}"#,
  ])
  func warnsOfWhatItDoesNotUnderstand(_ json: String) {
    let parsed = BridgeForwardingFormat.parse(CaptureText("[\(json)]\n"))
    #expect(parsed.records.count == 1)
    #expect(parsed.diagnostics.map(\.severity) == [.warning])
  }

  @Test(arguments: [
    #"[{"ifname":"p","vlans":[{"vlan":1,"flags":["PVID","Egress Untagged"]},{"vlan":10,"vlanEnd":20,"flags":[]}]},{"ifname":"q","vlans":[{"vlan":7}]}]"#,
    #"{"p":[{"vlan":1,"flags":["PVID","Egress Untagged"]},{"vlan":10,"vlanEnd":20}],"q":[{"vlan":7}]}"#,
    #"[{"ifname":"p","vlan":1,"flags":["PVID","Egress Untagged"]},{"ifname":"p","vlan":10,"vlanEnd":20},{"ifname":"q","vlan":7}]"#,
  ])
  func readsVLANsInEveryForm(_ json: String) {
    let parsed = BridgeVLANFormat.parse(CaptureText(json + "\n"))
    let wanted = ["p 1-1 pvid untagged", "p 10-20", "q 7-7"]
    #expect(parsed.records.map(\.summary) == wanted)
    #expect(parsed.diagnostics.isEmpty)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func namesABadVLAN() {
    let json = #"[{"ifname":"p","vlans":[{"vlan":9999},{"vlan":2,"vlanEnd":9999},{"vlan":3}]}]"#
    let parsed = BridgeVLANFormat.parse(CaptureText(json))
    #expect(parsed.records.map(\.summary) == ["p 3-3"])
    #expect(parsed.diagnostics.map(\.id) == ["bridge-vlan/bad-vlan", "bridge-vlan/bad-vlan"])
  }

  @Test func cutOldFormIsIncomplete() {
    let parsed = BridgeVLANFormat.parse(CaptureText(#"{"p":[{"vlan":1}],"q":[{"#))
    #expect(parsed.isIncomplete)
    #expect(parsed.diagnostics.map(\.id) == ["bridge-vlan/bad-json"])
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func readsAPort() {
    let json =
      #"[{"ifindex":2,"link":"other","ifname":"p","flags":["UP"],"mtu":1500,"master":"br0","state":"forwarding","priority":32,"cost":2,"hairpin":true,"learning":false,"flood":"on","mcast_router":1},{"ifindex":3,"ifname":"nic","hwmode":"VEB"}]"#
    let parsed = BridgePortFormat.parse(CaptureText(json))
    #expect(parsed.records.map(\.interface) == ["p"])
    #expect(parsed.records.map(\.bridge) == ["br0"])
    #expect(parsed.records.map(\.state) == ["forwarding"])
    #expect(parsed.records.map(\.options) == [["hairpin": true, "learning": false, "flood": true]])
    #expect(parsed.diagnostics.isEmpty)
    #expect(parsed.coverage.lostBytes == 0)
  }
}

extension BridgeForwardingEntry {
  fileprivate var summary: String {
    var words = ["\(mac)", "\(interface)"]
    if let bridge { words += ["\(bridge)"] }
    if let vlan { words += ["vlan \(vlan)"] }
    if !state.isEmpty { words += [state] }
    if !flags.isEmpty { words += [flags.sorted().joined(separator: ",")] }
    if let remote { words += ["remote \(remote)"] }
    if let vni { words += ["vni \(vni)"] }
    return words.joined(separator: " ")
  }
}

extension BridgePortVLAN {
  fileprivate var summary: String {
    "\(interface) \(first)-\(last)" + (isPVID ? " pvid" : "")
      + (isEgressUntagged ? " untagged" : "")
  }
}
