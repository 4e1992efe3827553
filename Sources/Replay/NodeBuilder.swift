// Builds one node: its namespaces and links, its switch, then what stands in each namespace.
import DataPlane
import Facts
import Foundation
import Namespaces
import NetworkTypes

/// Builds one node; not for two threads at once.
final class NodeBuilder: @unchecked Sendable {
  let node: NodeModel
  let wiring: Wiring
  let commands: SwitchCommands
  private let machine: Machine
  private(set) var notes: [ReplayNote] = []
  /// Devices of kinds that this kernel does not make: wires to nowhere stand for them.
  private(set) var unmade: [DeviceKey] = []

  init(_ node: NodeModel, _ wiring: Wiring, _ machine: Machine) {
    self.node = node
    self.wiring = wiring
    self.machine = machine
    commands = SwitchCommands(node, wiring)
    notes += commands.notes
  }

  private var namespaces: [NamespaceModel] {
    node.namespaces.values.filter {
      $0.key.namespace == .root || SafeWords.isNamespace($0.key.namespace)
    }.sorted { $0.key < $1.key }
  }

  private func note(_ text: String, in namespace: NamespaceName? = nil) {
    notes.append(ReplayNote(node: node.name, namespace: namespace, text))
  }

  // MARK: namespaces and links

  func makeNamespaces() throws {
    try ip(namespaces.filter { $0.key.namespace != .root }.map { "netns add \($0.key.namespace)" })
  }

  /// Bridges and pairs of this node, and what the kernel may or may not know how to make.
  func makeInnerLinks() throws {
    var lines: [String] = []
    for device in devices {
      switch wiring[device.key] {
      case .bridge:
        lines.append(at(device.key.namespace, LinkCommands.bridge(device.link)))
      case .pair(let peer) where device.key < peer:
        lines.append(
          "link add name \(device.key.interface) netns \(local(device.key.namespace)) "
            + "type veth peer name \(peer.interface) netns \(local(peer.namespace))")
      default: break
      }
    }
    try ip(["netns attach root 1"])
    try ip(lines)
    for device in devices {
      if case .kind(let kind)? = wiring[device.key] { make(device, kind) }
    }
  }

  private var devices: [Device] {
    namespaces.flatMap { $0.devices.values }.sorted {
      ($0.key.namespace, $0.link.index) < ($1.key.namespace, $1.link.index)
    }
  }

  /// The node's own `ip netns` name of a namespace; `root` is given one while links are made.
  private func local(_ namespace: NamespaceName) -> String { namespace.rawValue }
  private func at(_ namespace: NamespaceName, _ line: String) -> String {
    line.replacingOccurrences(of: " type ", with: " netns \(local(namespace)) type ")
  }

  private func make(_ device: Device, _ kind: String) {
    let link = device.link
    let add: [String]?
    switch kind {
    case "vlan":
      add = link.peerName.flatMap { lower in
        guard SafeWords.isDevice(lower), let id = link.attributes["id"].flatMap({ UInt16($0) })
        else { return nil }
        return ["link", lower.rawValue, "name", link.name.rawValue, "type", "vlan", "id", "\(id)"]
      }
    case "vrf":
      add = link.attributes["table"].flatMap { UInt32($0) }.map {
        ["name", link.name.rawValue, "type", "vrf", "table", "\($0)"]
      }
    case "dummy", "ifb", "bond": add = ["name", link.name.rawValue, "type", kind]
    default: add = nil
    }
    let place = MachinePlace.node(node.name, device.key.namespace)
    let made = add.flatMap { words in
      try? machine.command(["ip", "link", "add"] + words, in: place).result().isSuccess
    }
    guard made != true else { return }
    unmade.append(device.key)
    note(
      "\(link.name) is a \(kind) device, which cannot be made here: a wire to nowhere stands for it",
      in: device.key.namespace)
  }

  /// Wires are led into the root namespace first.
  func moveWires() throws {
    let wires = devices.filter { device in
      guard device.key.namespace != .root else { return false }
      if case .wire? = wiring[device.key] { return true }
      return unmade.contains(device.key)
    }
    try ip(wires.map { "link set dev \($0.key.interface) netns \($0.key.namespace)" })
    try ip(["netns delete root"])
  }

  // MARK: the switch

  func startSwitch() throws {
    guard commands.isNeeded else { return }
    try run(["sh", "-ec", Self.switchScript])
    try run(["ovs-vsctl", "--timeout=60"] + commands.configuration.dropFirst())
    try ip(commands.movedPorts.map { "link set dev \($0.interface) netns \($0.namespace)" })
  }

  private static let switchScript = """
    cd "$OVS_RUNDIR"
    ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-server conf.db --remote=punix:$OVS_RUNDIR/db.sock --detach --no-chdir \
      --pidfile=$OVS_RUNDIR/ovsdb-server.pid --log-file=$OVS_RUNDIR/ovsdb-server.log
    ovs-vsctl --no-wait -- init -- set Open_vSwitch . other_config:n-handler-threads=1 \
      other_config:n-revalidator-threads=1
    ovs-vswitchd --disable-system --detach --no-chdir \
      --pidfile=$OVS_RUNDIR/ovs-vswitchd.pid --log-file=$OVS_RUNDIR/ovs-vswitchd.log
    """

  // MARK: namespaces' contents

  func configureNamespaces() throws {
    for namespace in namespaces { try configure(namespace) }
  }

  private func configure(_ namespace: NamespaceModel) throws {
    let name = namespace.key.namespace
    let links = LinkCommands(namespace: namespace, wiring: wiring)
    try ip(links.settings, in: name)
    try applySettings(namespace)
    try ip(links.states, in: name)
    try bridge(links.bridgeCommands, in: name)
    for family in [AddressFamily.ipv4, .ipv6] {
      let addresses = AddressCommands(namespace, family)
      notes += addresses.notes
      try ip(addresses.lines, in: name, family: family)
    }
    try restoreFirewall(namespace)
  }

  private func applySettings(_ namespace: NamespaceModel) throws {
    let settings = SysctlSettings.ordered(namespace.facts.sysctls.records)
    let devices = namespace.devices.keys.map(\.rawValue)
    let file = NetworkNamespaceFile(try machine.file(.node(node.name, namespace.key.namespace)))
    let failed = try file.enter {
      Offload.disable(devices)
      return KernelSettings.apply(settings)
    }
    let known = Set(namespace.devices.keys.map { Sysctl.component(of: $0) })
    let relevant = failed.filter { path in
      let parts = path.split(separator: "/").map(String.init)
      return parts.count < 5 || known.contains(parts[3]) || ["all", "default"].contains(parts[3])
    }
    if !relevant.isEmpty {
      note("sysctls not set: \(relevant.joined(separator: ", "))", in: namespace.key.namespace)
    }
  }

  private func restoreFirewall(_ namespace: NamespaceModel) throws {
    let facts = namespace.facts
    let name = namespace.key.namespace
    let sections: [(String, Gap?)] = [
      ("iptables", facts.iptables4.gap), ("ip6tables", facts.iptables6.gap),
    ]
    for (what, gap) in sections {
      if let gap { note("\(what) rules are not known: \(gap)", in: name) }
    }
    try restore(FirewallText.ipsets(facts.ipsets.records), in: name)
    let tables: [([IPTablesTable], AddressFamily, Bool)] = [
      (facts.iptables4.records, .ipv4, false), (facts.iptables6.records, .ipv6, false),
      (facts.iptables4Legacy.records, .ipv4, true), (facts.iptables6Legacy.records, .ipv6, true),
    ]
    for (records, family, isLegacySection) in tables {
      // One command's answer holds the tables of one back end; both commands may show the same.
      let mine = records.filter { isLegacySection || $0.backend != .legacy }
      let legacy = records.filter { !isLegacySection && $0.backend == .legacy }
      try restore(FirewallText.iptables(mine, family, isLegacy: isLegacySection), in: name)
      try restore(FirewallText.iptables(legacy, family, isLegacy: true), in: name)
    }
    try restore(FirewallText.ebtables(facts.ebtables.records), in: name)
    if let text = NativeTables.text(facts.nftables.records) {
      let result = try run(["nft", "-j", "-f", "-"], in: name, input: text)
      if !result.isSuccess { note("native nftables are not rebuilt: \(result.errors)", in: name) }
    }
  }

  /// A line that the tool refuses is left out, said, and the rest tried again.
  private func restore(_ firewall: FirewallText?, in namespace: NamespaceName) throws {
    guard let firewall else { return }
    for text in firewall.notes { note(text, in: namespace) }
    var lines = firewall.text.components(separatedBy: "\n")
    // Each round takes one line away; a text that fails so often is not worth more.
    for _ in 0..<40 {
      let result = try run(
        firewall.program, in: namespace, input: lines.joined(separator: "\n"))
      if result.isSuccess { return }
      guard let number = CommandBatch.failedLine(in: result.errors),
        lines.indices.contains(number - 1), lines[number - 1] != "COMMIT"
      else {
        return note(
          "\(firewall.program.joined(separator: " ")): \(result.errors)", in: namespace)
      }
      note(
        "\(firewall.program[0]) refuses \(lines[number - 1]): \(result.errors)", in: namespace)
      lines.remove(at: number - 1)
    }
  }

  // MARK: tables of the switch

  func fillTables() throws {
    guard commands.isNeeded else { return }
    for bridge in commands.bridgeNames {
      try add("add-groups", commands.groups(of: bridge), to: bridge)
      if let flows = commands.flows(of: bridge) {
        try run(["ovs-ofctl", "-O", "OpenFlow14", "del-flows", bridge.rawValue])
        try add("add-flows", flows, to: bridge)
      } else {
        note("flows of \(bridge) are not known: it forwards as a fresh bridge does")
      }
      for setting in commands.portSettings(of: bridge) {
        let words = ["ovs-ofctl", "-O", "OpenFlow10", "mod-port", bridge.rawValue] + setting
        let result = try run(words, in: .root)
        if !result.isSuccess {
          note("\(bridge) \(setting.joined(separator: " ")): \(result.errors)")
        }
      }
    }
    try checkPortNumbers()
  }

  private func add(_ command: String, _ entries: [String], to bridge: BridgeName) throws {
    var entries = entries
    for _ in 0..<40 where !entries.isEmpty {
      let result = try run(
        ["ovs-ofctl", "-O", "OpenFlow15", "--bundle", command, bridge.rawValue, "-"], in: .root,
        input: entries.joined(separator: "\n") + "\n")
      if result.isSuccess { return }
      guard let number = CommandBatch.failedLine(in: result.errors),
        entries.indices.contains(number - 1)
      else { return note("\(bridge) \(command): \(result.errors)") }
      note("\(bridge): not taken: \(entries[number - 1]): \(result.errors)")
      entries.remove(at: number - 1)
    }
  }

  private func checkPortNumbers() throws {
    let output = try run([
      "ovs-vsctl", "--timeout=20", "--format=csv", "--no-headings", "--columns=name,ofport", "list",
      "Interface",
    ])
    let numbers = Dictionary(
      output.split(separator: "\n").compactMap { line -> (String, String)? in
        let parts = line.split(separator: ",").map { $0.filter { $0 != "\"" } }
        return parts.count == 2 ? (parts[0], parts[1]) : nil
      }, uniquingKeysWith: { a, _ in a })
    for bridge in node.openVSwitch.bridges.values.sorted(by: { $0.name < $1.name }) {
      for port in bridge.ports.values.sorted(by: { $0.key < $1.key })
      where !port.number.isReserved && numbers[port.name.rawValue] != "\(port.number)" {
        note(
          "\(bridge.name): \(port.name) is port \(numbers[port.name.rawValue] ?? "none") here and"
            + " \(port.number) in the snapshot")
      }
    }
  }

  // MARK: commands

  @discardableResult
  private func run(_ words: [String]) throws -> String {
    try machine.command(words, in: .node(node.name, .root)).run()
  }
  private func run(_ words: [String], in namespace: NamespaceName, input: String = "") throws
    -> Command.Result
  {
    try machine.command(words, in: .node(node.name, namespace), input: input).result()
  }

  private func ip(
    _ lines: [String], in namespace: NamespaceName = .root, family: AddressFamily? = nil
  ) throws {
    let option = family.map { [$0 == .ipv4 ? "-4" : "-6"] } ?? []
    try batch(["ip"] + option, lines, in: namespace)
  }
  private func bridge(_ lines: [String], in namespace: NamespaceName) throws {
    try batch(["bridge"], lines, in: namespace)
  }

  private func batch(_ program: [String], _ lines: [String], in namespace: NamespaceName) throws {
    guard !lines.isEmpty else { return }
    let result = try run(
      program + ["-force", "-batch", "-"], in: namespace,
      input: lines.joined(separator: "\n") + "\n")
    let failures = CommandBatch.failures(in: result.errors, of: lines)
    for failure in failures {
      note("\(program[0]) \(failure.line): \(failure.message)", in: namespace)
    }
    if !result.isSuccess, failures.isEmpty {
      throw NamespaceError("\(node.name): \(program[0]): \(result.errors)")
    }
  }
}
