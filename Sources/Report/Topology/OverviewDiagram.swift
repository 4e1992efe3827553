// The whole cloud's nodes as a picture: a lane a node while there are few, a lane for each kind of
// node where there are many.
import Facts
import LogicalModel
import NetworkTypes

/// Makes the picture of all nodes.
struct OverviewDiagram {
  /// More lanes than this are no longer read as one picture.
  static let laneLimit = 4
  private static let guestLimit = 8
  private static let namespaceLimit = 12
  private static let bridgeLimit = 4

  private let catalogue: ElementCatalogue
  private var diagram = Diagram()
  /// Nodes that the lanes stand for, by lane.
  private(set) var groups: [[NodeName]] = []

  /// `node` gives that one alone.
  init(_ catalogue: ElementCatalogue, only node: NodeName? = nil) {
    self.catalogue = catalogue
    groups = node.map { [[$0]] } ?? Self.groups(catalogue)
    for group in groups { addLane(group) }
    addOutside()
  }

  var result: Diagram { diagram }

  /// One node each, or nodes of one shape together: the same bridges, wires and duties.
  private static func groups(_ catalogue: ElementCatalogue) -> [[NodeName]] {
    let names = catalogue.facts.nodes.map(\.name)
    if names.count <= laneLimit { return names.map { [$0] } }
    let shapes = Dictionary(grouping: names) { shape(of: $0, catalogue) }
    return shapes.values.map { $0.sorted() }
      .sorted { ($1.count, $0[0]) < ($0.count, $1[0]) }
      .prefix(laneLimit).map { $0 }
  }

  private static func shape(of node: NodeName, _ catalogue: ElementCatalogue) -> [String] {
    let bridges = Set(catalogue.plugs(on: node).map(\.bridge.rawValue)).sorted()
    let model = catalogue.model
    let duties = [
      model.servers.contains { $0.node == node } ? "servers" : "",
      model.routers.contains { $0.places.contains { $0.node == node && $0.part == .snat } }
        ? "snat" : "",
      model.dhcpServers.contains { $0.node == node } ? "dhcp" : "",
      model.node(node)?.firewallDriver ?? "",
    ]
    return bridges + duties
  }

  // MARK: lanes

  private mutating func addLane(_ group: [NodeName]) {
    guard let name = group.first else { return }
    var lane = DiagramLane(
      title: name.rawValue, detail: detail(of: group),
      object: ReportObject(.node, name.rawValue))
    if group.count > 1 { lane.title += " and \(group.count - 1) alike" }
    addGuests(name, to: &lane)
    addNamespaces(name, to: &lane)
    addSwitch(name, to: &lane)
    diagram.lanes.append(lane)
  }

  private func detail(of group: [NodeName]) -> String {
    let nodes = Set(group)
    let servers = catalogue.model.servers.count { $0.node.map(nodes.contains) == true }
    let namespaces = catalogue.facts.nodes.filter { nodes.contains($0.name) }
      .reduce(0) { $0 + $1.namespaces.keys.count { $0 != .root } }
    return count(servers, "server") + " · " + count(namespaces, "namespace")
  }

  private mutating func addGuests(_ node: NodeName, to lane: inout DiagramLane) {
    let model = catalogue.model
    let servers = model.servers.filter { $0.node == node }
    for server in servers.prefix(Self.guestLimit) {
      let ports = server.ports.compactMap { model.port($0) }
      var box = catalogue.box(.guest(node, server.label))
      let key = ElementID.guest(node, server.id.rawValue)
      let addresses = ports.flatMap(\.addresses).filter { $0.family == .ipv4 }
      let networks = Set(ports.compactMap { model.network($0.network)?.label }).sorted()
      let through = ports.flatMap(\.locations).contains { $0.linuxBridge != nil }
      box = DiagramBox(
        id: key, title: server.label, detail: addresses.first.map { "\($0)" } ?? "",
        explanation: "server \(server.label) on \(node), "
          + addresses.map(\.description).joined(separator: ", ") + ", network "
          + networks.joined(separator: ", ")
          + (through ? ", plugged through a Linux bridge" : ", plugged straight into the switch"),
        object: ReportObject(.server, server.id.rawValue))
      lane.add(box, .guests)
    }
    addRest(servers.count - Self.guestLimit, "server", node, .guests, &lane)
  }

  private mutating func addNamespaces(_ node: NodeName, to lane: inout DiagramLane) {
    let names = catalogue.facts.node(node)?.namespaces.keys.filter { $0 != .root } ?? []
    let boxes = names.map { catalogue.box(.namespace(NamespaceKey(node, $0))) }
      .sorted { ($0.detail, $0.title, $0.explanation) < ($1.detail, $1.title, $1.explanation) }
    for box in boxes.prefix(Self.namespaceLimit) { lane.add(box, .namespaces) }
    addRest(boxes.count - Self.namespaceLimit, "namespace", node, .namespaces, &lane)
  }

  private func addRest(
    _ rest: Int, _ noun: String, _ node: NodeName, _ level: DiagramLevel, _ lane: inout DiagramLane
  ) {
    guard rest > 0 else { return }
    lane.add(
      DiagramBox(
        id: .others("\(node)/\(noun)"), title: "+ \(count(rest, noun))", isMuted: true), level)
  }

  // MARK: switch

  private mutating func addSwitch(_ node: NodeName, to lane: inout DiagramLane) {
    let names = Set(catalogue.plugs(on: node).map(\.bridge)).sorted()
    guard let hub = hub(of: node, names) else { return }
    lane.add(catalogue.box(.bridge(BridgeKey(node, hub))), .hub)
    let others = names.filter { $0 != hub }
    for name in others.prefix(Self.bridgeLimit) {
      lane.add(catalogue.box(.bridge(BridgeKey(node, name))), .bridges)
    }
    addRest(others.count - Self.bridgeLimit, "bridge", node, .bridges, &lane)
    for link in catalogue.links(of: node) { add(link) }
    addUplinks(node, to: &lane)
  }

  /// The bridge that most of Neutron's ports are on, else the one with most ports.
  private func hub(of node: NodeName, _ names: [BridgeName]) -> BridgeName? {
    let plugs = catalogue.plugs(on: node)
    return names.max { a, b in
      let (first, second) = (weight(a, plugs), weight(b, plugs))
      return first == second ? a > b : first < second
    }
  }

  private func weight(_ bridge: BridgeName, _ plugs: [SwitchPlug]) -> Int {
    plugs.filter { $0.bridge == bridge }
      .reduce(0) { $0 + ($1.interface.externalIDs["iface-id"] == nil ? 1 : 1000) }
  }

  private mutating func addUplinks(_ node: NodeName, to lane: inout DiagramLane) {
    var devices = catalogue.plugs(on: node).filter { catalogue.isUplink($0, on: node) }
      .map { DeviceKey(node, .root, $0.interface.name) }
    if case .device(let key)? = catalogue.tunnelHolder(of: node),
      !devices.contains(key)
    {
      devices.append(key)
    }
    for key in devices {
      lane.add(catalogue.box(.device(key)), .devices)
      guard let wire = catalogue.wire(of: key) else { continue }
      addWire(wire)
      add(DiagramLink(from: .device(key), to: wire, kind: .solid))
    }
  }

  private mutating func add(_ link: DiagramLink) {
    if !diagram.links.contains(link) { diagram.links.append(link) }
  }

  private mutating func addWire(_ id: ElementID) {
    if !diagram.wires.contains(where: { $0.id == id }) { diagram.wires.append(catalogue.box(id)) }
  }

  /// The far side of each external network whose physical network is drawn.
  private mutating func addOutside() {
    diagram.sortWires()
    for network in catalogue.model.networks where network.isExternal {
      for segment in network.segments {
        guard let physical = segment.physicalNetwork,
          diagram.wires.contains(where: { $0.id == .wire(physical) })
        else { continue }
        let subnets = catalogue.model.subnets(of: network.id)
        let box = DiagramBox(
          id: .outside(network.id.rawValue), title: "outside \(network.label)",
          detail: subnets.compactMap(\.gateway).map { "gateway \($0)" }.joined(separator: ", "),
          explanation: "what lies beyond external network \(network.label)",
          object: ReportObject(.network, network.id.rawValue))
        diagram.outside.append(box)
        add(DiagramLink(from: .wire(physical), to: box.id, kind: .solid))
      }
    }
  }
}

/// `1 server`, `2 servers`.
func count(_ number: Int, _ noun: String) -> String {
  number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
}
