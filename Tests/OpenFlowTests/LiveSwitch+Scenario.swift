// Sets a scenario up on the live switch.
import Foundation
import NetworkTypes
import SwitchLab

extension LiveSwitch {
  /// Replaces all that is there by `scenario`; flows that the switch refuses are taken out of it.
  func install(_ scenario: inout Scenario) throws {
    var arguments = ["--", "--if-exists", "del-br", Self.underlay]
    for name in ["ba", "bb", "bc"] { arguments += ["--", "--if-exists", "del-br", name] }
    try vsctl(arguments)
    arguments = []
    for bridge in scenario.bridges { arguments += commands(for: bridge) }
    arguments += [
      "--", "add-br", Self.underlay, "--", "set", "bridge", Self.underlay,
      "datapath_type=dummy", "--", "set", "interface", Self.underlay, "type=internal",
      "--", "add-port", Self.underlay, "underlink", "--", "set", "interface", "underlink",
      "type=dummy",
    ]
    try vsctl(arguments)
    for mirror in scenario.mirrors { try vsctl(mirror) }
    try prepareUnderlay()
    for bridge in scenario.bridges {
      for port in bridge.ports {
        for mode in port.modes {
          _ = try ofctl("OpenFlow10", "mod-port", bridge.name, ["\(port.number)", mode])
        }
      }
    }
    for index in scenario.bridges.indices {
      do {
        try installTables(of: scenario.bridges[index])
      } catch {
        let name = scenario.bridges[index].name
        scenario.bridges[index].flows = accepted(scenario.bridges[index].flows[...], name)
      }
    }
  }

  /// Those of the flows that the switch takes, installed in their order: halves, and halves of what
  /// it refuses.
  private func accepted(_ flows: ArraySlice<String>, _ bridge: String) -> [String] {
    if flows.isEmpty || (try? add(flows, to: bridge)) != nil { return Array(flows) }
    if flows.count == 1 {
      if ProcessInfo.processInfo.environment["OVSIGHT_OFPROTO_VERBOSE"] != nil {
        print("refused: \(flows)")
      }
      return []
    }
    let middle = (flows.startIndex + flows.endIndex) / 2
    return accepted(flows[..<middle], bridge) + accepted(flows[middle...], bridge)
  }

  private func add(_ flows: ArraySlice<String>, to bridge: String) throws {
    let file = try file("flows", flows.joined(separator: "\n") + "\n")
    _ = try ofctl("OpenFlow15", "add-flows", bridge, [file])
  }

  private func prepareUnderlay() throws {
    _ = try control.call("netdev-dummy/ip4addr", [Self.underlay, "192.0.2.9/24"])
    // With and without the mark that some tunnels put on their packets.
    _ = try control.call("ovs/route/add", ["192.0.2.0/24", Self.underlay])
    for mark in [1, 2, 3, 5] {
      _ = try? control.call(
        "ovs/route/add", ["192.0.2.0/24", Self.underlay, "pkt_mark=\(mark)"])
    }
    for last in 1...8 {
      _ = try control.call(
        "tnl/neigh/set", [Self.underlay, "192.0.2.\(last)", "aa:aa:aa:aa:aa:0\(last)"])
    }
  }

  /// Replaces the bridge's flows and groups.
  func installTables(of bridge: Scenario.Bridge) throws {
    _ = try ofctl("OpenFlow15", "del-flows", bridge.name)
    _ = try ofctl("OpenFlow15", "del-groups", bridge.name)
    if !bridge.groups.isEmpty {
      let file = try file("groups", bridge.groups.joined(separator: "\n") + "\n")
      _ = try ofctl("OpenFlow15", "add-groups", bridge.name, [file])
    }
    _ = try? ofctl(
      "OpenFlow15", "add-meter", bridge.name, ["meter=1,kbps,band=type=drop,rate=1000"])
    if !bridge.flows.isEmpty { try add(bridge.flows[...], to: bridge.name) }
  }

  private func commands(for bridge: Scenario.Bridge) -> [String] {
    var arguments = ["--", "add-br", bridge.name, "--", "set", "bridge", bridge.name]
    arguments += [
      "datapath_type=dummy", "fail_mode=secure",
      "protocols=OpenFlow10,OpenFlow13,OpenFlow14,OpenFlow15",
    ]
    arguments += bridge.columns
    for port in bridge.ports {
      arguments += ["--", "add-port", bridge.name, port.name]
      if !port.portColumns.isEmpty {
        arguments += ["--", "set", "port", port.name] + port.portColumns
      }
      arguments += ["--", "set", "interface", port.name, "ofport_request=\(port.number)"]
      arguments += port.interfaceColumns
    }
    return arguments
  }
}
