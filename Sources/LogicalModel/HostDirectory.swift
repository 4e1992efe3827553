// Names of hosts: Neutron, libvirt and the capture call one node by different names.
import Facts
import NetworkTypes

/// Finds the captured node that a host's name means.
struct HostDirectory {
  private var nodes: [String: NodeName] = [:]
  private(set) var names: [NodeName: [String]] = [:]

  init(_ facts: CloudFacts) {
    for node in facts.nodes { add(node.name.rawValue, node.name) }
    for node in facts.nodes {
      for (_, section) in node.files.configurations.sorted(by: { $0.key < $1.key }) {
        if let host = section.host { add(host, node.name) }
      }
      if let hostname = node.hostname { add(hostname, node.name) }
    }
    addShortNames()
  }

  /// The first node to claim a name keeps it.
  private mutating func add(_ name: String, _ node: NodeName) {
    guard !name.isEmpty else { return }
    if nodes[name] == nil { nodes[name] = node }
    if names[node]?.contains(name) != true { names[node, default: []].append(name) }
  }

  /// `compute1` for `compute1.example.org`, where no two nodes share it.
  private mutating func addShortNames() {
    let full = nodes.filter { $0.key.contains(".") }
    let short = Dictionary(grouping: full) { pair in
      String(pair.key.prefix { $0 != "." })
    }
    for (name, pairs) in short where nodes[name] == nil && Set(pairs.map(\.value)).count == 1 {
      nodes[name] = pairs[0].value
    }
  }

  func node(_ host: String?) -> NodeName? {
    guard let host, !host.isEmpty else { return nil }
    return nodes[host] ?? nodes[String(host.prefix { $0 != "." })]
  }
}
