// A random switch: bridges with ports, VLANs, patches and tunnels, with flows and groups on them.
import Foundation

struct Scenario {
  struct Port {
    var name: String
    var number: Int
    /// Arguments of `ovs-vsctl add-port` behind the name, and of `set interface`.
    var portColumns: [String] = []
    var interfaceColumns: [String]
    /// `no-flood`, …
    var modes: [String] = []
  }
  struct Bridge {
    var name: String
    var columns: [String] = []
    var ports: [Port] = []
    var flows: [String] = []
    var groups: [String] = []
  }
  var seed: UInt64
  var bridges: [Bridge]
  var learns: Bool
  /// Arguments of `ovs-vsctl` for each.
  var mirrors: [[String]] = []

  static let lastTable = 6

  init(seed: UInt64, learns: Bool) {
    self.seed = seed
    self.learns = learns
    var random = RandomSource(seed: seed)
    bridges = ["ba", "bb", "bc"].prefix(random.number(1...3)).map { Bridge(name: $0) }
    for index in bridges.indices { Self.addPorts(to: &bridges[index], &random) }
    for index in bridges.indices.dropFirst() {
      Self.join(&bridges, index - 1, index, &random)
    }
    if random.chance(60) { Self.addTunnel(to: &bridges[bridges.count - 1], &random) }
    for index in bridges.indices {
      Self.configure(&bridges[index], &random)
      Self.addGroups(to: &bridges[index], &random)
      Self.addFlows(to: &bridges[index], &random, learns: learns)
      if random.chance(15) { addMirrors(to: bridges[index], &random) }
    }
  }

  private mutating func addMirrors(to bridge: Bridge, _ random: inout RandomSource) {
    let names = bridge.ports.filter { $0.number < 10 }.map(\.name)
    var arguments: [String] = []
    var ids: [String] = []
    for number in 0..<random.number(1...2) {
      let output = random.pick(names)
      arguments += ["--", "--id=@out\(number)", "get", "port", output]
      arguments += ["--", "--id=@from\(number)", "get", "port", random.pick(names)]
      var mirror = ["--", "--id=@mirror\(number)", "create", "mirror", "name=m\(number)"]
      switch random.number(1...4) {
      case 1: mirror.append("select_all=true")
      case 2: mirror.append("select_src_port=@from\(number)")
      case 3: mirror.append("select_dst_port=@from\(number)")
      default:
        mirror += ["select_src_port=@from\(number)", "select_dst_port=@from\(number)"]
      }
      if random.chance(30) { mirror.append("select_vlan=\(random.pick(Pool.vlans))") }
      if random.chance(70) {
        mirror.append("output_port=@out\(number)")
      } else {
        mirror.append("output_vlan=\(random.pick([2, 10]))")
      }
      arguments += mirror
      ids.append("@mirror\(number)")
    }
    arguments += ["--", "set", "bridge", bridge.name, "mirrors=\(ids.joined(separator: ","))"]
    mirrors.append(arguments)
  }

  /// Some tunnel marks its packets.
  var marks: Bool {
    bridges.flatMap(\.ports).flatMap(\.interfaceColumns).contains {
      $0.hasPrefix("options:egress_pkt_mark")
    }
  }
  var numbers: [[Int]] { bridges.map { $0.ports.map(\.number) } }

  // MARK: Ports

  private static func addPorts(to bridge: inout Bridge, _ random: inout RandomSource) {
    for number in 1...random.number(2...4) {
      var port = Port(
        name: "\(bridge.name)\(number)", number: number, interfaceColumns: ["type=dummy"])
      port.portColumns = vlans(&random)
      if random.chance(8) { port.modes.append("no-flood") }
      if random.chance(4) { port.modes.append("no-forward") }
      if random.chance(3) { port.modes.append("no-receive") }
      bridge.ports.append(port)
    }
  }

  private static func vlans(_ random: inout RandomSource) -> [String] {
    let tag = "tag=\(random.pick(Pool.vlans))"
    var columns: [String]
    switch random.number(1...10) {
    case 1...3: columns = [tag]
    case 4: columns = ["trunks=1,10"]
    case 5: columns = [tag, "vlan_mode=native-untagged"]
    case 6: columns = [tag, "vlan_mode=native-tagged", "trunks=2,10"]
    case 7: columns = [tag, "vlan_mode=native-untagged", "trunks=0,1"]
    case 8:
      columns = [tag, "vlan_mode=dot1q-tunnel"]
      if random.chance(50) { columns.append("cvlans=1,2") }
      if random.chance(50) { columns.append("other_config:qinq-ethtype=802.1q") }
    default: columns = []
    }
    if random.chance(10) { columns.append("protected=true") }
    if random.chance(15) {
      columns.append(
        "other_config:priority-tags=\(random.pick(["always", "if-nonzero", "never", "true"]))")
    }
    return columns
  }

  private static func join(
    _ bridges: inout [Bridge], _ left: Int, _ right: Int, _ random: inout RandomSource
  ) {
    // Two patches make a loop, and most packets then run into the limits.
    for pair in 0..<(random.chance(10) ? 2 : 1) {
      let names = ["x\(left)\(right)\(pair)", "y\(left)\(right)\(pair)"]
      for (index, name) in zip([left, right], names) {
        let peer = names.first { $0 != name } ?? name
        bridges[index].ports.append(
          Port(
            name: name, number: 10 + bridges[index].ports.count,
            interfaceColumns: ["type=patch", "options:peer=\(peer)"]))
      }
    }
  }

  private static func addTunnel(to bridge: inout Bridge, _ random: inout RandomSource) {
    let options = [
      ["options:remote_ip=192.0.2.1", "options:key=flow"],
      ["options:remote_ip=192.0.2.2", "options:local_ip=192.0.2.9", "options:key=7"],
      [
        "options:remote_ip=192.0.2.3", "options:in_key=flow", "options:out_key=9",
        "options:tos=inherit",
      ],
      ["options:remote_ip=192.0.2.4", "options:ttl=inherit", "options:egress_pkt_mark=5"],
      ["options:remote_ip=flow", "options:key=flow"],
    ]
    for _ in 0..<random.number(1...2) {
      let number = 20 + bridge.ports.count
      bridge.ports.append(
        Port(
          name: "t\(number)", number: number,
          interfaceColumns: ["type=vxlan"] + options[number % options.count]))
    }
  }

  private static func configure(_ bridge: inout Bridge, _ random: inout RandomSource) {
    if random.chance(15) { bridge.columns.append("other_config:forward-bpdu=true") }
    if random.chance(10) { bridge.columns.append("flood_vlans=1") }
  }

  // MARK: Groups and flows

  private static func addGroups(to bridge: inout Bridge, _ random: inout RandomSource) {
    for id in 1...3 where random.chance(60) {
      var actions = RandomActions(random: random)
      let context = ActionContext(
        kind: .any, table: 0, lastTable: lastTable, ports: bridge.ports.map(\.number), groups: [],
        hasTag: nil)
      let kind = random.pick(["all", "all", "indirect", "ff", "select"])
      let count = kind == "indirect" || kind == "select" ? 1 : random.number(0...3)
      var text = "group_id=\(id),type=\(kind)"
      for index in 0..<count {
        let watch = kind == "ff" ? "watch_port:\(random.pick(context.ports))," : ""
        text += ",bucket=bucket_id:\(index),\(watch)actions=\(actions.actionSet(context))"
      }
      random = actions.random
      bridge.groups.append(text)
    }
  }

  private static func addFlows(
    to bridge: inout Bridge, _ random: inout RandomSource, learns: Bool
  ) {
    let ports = bridge.ports.map(\.number)
    let groups = bridge.groups.compactMap { text in
      Int(text.dropFirst(9).prefix { $0.isNumber })
    }
    for table in 0...lastTable {
      for index in 0..<random.number(table == 0 ? 4...12 : 1...8) {
        let kind = random.chance(50) ? .any : random.pick(PacketClass.allCases)
        var fields = RandomFields(random: random)
        let match = fields.match(kind, ports: ports, tracked: table > 0)
        var actions = RandomActions(random: fields.random, learns: learns)
        let tagged = match.contains { $0.hasPrefix("dl_vlan=") && $0 != "dl_vlan=0xffff" }
        let text = actions.list(
          ActionContext(
            kind: kind, table: table, lastTable: lastTable, ports: ports, groups: groups,
            hasTag: tagged ? true : nil))
        random = actions.random
        // Distinct priorities: which of two equal ones wins is nobody's business.
        let head = ["table=\(table)", "priority=\(10 + index * 7)"] + match
        bridge.flows.append("\(head.joined(separator: ",")) actions=\(text)")
      }
      if random.chance(15) { addConjunction(to: &bridge, table, &random, ports: ports) }
      if random.chance(50) {
        bridge.flows.append("table=\(table),priority=0 actions=\(random.pick(["NORMAL", "drop"]))")
      }
    }
  }

  /// Two or three dimensions, some of them shared by two conjunctions.
  private static func addConjunction(
    to bridge: inout Bridge, _ table: Int, _ random: inout RandomSource, ports: [Int]
  ) {
    let priority = random.pick([5, 200])
    let count = random.number(2...3)
    let dimensions = [
      ["dl_src=\(Pool.macs[0])", "dl_src=\(Pool.macs[1])", "dl_src=\(Pool.macs[2])"],
      ["in_port=\(ports[0])", "in_port=\(ports[1])", "dl_dst=\(Pool.macs[1])"],
      ["vlan_tci=0x0000/0x1000", "dl_vlan=1", "dl_vlan=10"],
    ]
    for (clause, values) in dimensions.prefix(count).enumerated() {
      for value in values where random.chance(70) {
        var actions = ["conjunction(7,\(clause + 1)/\(count))"]
        if clause < 2, random.chance(30) { actions.append("conjunction(9,\(clause + 1)/2)") }
        bridge.flows.append(
          "table=\(table),priority=\(priority),\(value) actions=\(actions.joined(separator: ","))")
      }
    }
    for id in [7, 9] where random.chance(85) {
      bridge.flows.append(
        "table=\(table),priority=\(priority),conj_id=\(id) actions=output:\(random.pick(ports))")
    }
  }

  var description: String {
    bridges.map { bridge in
      var lines = ["bridge \(bridge.name) \(bridge.columns.joined(separator: " "))"]
      for port in bridge.ports {
        lines.append(
          "  port \(port.name) \(port.number) \((port.portColumns + port.interfaceColumns + port.modes).joined(separator: " "))"
        )
      }
      lines += mirrors.filter { $0.contains(bridge.name) }.map { "  \($0.joined(separator: " "))" }
      lines += bridge.groups.map { "  group \($0)" } + bridge.flows.map { "  flow \($0)" }
      return lines.joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
