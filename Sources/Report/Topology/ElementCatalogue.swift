// Which box of a picture a device of a node belongs to, and what boxes are called. Made of the facts
// and the logical model; asked by the overview, the paths and the words of traces.
import Facts
import LogicalModel
import NetworkTypes

/// A port of a switch as pictures need it.
struct SwitchPlug {
  let bridge: BridgeName
  let interface: SwitchInterfaceRecord
}

struct ElementCatalogue {
  let facts: CloudFacts
  let model: CloudModel
  /// By node, in the order of the database.
  private let plugs: [NodeName: [SwitchPlug]]
  private let plugsByName: [NodeName: [InterfaceName: SwitchPlug]]
  /// Devices that carry a port of Neutron's.
  private let carriers: Set<DeviceKey>
  private let links: [DeviceKey: Link]
  private let roles: [NamespaceKey: NamespaceTitle]
  private let holders: [NodeName: InterfaceName]

  init(_ facts: CloudFacts, _ model: CloudModel) {
    self.facts = facts
    self.model = model
    let plugs = facts.nodes.map { ($0.name, Self.plugs(of: $0.openVSwitch)) }
    self.plugs = Dictionary(plugs) { first, _ in first }
    plugsByName = self.plugs.mapValues { list in
      Dictionary(list.map { ($0.interface.name, $0) }) { first, _ in first }
    }
    carriers = Self.carriers(of: model)
    links = Self.links(of: facts)
    roles = NamespaceTitle.all(of: model)
    holders = Dictionary(
      facts.nodes.compactMap { node in Self.holder(node, model).map { (node.name, $0) } }
    ) { first, _ in first }
  }

  private static func plugs(of facts: OpenVSwitchFacts) -> [SwitchPlug] {
    guard let database = facts.database.records.first else { return [] }
    let ports = Dictionary(database.ports.map { ($0.id, $0) }) { first, _ in first }
    let interfaces = Dictionary(database.interfaces.map { ($0.id, $0) }) { first, _ in first }
    return database.bridges.flatMap { bridge in
      bridge.ports.compactMap { ports[$0] }.flatMap { port in
        port.interfaces.compactMap { interfaces[$0] }
          .map { SwitchPlug(bridge: bridge.name, interface: $0) }
      }
    }
  }

  private static func carriers(of model: CloudModel) -> Set<DeviceKey> {
    var keys: Set<DeviceKey> = []
    for location in model.ports.flatMap(\.locations) {
      keys.insert(location.device)
      if let name = location.switchPort { keys.insert(DeviceKey(location.node, .root, name)) }
    }
    return keys
  }

  private static func links(of facts: CloudFacts) -> [DeviceKey: Link] {
    var links: [DeviceKey: Link] = [:]
    for node in facts.nodes {
      for (name, namespace) in node.namespaces {
        for link in namespace.links.records {
          links[DeviceKey(node.name, name, link.name)] = link
        }
      }
    }
    return links
  }

  /// The device of the root namespace that has the tunnels' own address.
  private static func holder(_ node: NodeFacts, _ model: CloudModel) -> InterfaceName? {
    guard let address = model.node(node.name)?.tunnelAddress else { return nil }
    return node.namespaces[.root]?.addresses.records
      .first { $0.address.address == address }?.interface
  }
}

extension ElementCatalogue {
  func plugs(on node: NodeName) -> [SwitchPlug] { plugs[node] ?? [] }

  func tunnelHolder(of node: NodeName) -> ElementID? {
    holders[node].map { element(for: DeviceKey(node, .root, $0)) }
  }

  /// Patches and uplinks of a node's bridges, and what its tunnels run over.
  func links(of node: NodeName) -> [DiagramLink] {
    let plugs = plugs(on: node)
    let homes = Dictionary(plugs.map { ($0.interface.name, $0.bridge) }) { first, _ in first }
    var links: [DiagramLink] = []
    for plug in plugs {
      let bridge = ElementID.bridge(BridgeKey(node, plug.bridge))
      if plug.interface.type == "patch", let peer = plug.interface.options["peer"],
        let other = homes[InterfaceName(peer)], plug.bridge < other
      {
        links.append(DiagramLink(from: bridge, to: .bridge(BridgeKey(node, other)), kind: .solid))
      }
      if isUplink(plug, on: node) {
        let device = ElementID.device(DeviceKey(node, .root, plug.interface.name))
        links.append(DiagramLink(from: bridge, to: device, kind: .solid))
      }
      if Self.tunnelTypes.contains(plug.interface.type), let holder = tunnelHolder(of: node),
        holder != bridge
      {
        links.append(DiagramLink(from: bridge, to: holder, kind: .tunnel))
      }
    }
    return links
  }

  /// The box that a device is drawn in; Linux bridges' ports and taps have none of their own.
  func element(for key: DeviceKey) -> ElementID {
    if key.namespace != .root { return .namespace(key.namespaceKey) }
    let link = links[key]
    if link?.kind == "bridge" { return .linuxBridge(key.node, key.namespace, key.interface) }
    if let plug = plugsByName[key.node]?[key.interface] {
      return isUplink(plug, on: key.node) ? .device(key) : .bridge(BridgeKey(key.node, plug.bridge))
    }
    if let master = link?.master,
      links[DeviceKey(key.namespaceKey, master)]?.kind == "bridge"
    {
      return .linuxBridge(key.node, key.namespace, master)
    }
    return .device(key)
  }

  /// A system device on a bridge that is no port of Neutron's: it leads out of the node.
  func isUplink(_ plug: SwitchPlug, on node: NodeName) -> Bool {
    let interface = plug.interface
    let isSystem =
      interface.type.isEmpty || interface.type == "system" || interface.type.hasPrefix("dpdk")
    return isSystem && interface.name.rawValue != plug.bridge.rawValue
      && interface.externalIDs["iface-id"] == nil
      && !carriers.contains(DeviceKey(node, .root, interface.name))
  }

  /// The wire at a device that leads out of its node; nil for others.
  func wire(of key: DeviceKey) -> ElementID? {
    guard key.namespace == .root else { return nil }
    if let plug = plugsByName[key.node]?[key.interface] {
      guard isUplink(plug, on: key.node) else { return nil }
      let mapped = (model.node(key.node)?.bridgeMappings ?? [:])
        .filter { $0.value == plug.bridge }.keys.min()
      return .wire(mapped ?? plug.bridge.rawValue)
    }
    return holders[key.node] == key.interface ? .wire("underlay") : nil
  }

  // MARK: words

  func box(_ id: ElementID) -> DiagramBox {
    switch id {
    case .guest(let node, let name):
      DiagramBox(
        id: id, title: name.isEmpty ? "(no name)" : name, detail: "server",
        explanation: "server \(name)" + (node.map { " on \($0)" } ?? ""))
    case .linuxBridge(let node, _, let name):
      DiagramBox(
        id: id, title: name.rawValue, detail: "Linux bridge",
        explanation: "Linux bridge \(name) on \(node)")
    case .namespace(let key): namespaceBox(key)
    case .bridge(let key):
      DiagramBox(
        id: id, title: key.bridge.rawValue, detail: detail(of: key),
        explanation: "Open vSwitch bridge \(key.bridge) on \(key.node), \(detail(of: key))")
    case .device(let key):
      DiagramBox(
        id: id, title: key.interface.rawValue, detail: "device",
        explanation: "device \(key.interface) on \(key.node)")
    case .wire(let name): wireBox(name)
    case .outside(let name):
      DiagramBox(
        id: id, title: name, detail: "beyond the cloud",
        explanation: "\(name), beyond the cloud")
    case .others(let text): DiagramBox(id: id, title: text, isMuted: true)
    }
  }

  private func namespaceBox(_ key: NamespaceKey) -> DiagramBox {
    let role = roles[key]
    let name = key.namespace == .root ? "host network stack" : key.namespace.rawValue
    return DiagramBox(
      id: .namespace(key), title: role?.title ?? name, detail: role?.kind ?? "namespace",
      explanation: "namespace \(key.namespace) on \(key.node)", object: role?.object)
  }

  private func detail(of key: BridgeKey) -> String {
    let plugs = plugs(on: key.node).filter { $0.bridge == key.bridge }
    let tunnels = plugs.filter { Self.tunnelTypes.contains($0.interface.type) }
    let ports = plugs.count == 1 ? "1 port" : "\(plugs.count) ports"
    guard let type = tunnels.first?.interface.type else { return ports }
    return "\(tunnels.count) × \(type)"
  }

  static let tunnelTypes: Set<String> = ["vxlan", "geneve", "gre", "ip6gre", "stt"]

  private func wireBox(_ name: String) -> DiagramBox {
    let isPhysical = model.nodes.contains { $0.bridgeMappings[name] != nil }
    let carriesTunnels = facts.nodes.contains { node in
      holders[node.name].map { holder in
        plugs(on: node.name).contains {
          $0.bridge.rawValue == name && $0.bridge.rawValue == holder.rawValue
        }
      } ?? false
    }
    let detail =
      isPhysical
      ? "physical network"
      : carriesTunnels || name == "underlay" ? "tunnel underlay" : "wire between nodes"
    let isUnderlay = detail == "tunnel underlay"
    return DiagramBox(
      id: .wire(name), title: isUnderlay ? "underlay" : name,
      detail: isUnderlay ? "carries tunnels" : detail, explanation: "\(detail) \(name)")
  }
}

/// What a namespace is for, in the words of the logical model.
struct NamespaceTitle: Hashable {
  let title: String
  let kind: String
  let object: ReportObject?

  static func all(of model: CloudModel) -> [NamespaceKey: NamespaceTitle] {
    var titles: [NamespaceKey: NamespaceTitle] = [:]
    for router in model.routers {
      for place in router.places {
        titles[place.key] = NamespaceTitle(
          title: router.label, kind: kind(of: place, router.mode),
          object: ReportObject(.router, router.id.rawValue))
      }
    }
    for server in model.dhcpServers {
      let name = model.network(server.network)?.label ?? server.network.rawValue
      titles[server.key] = NamespaceTitle(
        title: name, kind: "DHCP", object: ReportObject(.network, server.network.rawValue))
    }
    for port in model.ports where port.owner == .floatingAgent {
      for location in port.locations {
        let name = model.network(port.network)?.label ?? location.namespace.rawValue
        titles[NamespaceKey(location.node, location.namespace)] = NamespaceTitle(
          title: name, kind: "floating IPs",
          object: port.network.map { ReportObject(.network, $0.rawValue) })
      }
    }
    return titles
  }

  private static func kind(of place: RouterPlace, _ mode: RouterMode) -> String {
    let state = mode.isHA ? place.isActive.map { $0 ? " active" : " standby" } ?? "" : ""
    if place.part == .snat { return "SNAT" + state }
    return state.isEmpty ? "\(mode) router" : "\(mode)" + state
  }
}
