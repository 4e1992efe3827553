// `ip -j link`, `ip -j addr`, `ip -j neigh`: devices, their counters, addresses and neighbours.
import Facts
import NetworkTypes
import Testing

@testable import Formats

@Suite struct LinuxLinkTests {
  private func link(_ members: String) throws -> Link {
    let text = CaptureText("[{\"ifindex\":3,\"ifname\":\"e\",\(members)}]\n")
    return try #require(LinkFormat.parse(text).records.first)
  }

  @Test func readsADevice() throws {
    let link = try link(
      #""flags":["BROADCAST","UP"],"mtu":1450,"qdisc":"noqueue","operstate":"UP","group":"default","link_type":"ether","address":"fa:16:3e:00:00:01","broadcast":"ff:ff:ff:ff:ff:ff","master":"br0","promiscuity":1,"ifalias":"my \"alias\"","altnames":["a1","a2"]"#
    )
    #expect(link.index == 3)
    #expect(link.name == "e")
    #expect(link.isUp)
    #expect(link.flags == ["BROADCAST", "UP"])
    #expect(link.mtuBytes == 1450)
    #expect(link.operState == "UP")
    #expect(link.address == MACAddress("fa:16:3e:00:00:01"))
    #expect(link.master == "br0")
    #expect(link.promiscuity == 1)
    #expect(link.alias == "my \"alias\"")
    #expect(link.kind == nil)
    #expect(link.attributes["device.qdisc"] == "noqueue")
    #expect(link.attributes["device.altnames"] == "a1,a2")
    #expect(link.evidence.line == 1)
    #expect(link.evidence.start == 1)
  }

  /// A peer in the same namespace has a name, one in another an index and that namespace's number.
  @Test(arguments: [
    (#""link":"peer""#, "peer", nil, nil), (#""link_index":9,"link_netnsid":2"#, nil, 9, 2),
    (#""link":null"#, nil, nil, nil), (#""link_index":9,"link_netnsid":-1"#, nil, 9, -1),
    (#""mtu":1500"#, nil, nil, nil),
  ])
  func readsThePeer(_ members: String, _ name: String?, _ index: Int?, _ namespace: Int?) throws {
    let link = try link(members)
    #expect(link.peerName?.rawValue == name)
    #expect(link.peerIndex == index)
    #expect(link.peerNamespaceID == namespace)
  }

  @Test(
    arguments: [
      (
        #"{"info_kind":"vxlan","info_data":{"id":42,"remote":"10.0.0.2","port_range":{"low":0,"high":9},"learning":true}}"#,
        "vxlan",
        [
          "id": "42", "remote": "10.0.0.2", "port_range.low": "0", "port_range.high": "9",
          "learning": "true",
        ]
      ),
      (
        #"{"info_kind":"vlan","info_data":{"protocol":"802.1Q","id":100,"flags":["REORDER_HDR"],"ingress_qos":[{"from":0,"to":1}]}}"#,
        "vlan",
        [
          "protocol": "802.1Q", "id": "100", "flags": "REORDER_HDR", "ingress_qos.0.from": "0",
          "ingress_qos.0.to": "1",
        ]
      ),
      (
        #"{"info_kind":"veth","info_slave_kind":"bridge","info_slave_data":{"state":"forwarding","hairpin":false}}"#,
        "veth", ["slave.kind": "bridge", "slave.state": "forwarding", "slave.hairpin": "false"]
      ),
      (#"{"info_slave_kind":"bond"}"#, nil, ["slave.kind": "bond"]),
    ] as [(String, String?, [String: String])])
  func flattensLinkInfo(_ info: String, _ kind: String?, _ wanted: [String: String]) throws {
    let link = try link("\"linkinfo\":\(info)")
    #expect(link.kind == kind)
    #expect(link.attributes == wanted)
  }

  @Test func mergesStatistics() {
    let links = LinkFormat.parse(
      CaptureText(
        #"[{"ifindex":1,"ifname":"a"},{"ifindex":2,"ifname":"b"},{"ifindex":3,"ifname":"c"}]"#))
    let counted = LinkFormat.parse(
      CaptureText(
        #"[{"ifindex":2,"ifname":"b","stats":{"rx":{"bytes":1},"tx":{}},"stats64":{"rx":{"bytes":8589934592,"packets":2,"errors":3,"dropped":4},"tx":{"bytes":5,"packets":6,"errors":7,"dropped":8}}},{"ifindex":3,"ifname":"renamed","stats64":{"rx":{},"tx":{}}}]"#
      ))
    let merged = LinkFormat.merging(statistics: counted.records, into: links.records)
    let wanted = LinkStatistics(
      receivedBytes: 8_589_934_592, receivedPackets: 2, receiveErrors: 3, receiveDropped: 4,
      sentBytes: 5, sentPackets: 6, sendErrors: 7, sendDropped: 8)
    #expect(merged.map(\.statistics) == [nil, wanted, nil])
    #expect(merged.map(\.evidence) == links.records.map(\.evidence))
  }

  @Test func saysWhatItCannotRead() {
    let text = CaptureText(
      #"[{"ifindex":1,"ifname":"a","mtu":"big"},{"ifname":"b"},{"ifindex":2}]"#)
    let parsed = LinkFormat.parse(text)
    #expect(parsed.records.map(\.name) == ["a"])
    #expect(
      parsed.diagnostics.map(\.id) == ["link/unrecognised", "link/bad-record", "link/bad-record"])
    #expect(parsed.diagnostics.first?.message == "mtu \"big\" is not understood")
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func tunnelAddressIsNoMAC() throws {
    let link = try link(#""link_type":"ipip","address":"0.0.0.0""#)
    #expect(link.address == nil)
    #expect(link.attributes["device.address"] == "0.0.0.0")
  }
}

@Suite struct LinuxAddressTests {
  @Test(arguments: [
    (
      #"{"family":"inet","local":"10.0.0.1","prefixlen":24,"broadcast":"10.0.0.255","scope":"global","label":"e","valid_life_time":1,"preferred_life_time":1}"#,
      "10.0.0.1/24 brd 10.0.0.255 global"
    ),
    (
      #"{"family":"inet","local":"10.0.0.9","address":"10.0.0.10","prefixlen":32,"scope":"global"}"#,
      "10.0.0.9/32 peer 10.0.0.10 global"
    ),
    (
      #"{"family":"inet","local":"10.0.0.5","prefixlen":24,"scope":"global","secondary":true}"#,
      "10.0.0.5/24 global secondary"
    ),
    (
      #"{"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link","tentative":true,"dadfailed":true,"deprecated":false}"#,
      "fe80::1/64 link dadfailed,tentative"
    ),
    (
      #"{"family":"inet6","local":"::1","prefixlen":128,"scope":"host","nodad":true}"#,
      "::1/128 host nodad"
    ),
  ])
  func readsAnAddress(_ json: String, _ wanted: String) {
    let text = CaptureText("[{\"ifindex\":1,\"ifname\":\"e\",\"addr_info\":[{},\(json)]}]\n")
    let parsed = AddressFormat.parse(text)
    #expect(parsed.records.map(\.summary) == [wanted])
    #expect(parsed.records.map(\.interface) == ["e"])
    #expect(parsed.diagnostics.isEmpty)
    #expect(parsed.records.map { text.string($0.evidence.bytes) } == [json])
  }

  @Test func aBadAddressIsNamedAndTheRestKept() {
    let parsed = AddressFormat.parse(
      CaptureText(
        #"[{},{"ifname":"e","addr_info":[{"local":"10.0.0.300","prefixlen":24},{"local":"10.0.0.1","prefixlen":33},{"local":"10.0.0.1","prefixlen":8}]},{"ifname":"f","addr_info":[]}]"#
      ))
    #expect(parsed.records.map(\.summary) == ["10.0.0.1/8 "])
    #expect(parsed.diagnostics.map(\.id) == ["address/bad-address", "address/bad-address"])
    #expect(parsed.diagnostics.map(\.severity) == [.warning, .warning])
    #expect(parsed.coverage.lostBytes == 0)
  }
}

@Suite struct LinuxNeighbourTests {
  @Test(arguments: [
    (
      #"{"dst":"10.0.0.2","dev":"e","lladdr":"02:00:00:00:00:01","state":["REACHABLE"]}"#,
      "10.0.0.2 e 02:00:00:00:00:01 REACHABLE"
    ),
    (#"{"dst":"10.0.0.2","dev":"e","state":["FAILED"]}"#, "10.0.0.2 e - FAILED"),
    (#"{"dst":"10.0.0.88","dev":"e","proxy":null}"#, "10.0.0.88 e -  proxy"),
    (
      #"{"dst":"fe80::5","dev":"e","lladdr":"02:00:00:00:00:02","router":null,"refcnt":1,"used":0,"confirmed":0,"updated":0,"probes":0,"state":["STALE","NOARP"]}"#,
      "fe80::5 e 02:00:00:00:00:02 NOARP,STALE router"
    ),
    (
      #"{"dst":"10.0.0.3","dev":"e","lladdr":"02:00:00:00:00:03","extern_learn":null,"state":["NOARP"]}"#,
      "10.0.0.3 e 02:00:00:00:00:03 NOARP"
    ),
  ])
  func readsANeighbour(_ json: String, _ wanted: String) {
    let parsed = NeighbourFormat.parse(CaptureText("[\(json)]\n"))
    #expect(parsed.records.map(\.summary) == [wanted])
    #expect(parsed.diagnostics.isEmpty)
  }

  @Test func tunnelAddressIsNoMAC() {
    let json = #"[{"dst":"10.0.0.7","dev":"gre1","lladdr":"10.0.0.8","state":["PERMANENT"]}]"#
    let parsed = NeighbourFormat.parse(CaptureText(json))
    #expect(parsed.records.map(\.mac) == [nil])
    #expect(parsed.diagnostics.map(\.severity) == [.note])
  }
}

extension LinkAddress {
  fileprivate var summary: String {
    var words = ["\(address)"]
    if let peer { words += ["peer \(peer)"] }
    if let broadcast { words += ["brd \(broadcast)"] }
    words += [scope]
    if !flags.isEmpty { words += [flags.sorted().joined(separator: ",")] }
    return words.joined(separator: " ")
  }
}

extension Neighbour {
  var summary: String {
    var words = ["\(address)", "\(interface)", mac.map { "\($0)" } ?? "-"]
    words += [states.sorted().joined(separator: ",")]
    if isProxy { words += ["proxy"] }
    if isRouter { words += ["router"] }
    return words.joined(separator: " ")
  }
}
