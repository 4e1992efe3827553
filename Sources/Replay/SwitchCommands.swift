// A node's Open vSwitch → one `ovs-vsctl` transaction, and the flows, groups and port settings of
// each bridge. The datapath is the userspace one, whatever the node had.
import DataPlane
import Facts
import NetworkTypes
import OpenFlow

struct SwitchCommands {
  let node: NodeModel
  let wiring: Wiring
  private(set) var notes: [ReplayNote] = []
  /// Arguments behind `ovs-vsctl`.
  private(set) var configuration: [String] = []
  /// Wires that the switch takes over for tunnel ends, in the order of `tunnelEnds`.
  let tunnelEnds: [(device: Device, segment: Int, wire: InterfaceName)]

  private var database: SwitchDatabase? { node.facts.openVSwitch.database.records.first }
  var isNeeded: Bool { database != nil || !tunnelEnds.isEmpty }

  init(_ node: NodeModel, _ wiring: Wiring) {
    self.node = node
    self.wiring = wiring
    let devices = node.namespaces[.root]?.devices.values.sorted { $0.key < $1.key } ?? []
    let ends = devices.compactMap { device -> (Device, Int)? in
      guard case .tunnelEnd(let segment)? = wiring[device.key] else { return nil }
      return (device, segment)
    }
    tunnelEnds = ends.enumerated().map { number, end in
      (end.0, end.1, InterfaceName("under\(number)"))
    }
    configure()
  }

  private mutating func note(_ text: String) {
    notes.append(ReplayNote(node: node.name, text))
  }

  // MARK: the database

  private mutating func configure() {
    if let gap = node.facts.openVSwitch.database.gap, database == nil {
      note("Open vSwitch is not rebuilt: \(gap)")
    }
    for bridge in database?.bridges ?? [] { add(bridge) }
    for end in tunnelEnds { add(end.device, wire: end.wire) }
    if let settings = database?.settings {
      var columns: [String] = []
      columns += settings.externalIDs.sorted { $0.key < $1.key }.compactMap {
        pair("external_ids", $0.key, $0.value)
      }
      if let limit = settings.otherConfig["vlan-limit"] {
        columns += [pair("other_config", "vlan-limit", limit)].compactMap { $0 }
      }
      if !columns.isEmpty { configuration += ["--", "set", "Open_vSwitch", "."] + columns }
    }
    if !(database?.mirrors.isEmpty ?? true) { note("port mirrors are not rebuilt") }
  }

  private mutating func add(_ bridge: BridgeRecord) {
    let name = InterfaceName(bridge.name.rawValue)
    guard SafeWords.isDevice(name) else {
      return note("a bridge of an impossible name is left out")
    }
    if bridge.datapathType != "netdev" {
      note("\(bridge.name) had its datapath in the kernel; here it is in user space")
    }
    var columns = [
      "datapath_type=netdev", "fail_mode=\(bridge.failMode == "secure" ? "secure" : "standalone")",
    ]
    if let mac = node.device(DeviceKey(node.name, .root, name))?.mac, mac != .zero {
      columns.append("other_config:hwaddr=\(SafeWords.quoted("\(mac)"))")
    }
    if bridge.stpEnabled { columns.append("stp_enable=true") }
    if bridge.rstpEnabled { columns.append("rstp_enable=true") }
    if bridge.multicastSnooping { columns.append("mcast_snooping_enable=true") }
    if !bridge.floodVLANs.isEmpty { columns.append("flood_vlans=\(list(bridge.floodVLANs))") }
    columns += bridge.otherConfig.sorted { $0.key < $1.key }.filter { $0.key != "hwaddr" }
      .compactMap { pair("other_config", $0.key, $0.value) }
    columns += bridge.externalIDs.sorted { $0.key < $1.key }.compactMap {
      pair("external_ids", $0.key, $0.value)
    }
    configuration += ["--", "add-br", bridge.name.rawValue]
    configuration += ["--", "set", "Bridge", bridge.name.rawValue] + columns
    setLocalMTU(name)
    for port in ports(of: bridge) { add(port, to: bridge) }
  }

  /// The switch would shrink its internal ports to the smallest MTU of the bridge.
  private mutating func setLocalMTU(_ name: InterfaceName) {
    guard let mtu = node.device(DeviceKey(node.name, .root, name))?.mtuBytes, mtu > 0 else {
      return
    }
    configuration += ["--", "set", "Interface", name.rawValue, "mtu_request=\(mtu)"]
  }

  private func ports(of bridge: BridgeRecord) -> [SwitchPortRecord] {
    let known = Dictionary(
      (database?.ports ?? []).map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    return bridge.ports.compactMap { known[$0] }.filter { $0.name.rawValue != bridge.name.rawValue }
      .sorted { $0.name < $1.name }
  }

  private mutating func add(_ port: SwitchPortRecord, to bridge: BridgeRecord) {
    let known = Dictionary(
      (database?.interfaces ?? []).map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
    let interfaces = port.interfaces.compactMap { known[$0] }.filter { canHold($0) }
    guard let first = interfaces.first, SafeWords.isPlain(port.name.rawValue) else { return }
    if interfaces.count > 1 {
      configuration += ["--", "add-bond", bridge.name.rawValue, port.name.rawValue]
      configuration += interfaces.map(\.name.rawValue)
    } else {
      configuration += ["--", "add-port", bridge.name.rawValue, first.name.rawValue]
    }
    let columns = self.columns(port, isBond: interfaces.count > 1)
    if !columns.isEmpty {
      let name = interfaces.count > 1 ? port.name.rawValue : first.name.rawValue
      configuration += ["--", "set", "Port", name] + columns
    }
    for interface in interfaces {
      configuration += ["--", "set", "Interface", interface.name.rawValue]
      configuration += self.columns(interface, on: bridge)
    }
  }

  private func columns(_ port: SwitchPortRecord, isBond: Bool) -> [String] {
    var columns: [String] = []
    if let tag = port.tag { columns.append("tag=\(tag)") }
    if !port.trunks.isEmpty { columns.append("trunks=\(list(port.trunks))") }
    if let mode = port.vlanMode, SafeWords.isPlain(mode) { columns.append("vlan_mode=\(mode)") }
    if !port.cvlans.isEmpty { columns.append("cvlans=\(list(port.cvlans))") }
    if port.isProtected { columns.append("protected=true") }
    if isBond, let mode = port.bondMode, SafeWords.isPlain(mode) {
      columns.append("bond_mode=\(mode)")
    }
    columns += port.otherConfig.sorted { $0.key < $1.key }.compactMap {
      pair("other_config", $0.key, $0.value)
    }
    columns += port.externalIDs.sorted { $0.key < $1.key }.compactMap {
      pair("external_ids", $0.key, $0.value)
    }
    return columns
  }

  private func columns(_ interface: SwitchInterfaceRecord, on bridge: BridgeRecord) -> [String] {
    var columns: [String] = []
    let type =
      interface.type.isEmpty || interface.type.hasPrefix("dpdk") ? "system" : interface.type
    if type != "system" { columns.append("type=\(type)") }
    if let number = number(of: interface, on: bridge) { columns.append("ofport_request=\(number)") }
    if type != "system", type != "internal" {
      columns += interface.options.sorted { $0.key < $1.key }.compactMap {
        pair("options", $0.key, $0.value)
      }
    }
    if type == "internal", let device = device(of: interface), device.mtuBytes > 0 {
      columns.append("mtu_request=\(device.mtuBytes)")
    }
    columns += interface.externalIDs.sorted { $0.key < $1.key }.compactMap {
      pair("external_ids", $0.key, $0.value)
    }
    return columns.isEmpty ? ["external_ids={}"] : columns
  }

  private func device(of interface: SwitchInterfaceRecord) -> Device? {
    node.switchDevices.values.first { $0.interface == interface.name }.flatMap { node.device($0) }
  }

  /// The recorded OpenFlow number.
  func number(of interface: SwitchInterfaceRecord, on bridge: BridgeRecord) -> UInt32? {
    guard let port = node.openVSwitch.bridges[bridge.name]?.port(named: interface.name),
      !port.number.isReserved
    else { return nil }
    return port.number.rawValue
  }

  private mutating func canHold(_ interface: SwitchInterfaceRecord) -> Bool {
    guard SafeWords.isDevice(interface.name) else {
      note("a port of an impossible name is left out")
      return false
    }
    switch interface.type {
    case "", "system", "internal", "patch", "vxlan", "gre", "geneve", "ip6gre", "gtpu", "bareudp":
      break
    case let type where type.hasPrefix("dpdk"):
      note("\(interface.name) is a \(type) port; here it is a kernel device")
    default:
      note("\(interface.name): ports of type \(interface.type) are not rebuilt")
      return false
    }
    if interface.ingressPolicingRateKbps > 0 {
      note("\(interface.name): its rate limit is not rebuilt")
    }
    return true
  }

  /// A tunnel's local address outside any switch moves onto a bridge of the same name.
  private mutating func add(_ device: Device, wire: InterfaceName) {
    let name = device.key.interface
    note("\(name), which holds a tunnel's local address, is a bridge of the userspace switch here")
    configuration += ["--", "add-br", name.rawValue]
    configuration += [
      "--", "set", "Bridge", name.rawValue, "datapath_type=netdev", "fail_mode=standalone",
      "other_config:hwaddr=\(SafeWords.quoted("\(device.mac)"))",
    ]
    configuration += ["--", "add-port", name.rawValue, wire.rawValue]
    setLocalMTU(name)
  }

  private func pair(_ column: String, _ key: String, _ value: String) -> String? {
    "\(column):\(SafeWords.quoted(key))=\(SafeWords.quoted(value))"
  }
  private func list(_ vlans: [VLANID]) -> String {
    vlans.map { "\($0)" }.joined(separator: ",")
  }

  // MARK: internal ports and where they live

  /// Internal ports that an agent moved out of the root namespace.
  var movedPorts: [DeviceKey] {
    (node.namespaces.values.flatMap { $0.devices.values }.map(\.key)).filter {
      $0.namespace != .root && wiring[$0] == .switchPort
    }.sorted()
  }

  // MARK: tables

  var bridgeNames: [BridgeName] {
    (database?.bridges.map(\.name) ?? []).filter {
      SafeWords.isDevice(InterfaceName($0.rawValue))
    }.sorted()
  }

  /// Nil where the capture lacks them.
  func flows(of bridge: BridgeName) -> [String]? {
    guard let facts = node.facts.openVSwitch.bridges[bridge], facts.flows.isKnown else {
      return nil
    }
    return facts.flows.records.map(\.description)
  }
  func groups(of bridge: BridgeName) -> [String] {
    node.facts.openVSwitch.bridges[bridge]?.groups.records.map(\.description) ?? []
  }

  /// `ovs-ofctl mod-port` arguments behind the bridge.
  func portSettings(of bridge: BridgeName) -> [[String]] {
    let words = [
      ("NO_FLOOD", "no-flood"), ("NO_FWD", "no-forward"), ("NO_RECV", "no-receive"),
      ("NO_PACKET_IN", "no-packet-in"),
    ]
    return (node.openVSwitch.bridges[bridge]?.ports.values.sorted { $0.key < $1.key } ?? [])
      .flatMap { port -> [[String]] in
        guard SafeWords.isDevice(port.name) else { return [] }
        var settings = words.filter { port.config.contains($0.0) }.map {
          [port.name.rawValue, $0.1]
        }
        let isDevice = node.switchDevices[port.key] != nil
        if port.config.contains("PORT_DOWN"), !isDevice, port.number != .local {
          settings.append([port.name.rawValue, "down"])
        }
        return settings
      }
  }
}
