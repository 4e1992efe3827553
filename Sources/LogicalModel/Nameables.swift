// Every item with its ids, its names and the line that tells it from others. Feeds Resolution.
import Facts
import NetworkTypes

/// An item with the words that mean it.
struct Nameable {
  let item: ModelItem
  /// Lower case.
  let ids: [String]
  let names: [String]
  let label: String

  func resolved(_ reason: String) -> ResolvedItem {
    ResolvedItem(item: item, label: label, reason: reason)
  }
}

extension CloudModel {
  var nameables: [Nameable] {
    nodeNames + networkNames + subnetNames + portNames + serverNames + routerNames
      + floatingNames + groupNames
  }

  private func names(_ names: String?...) -> [String] {
    names.compactMap { $0 }.filter { !$0.isEmpty }
  }

  private var nodeNames: [Nameable] {
    nodes.map { node in
      Nameable(
        item: .node(node.name), ids: [], names: [node.name.rawValue] + node.hosts,
        label: "node \(node.name)")
    }
  }
  private var networkNames: [Nameable] {
    networks.map { network in
      Nameable(
        item: .network(network.id), ids: [network.id.rawValue], names: names(network.name),
        label: "network \(network.label)" + idSuffix(network.id.rawValue))
    }
  }
  private var subnetNames: [Nameable] {
    subnets.map { subnet in
      let network = self.network(subnet.network)?.label ?? subnet.network.rawValue
      return Nameable(
        item: .subnet(subnet.network, subnet.cidr), ids: [subnet.id?.rawValue].compactMap { $0 },
        names: names(subnet.name),
        label: "subnet \(subnet.label) (\(subnet.cidr)) of network \(network)")
    }
  }
  private var portNames: [Nameable] {
    ports.filter { $0.owner != .floatingIP }.map { port in
      Nameable(
        item: .port(port.id), ids: [port.id.rawValue], names: names(port.name),
        label: label(of: port))
    }
  }
  private var serverNames: [Nameable] {
    servers.map { server in
      let place = server.node.map { " on \($0)" } ?? ""
      let project = server.projectName ?? server.project?.rawValue
      return Nameable(
        item: .server(server.id), ids: [server.id.rawValue],
        names: names(server.name, server.instanceName),
        label: "server \(server.label)" + (project.map { " of project \($0)" } ?? "") + place
          + idSuffix(server.id.rawValue))
    }
  }
  private var routerNames: [Nameable] {
    routers.map { router in
      Nameable(
        item: .router(router.id), ids: [router.id.rawValue], names: names(router.name),
        label: "\(router.mode) router \(router.label)" + idSuffix(router.id.rawValue))
    }
  }
  private var floatingNames: [Nameable] {
    floatingIPs.compactMap { floating in
      guard let id = floating.id else { return nil }
      return Nameable(
        item: .floatingIP(floating.address, floating.router), ids: [id.rawValue], names: [],
        label: "floating IP \(floating.address)")
    }
  }
  private var groupNames: [Nameable] {
    securityGroups.map { group in
      let project = group.project.map { " of project \($0)" } ?? ""
      return Nameable(
        item: .securityGroup(group.id), ids: [group.id.rawValue], names: names(group.name),
        label: "security group \(group.label)\(project)" + idSuffix(group.id.rawValue))
    }
  }

  public func label(of port: Port) -> String {
    let network = network(port.network)?.label
    let addresses = port.addresses.map(\.description).joined(separator: ", ")
    return "port \(title(of: port))" + (addresses.isEmpty ? "" : " \(addresses)")
      + (network.map { " on network \($0)" } ?? "") + idSuffix(port.id.rawValue)
  }

  private func idSuffix(_ id: String) -> String { " [\(id.prefix(8))]" }

  /// Every namespace that a router, DHCP server or proxy lives in, and each node's own.
  var namespaces: [NamespaceKey] {
    var keys = Set(nodes.map { NamespaceKey($0.name, .root) })
    keys.formUnion(routers.flatMap(\.places).map(\.key))
    keys.formUnion(dhcpServers.map(\.key))
    keys.formUnion(ports.flatMap(\.locations).map { NamespaceKey($0.node, $0.namespace) })
    return keys.sorted()
  }

  /// Names and ids near a word: they hold it, or few letters differ.
  func suggestions(for word: String, _ names: [Nameable]) -> [String] {
    let word = word.lowercased()
    guard !word.isEmpty else { return [] }
    var scored: [String: Int] = [:]
    for name in Set(names.flatMap(\.names)) {
      let other = name.lowercased()
      let distance = other.contains(word) ? 0 : editDistance(word, other, limit: 3)
      if distance <= max(1, word.count / 3) { scored[name] = min(distance, scored[name] ?? 9) }
    }
    return scored.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(5).map(\.key)
  }
}

/// Levenshtein's distance; above `limit` any greater number.
package func editDistance(_ first: String, _ second: String, limit: Int) -> Int {
  let (a, b) = (Array(first.unicodeScalars), Array(second.unicodeScalars))
  guard abs(a.count - b.count) <= limit else { return limit + 1 }
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in b.enumerated() {
      let replaced = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}
