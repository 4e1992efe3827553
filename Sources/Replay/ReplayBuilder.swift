// Builds a replay from the outside in: the shared namespaces, the nodes, the wires between them,
// then each node's switch and namespaces. The order is the one in which parts need each other.
import DataPlane
import Facts
import Foundation
import Namespaces
import NetworkTypes

/// Builds one replay; used once.
final class ReplayBuilder {
  let cloud: DataPlaneModel
  let wiring: Wiring
  var machine: Machine
  private(set) var notes: [ReplayNote] = []
  private(set) var guests: [PortID: String] = [:]
  private(set) var outside: [String] = []
  private var wireCount = 0

  var nodes: [NodeModel] { cloud.nodes.values.sorted { $0.name < $1.name } }

  init(_ cloud: DataPlaneModel, _ machine: Machine) {
    self.cloud = cloud
    self.machine = machine
    wiring = Wiring(cloud)
    notes += wiring.notes
  }

  func note(_ note: ReplayNote) { notes.append(note) }

  func build() throws {
    try makeSharedNamespaces()
    for node in nodes {
      try machine.startNode(node.name, host: node.facts.hostname ?? node.name.rawValue)
    }
    try nameNodes()
    let builders = nodes.map { NodeBuilder($0, wiring, machine) }
    for builder in builders {
      try builder.makeNamespaces()
      try builder.makeInnerLinks()
    }
    try makeWires(builders)
    try inParallel(builders) { try $0.startSwitch() }
    try inParallel(builders) { try $0.configureNamespaces() }
    try inParallel(builders) { try $0.fillTables() }
    for builder in builders { notes += builder.notes }
    try configureGuests()
    try configureOutside()
  }

  /// Nodes do not wait for each other, and most of the time goes by in programs that were started.
  private func inParallel(
    _ builders: [NodeBuilder], _ body: @escaping @Sendable (NodeBuilder) throws -> Void
  ) throws {
    let failures = Failures()
    DispatchQueue.concurrentPerform(iterations: builders.count) { index in
      do { try body(builders[index]) } catch { failures.add(error) }
    }
    if let first = failures.first { throw first }
  }

  // MARK: what all share

  static let fabric = "fabric"

  private func makeSharedNamespaces() throws {
    let plugged = cloud.guests.indices.filter { isPlugged($0) }
    for index in plugged { guests[cloud.guests[index].port] = "guest-\(index)" }
    outside = cloud.outsideHosts.indices.map { "outside-\($0)" }
    let names = [Self.fabric] + plugged.map { "guest-\($0)" } + outside
    try batch(names.map { "netns add \($0)" }, in: .machine)
    let lines = cloud.segments.indices.flatMap {
      [
        "link add name segment\($0) type bridge forward_delay 0 stp_state 0 mcast_snooping 0",
        "link set dev segment\($0) up",
      ]
    }
    _ = try NetworkNamespaceFile(machine.file(.shared(Self.fabric))).enter {
      KernelSettings.apply(
        ["iptables", "ip6tables", "arptables"].map { ("net/bridge/bridge-nf-call-\($0)", "0") }
          + [
            ("net/ipv6/conf/all/disable_ipv6", "1"), ("net/ipv6/conf/default/disable_ipv6", "1"),
          ])
    }
    try batch(["link set dev lo up"] + lines, in: .shared(Self.fabric))
  }

  private func isPlugged(_ index: Int) -> Bool {
    let guest = cloud.guests[index]
    switch guest.plug {
    case .device(let key):
      // A trunk's subports come in through their parent's device.
      if wiring[key] == .wire(.guest(index)) || guest.vlan != nil { return true }
      notes.append(
        ReplayNote(node: key.node, "\(guest.port) shares \(key.interface) and is left out"))
      return false
    case .switchPort: return true
    case .nowhere(let why):
      notes.append(ReplayNote("guest \(guest.port) is left out: \(why)"))
      return false
    }
  }

  /// `ip netns` names for the nodes' own namespaces, so that wires can be led into them.
  private func nameNodes() throws {
    for (index, node) in nodes.enumerated() {
      guard let process = machine.nodes[node.name], process.numbers.count > 1 else { continue }
      try machine.command(
        ["ip", "netns", "attach", "node-\(index)", "\(process.numbers[1])"], in: .machine
      ).run()
    }
  }

  // MARK: wires

  private func makeWires(_ builders: [NodeBuilder]) throws {
    var lines: [String] = []
    for (index, builder) in builders.enumerated() {
      let devices = builder.node.namespaces.values.flatMap { $0.devices.values.map(\.key) }.sorted()
      for key in devices {
        guard case .wire(let end)? = wiring[key] else { continue }
        lines += wire(end, to: key.interface.rawValue, onNode: index)
      }
      for key in builder.unmade {
        lines += wire(.nowhere, to: key.interface.rawValue, onNode: index)
      }
      for end in builder.commands.tunnelEnds {
        lines += wire(.segment(end.segment), to: end.wire.rawValue, onNode: index)
      }
      for (guest, name) in switchPortGuests(of: builder.node) {
        lines += wire(.guest(guest), to: name.rawValue, onNode: index)
      }
    }
    try batch(lines, in: .machine)
    for builder in builders { try builder.moveWires() }
  }

  private func wire(_ end: FarEnd, to device: String, onNode node: Int) -> [String] {
    let near = "type veth peer name \(device) netns node-\(node)"
    if case .guest(let index) = end {
      return ["link add name eth0 netns guest-\(index) \(near)"]
    }
    let far = "wire\(wireCount)"
    wireCount += 1
    var lines = ["link add name \(far) netns \(Self.fabric) mtu 65535 \(near)"]
    if case .segment(let index) = end {
      fabricLines.append("link set dev \(far) master segment\(index)")
    }
    fabricLines.append("link set dev \(far) up")
    lines.reserveCapacity(1)
    return lines
  }
  private var fabricLines: [String] = []

  /// Guests without a kernel device of their own (vhost-user): the switch's port becomes one.
  private func switchPortGuests(of node: NodeModel) -> [(Int, InterfaceName)] {
    cloud.guests.indices.compactMap { index in
      guard case .switchPort(node.name, let port) = cloud.guests[index].plug,
        let name = node.openVSwitch.port(port)?.name, SafeWords.isDevice(name)
      else { return nil }
      return (index, name)
    }
  }

  // MARK: ends

  private func configureGuests() throws {
    try batch(fabricLines, in: .shared(Self.fabric))
    for index in cloud.guests.indices {
      let guest = cloud.guests[index]
      guard let place = guests[guest.port] else { continue }
      if let vlan = guest.vlan, !addSubport(guest, vlan, place) { continue }
      try configure(EndHost(guest, isLinked: isLinked(guest)), place)
    }
  }

  /// What the capture shows of the guest's own end.
  private func isLinked(_ guest: Guest) -> Bool {
    guard case .device(let key) = guest.plug, let device = cloud.device(key) else { return true }
    return device.hasCarrier || !device.isUp
  }

  /// A subport is a VLAN device of its parent's, moved into a namespace of its own.
  private func addSubport(_ guest: Guest, _ vlan: VLANID, _ place: String) -> Bool {
    guard case .device(let key) = guest.plug,
      case .wire(.guest(let parent))? = wiring[key],
      let home = guests[cloud.guests[parent].port]
    else { return false }
    let words = [
      "link", "add", "link", "eth0", "name", "eth0", "netns", place, "type", "vlan", "id",
      "\(vlan)",
    ]
    do {
      try machine.command(["ip", "-n", home] + words, in: .machine).run()
      return true
    } catch {
      note(
        ReplayNote(
          node: key.node, "\(guest.port), a trunk's subport, needs VLAN devices: \(error)"))
      guests[guest.port] = nil
      return false
    }
  }

  private func configureOutside() throws {
    for (index, host) in cloud.outsideHosts.enumerated() {
      let place = outside[index]
      try batch(
        [
          "link add name eth0 netns \(place) type veth peer name out\(index) netns \(Self.fabric)"
        ], in: .machine)
      try batch(
        [
          "link set dev out\(index) mtu 65535 master segment\(host.segment)",
          "link set dev out\(index) up",
        ], in: .shared(Self.fabric))
      if let vlan = host.vlan {
        note(ReplayNote("the outside of network \(host.network) is tagged \(vlan)"))
      }
      try configure(EndHost(host, mtuBytes: mtu(of: host.network)), place, vlan: host.vlan)
    }
  }

  private func mtu(of network: NetworkID) -> Int {
    cloud.facts.neutron.networks.records.first { $0.id == network }?.mtuBytes ?? 1500
  }

  private func configure(_ host: EndHost, _ place: String, vlan: VLANID? = nil) throws {
    var device = "eth0"
    if let vlan {
      device = "eth0.\(vlan)"
      let lines = [
        "link set dev eth0 address \(host.mac) up",
        "link add link eth0 name \(device) type vlan id \(vlan)",
      ]
      let failures = try batch(lines, in: .shared(place), isStrict: false)
      if !failures.isEmpty {
        return note(ReplayNote("\(place) needs VLAN devices: \(failures[0].message)"))
      }
    }
    let settings = EndHost.settings
    let name = device
    _ = try NetworkNamespaceFile(machine.file(.shared(place))).enter {
      Offload.disable([name, "eth0"])
      return KernelSettings.apply(settings)
    }
    for (family, lines) in host.lines(device) {
      let failures = try batch(lines, in: .shared(place), family: family, isStrict: false)
      for failure in failures {
        note(ReplayNote("\(place): \(failure.line): \(failure.message)"))
      }
    }
    for tool in ["iptables-nft-restore", "ip6tables-nft-restore"] {
      _ = try machine.command([tool], in: .shared(place), input: EndHost.redirects(device)).result()
    }
  }

  // MARK: commands

  @discardableResult
  private func batch(
    _ lines: [String], in place: MachinePlace, family: AddressFamily? = nil, isStrict: Bool = true
  ) throws -> [CommandBatch.Failure] {
    guard !lines.isEmpty else { return [] }
    let option = family.map { [$0 == .ipv4 ? "-4" : "-6"] } ?? []
    let result = try machine.command(
      ["ip"] + option + ["-force", "-batch", "-"], in: place,
      input: lines.joined(separator: "\n") + "\n"
    ).result()
    let failures = CommandBatch.failures(in: result.errors, of: lines)
    if isStrict, let failure = failures.first {
      throw NamespaceError("ip \(failure.line): \(failure.message)")
    }
    if !result.isSuccess, failures.isEmpty { throw NamespaceError("ip: \(result.errors)") }
    return failures
  }
}

/// Errors from several threads.
private final class Failures: @unchecked Sendable {
  private let lock = NSLock()
  private var errors: [any Error] = []
  func add(_ error: any Error) { lock.withLock { errors.append(error) } }
  var first: (any Error)? { lock.withLock { errors.first } }
}
