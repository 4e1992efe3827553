// Neutron's API: the shapes that an answer comes in, and what is kept of one that is wrong.
import Facts
import NetworkTypes
import Testing

@testable import Formats

@Suite struct OpenStackNeutronTests {
  static let network =
    #"{"id": "n1", "name": "web", "provider:network_type": "vlan", "#
    + #""provider:physical_network": "p1", "provider:segmentation_id": 7}"#

  struct Shape: Sendable {
    let text: String
    let names: [String]
    let isIncomplete: Bool
    var diagnostics: [String] = []
  }
  static let shapes = [
    Shape(text: #"{"networks": [\#(network)]}"#, names: ["web"], isIncomplete: false),
    Shape(text: "[\(network)]", names: ["web"], isIncomplete: false),
    Shape(text: #"{"network": \#(network)}"#, names: ["web"], isIncomplete: false),
    Shape(text: #"{"networks": []}"#, names: [], isIncomplete: false),
    Shape(
      text: #"{"networks": [\#(network)], "networks_links": [{"rel": "next", "href": "x"}]}"#,
      names: ["web"], isIncomplete: false),
    Shape(
      text: #"{"networks": [\#(network)]}"# + "\n" + #"{"networks": [\#(network)]}"#,
      names: ["web", "web"], isIncomplete: false),
    Shape(
      text: #"{"networks": [\#(network), {"id"#, names: ["web"], isIncomplete: true,
      diagnostics: ["neutron/bad-json"]),
    Shape(text: "", names: [], isIncomplete: true, diagnostics: ["neutron/bad-json"]),
    Shape(text: "<html>", names: [], isIncomplete: true, diagnostics: ["neutron/bad-json"]),
    Shape(
      text: #"{"NeutronError": {"type": "Forbidden", "message": "no"}}"#, names: [],
      isIncomplete: true, diagnostics: ["neutron/no-answer"]),
    Shape(
      text: #"{"error": {"code": 401, "title": "Unauthorized"}}"#, names: [],
      isIncomplete: true, diagnostics: ["neutron/no-answer"]),
    Shape(
      text: #"{"networks": [7, {"name": "no id"}, \#(network)]}"#, names: ["web"],
      isIncomplete: false, diagnostics: ["neutron/bad-record", "neutron/bad-record"]),
  ]
  @Test(arguments: shapes) func answersOfEveryShape(shape: Shape) {
    let parsed = NeutronFormat.networks(CaptureText(shape.text))
    #expect(parsed.records.map(\.name) == shape.names)
    #expect(parsed.isIncomplete == shape.isIncomplete)
    #expect(parsed.diagnostics.map(\.id) == shape.diagnostics)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func segmentsOfOneAndOfSeveral() {
    let several =
      #"[{"id": "n2", "segments": ["#
      + #"{"provider:network_type": "vlan", "provider:physical_network": "p1", "#
      + #""provider:segmentation_id": 7}, {"provider:network_type": "vxlan", "#
      + #""provider:physical_network": null, "provider:segmentation_id": "900"}]}]"#
    let one = NeutronFormat.networks(CaptureText("[\(Self.network)]")).records[0]
    let two = NeutronFormat.networks(CaptureText(several)).records[0]
    let vlan = NeutronSegment(networkType: "vlan", physicalNetwork: "p1", segmentationID: 7)
    #expect(one.segments == [vlan])
    #expect(
      two.segments == [
        vlan,
        NeutronSegment(networkType: "vxlan", physicalNetwork: nil, segmentationID: 900),
      ])
  }

  @Test func whatCannotBeReadIsRemarkedAndKept() {
    let text =
      #"[{"id": "p", "network_id": "n", "mac_address": "fa:16:3e", "#
      + #""fixed_ips": [{"subnet_id": "s", "ip_address": "10.0.0.300"}, "#
      + #"{"subnet_id": "s", "ip_address": "10.0.0.3"}], "new_thing": {"a": [1,  2]}}]"#
    let parsed = NeutronFormat.ports(CaptureText(text))
    let port = parsed.records[0]
    #expect(port.mac == nil && port.fixedIPs.map(\.address.description) == ["10.0.0.3"])
    #expect(port.extra["mac_address"] == #""fa:16:3e""#)
    #expect(port.extra["new_thing"] == #"{"a":[1,2]}"#)
    #expect(parsed.diagnostics.map(\.severity) == [.warning, .warning])
    #expect(
      parsed.diagnostics.map(\.message) == [
        #"mac_address: "fa:16:3e": wanted a MAC address"#,
        #"fixed_ips: {"subnet_id": "s", "ip_address": "10.0.0.300"}: wanted a fixed address"#,
      ])
  }

  struct Forwarding: Sendable {
    let ports: String
    let external: PortRange?
    let internalPorts: PortRange?
  }
  static let forwardings = [
    Forwarding(
      ports: #""external_port": 22, "internal_port": 2222"#, external: PortRange(single: 22),
      internalPorts: PortRange(single: 2222)),
    Forwarding(
      ports: #""external_port_range": "20:25", "internal_port_range": "120:125""#,
      external: PortRange(first: 20, last: 25), internalPorts: PortRange(first: 120, last: 125)),
    Forwarding(ports: #""external_port": null"#, external: nil, internalPorts: nil),
  ]
  @Test(arguments: forwardings) func portsOfForwardings(_ row: Forwarding) {
    let text = #"[{"id": "f", "protocol": "tcp", \#(row.ports)}]"#
    let parsed = NeutronFormat.portForwardings(CaptureText(text))
    #expect(parsed.records[0].externalPorts == row.external)
    #expect(parsed.records[0].internalPorts == row.internalPorts)
    #expect(parsed.records[0].extra.isEmpty)
  }

  @Test func rulesEmbeddedInAGroupAreRules() {
    let text =
      #"[{"id": "g", "name": "web", "stateful": false, "security_group_rules": ["#
      + #"{"id": "r", "security_group_id": "g", "direction": "ingress", "ethertype": "IPv4", "#
      + #""protocol": "tcp", "port_range_min": 80, "port_range_max": 81, "#
      + #""remote_ip_prefix": "10.0.0.0/8"}, "#
      + #"{"id": "x", "security_group_id": "g", "direction": "sideways", "ethertype": "IPv4"}]}]"#
    let parsed = NeutronFormat.securityGroups(CaptureText(text))
    let rule = parsed.records[0].rules[0]
    #expect(parsed.records[0].rules.count == 1 && parsed.records[0].isStateful == false)
    #expect(rule.direction == .ingress && rule.remotePrefix == IPPrefix("10.0.0.0/8"))
    #expect(rule.portMinimum == 80 && rule.portMaximum == 81)
    #expect(parsed.diagnostics.map(\.id) == ["neutron/bad-attribute"])
  }
}
