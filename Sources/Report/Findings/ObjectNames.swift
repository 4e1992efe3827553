// Which things the words of a finding mean. A word that may mean several means none: a wrong link is
// worse than no link.
import Facts
import LogicalModel
import NetworkTypes

public struct ObjectNames: Sendable {
  /// Nil for words that mean several.
  private var meanings: [String: ReportObject?] = [:]
  /// Where things are, or should be.
  private var homes: [ReportObject: Set<String>] = [:]

  public init(_ model: CloudModel) {
    for node in model.nodes { add(node.name.rawValue, ReportObject(.node, node.name.rawValue)) }
    for network in model.networks {
      let object = ReportObject(.network, network.id.rawValue)
      add(network.label, object)
      add(network.id.rawValue, object)
    }
    for router in model.routers {
      let object = ReportObject(.router, router.id.rawValue)
      add(router.label, object)
      add(router.id.rawValue, object)
    }
    for server in model.servers {
      let object = ReportObject(.server, server.id.rawValue)
      for word in [server.label, server.id.rawValue, server.instanceName ?? ""] {
        add(word, object)
      }
      if let node = server.node { homes[object] = [node.rawValue] }
    }
    for item in model.floatingIPs {
      let object = ReportObject(.floatingIP, item.address.description)
      add(item.address.description, object)
      homes[object, default: []].formUnion(item.places.map(\.node.rawValue))
    }
    for port in model.ports { addPort(port, model) }
  }

  private mutating func addPort(_ port: Port, _ model: CloudModel) {
    let object = ReportObject(.port, port.id.rawValue)
    // A port without a name of its own is called as its server is, which is meant then.
    if !port.name.isEmpty { add(port.name, object) }
    add(port.id.rawValue, object)
    let places = port.locations.map(\.node.rawValue)
    homes[object] = Set(places.isEmpty ? [port.boundNode?.rawValue].compactMap { $0 } : places)
    for location in port.locations where !port.isDistributed {
      for word in [location.interface, location.switchPort ?? "", location.linuxBridge ?? ""] {
        add(word.rawValue, object)
      }
    }
  }

  private mutating func add(_ word: String, _ object: ReportObject) {
    guard !word.isEmpty else { return }
    if let known = meanings[word], known != object {
      meanings[word] = .some(nil)
    } else {
      meanings[word] = object
    }
  }

  /// The only node that these things are on, or should be; nil where there are several or none.
  func node(of objects: [ReportObject]) -> String? {
    let nodes = objects.reduce(into: Set<String>()) { $0.formUnion(homes[$1] ?? []) }
    return nodes.count == 1 ? nodes.first : nil
  }

  /// In the order of the text, each once.
  public func objects(in text: String) -> [ReportObject] {
    var found: [ReportObject] = []
    func look(_ word: Substring) {
      if let object = meanings[String(word)] ?? nil, !found.contains(object) {
        found.append(object)
      }
    }
    /// Namespaces are named after the router or network that they are of.
    func lookNamespace(_ word: Substring) {
      look(word)
      for prefix in ["qrouter-", "snat-", "qdhcp-", "fip-"] where word.hasPrefix(prefix) {
        look(word.dropFirst(prefix.count))
      }
    }
    if let object = meanings[text] ?? nil { found.append(object) }
    for word in text.split(whereSeparator: { " \t\n,;\"()[]".contains($0) }) {
      let bare = word.last == ":" || word.last == "." ? word.dropLast() : word
      // `node/namespace/device`; elsewhere a stroke stands between a number and its meaning.
      let parts = bare.split(separator: "/")
      let isPlace = parts.count > 1 && (meanings[String(parts[0])] ?? nil)?.kind == .node
      for part in isPlace ? parts : [] { lookNamespace(part) }
      lookNamespace(bare)
    }
    return found
  }
}
