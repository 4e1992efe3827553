// What switches, bridges and kernels have learnt since the snapshot: MAC tables, neighbours and flows
// that expire move within minutes, and a prediction for the wire of now must not rest on those of
// then. Flows that stay are the snapshot's: what was changed behind its back is to be caught.
import Formats
import Foundation
import Namespaces
import NetworkTypes

extension Capture {
  /// The same capture with the learned tables of nodes read anew, and why some could not be.
  ///
  /// - Parameters:
  ///   - access: ways onto nodes; other nodes keep what was captured.
  ///   - namespaces: whose neighbours are read; all other tables are.
  public func refreshed(
    through access: [NodeName: NodeAccess], neighboursOf namespaces: Set<NamespaceKey>
  ) -> (capture: Capture, failures: [String]) {
    let questions = files.indices.compactMap { index -> (Int, NodeAccess, LearnedTable)? in
      let file = files[index].description
      guard let node = file.node, let way = access[node],
        let table = LearnedTable(path: file.path),
        table.kind != .neighbours || namespaces.contains(NamespaceKey(node, table.namespace))
      else { return nil }
      return (index, way, table)
    }
    let byNode = Dictionary(grouping: questions) { files[$0.0].description.node }.values
    var renewed = files
    var failures: [String] = []
    for (index, answer) in inThreads(Array(byNode), { $0.map { ($0.0, $0.2.read(through: $0.1)) } })
      .joined()
    {
      let file = files[index].description
      switch answer {
      case .success(let bytes):
        let isFlows = LearnedTable(path: file.path)?.kind == .flows
        renewed[index] = RawFile(
          node: file.node, path: file.path,
          bytes: isFlows ? LearnedTable.flows(files[index].bytes, expiring: bytes) : bytes,
          command: file.command)
      case .failure(let error):
        failures.append("\(file.node.map { "\($0) " } ?? "")\(file.path): \(error)")
      }
    }
    return (
      Capture(sources: sources, nodes: nodes, files: renewed, unreadable: unreadable),
      failures.sorted()
    )
  }
}

/// A file of a capture folder that holds a learned table, and the command that shows it now.
struct LearnedTable: Hashable {
  enum Kind { case macs, neighbours, flows }
  let namespace: NamespaceName
  let words: [String]
  let kind: Kind

  /// Nil for other files, and for names that could be taken for an option: a snapshot is not trusted
  /// with what runs on a node.
  init?(path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    switch (parts.first, parts.count, parts.last) {
    case ("ovs", 3, "fdb_show.txt"):
      guard Self.isName(parts[1]) else { return nil }
      (namespace, words, kind) = (.root, ["ovs-appctl", "fdb/show", parts[1]], .macs)
    case ("ovs", 3, "ofctl_dump-flows.txt"):
      guard Self.isName(parts[1]) else { return nil }
      (namespace, words, kind) = (.root, Self.dumpFlows + [parts[1]], .flows)
    case ("root", 2, "bridge_-j_fdb.json"):
      (namespace, words, kind) = (.root, ["bridge", "-j", "fdb"], .macs)
    case ("root", 2, "ip_-j_neigh.json"):
      (namespace, words, kind) = (.root, ["ip", "-j", "neigh"], .neighbours)
    case ("ns", 3, "ip_-j_neigh.json"):
      guard Self.isName(parts[1]) else { return nil }
      (namespace, words, kind) = (
        NamespaceName(parts[1]), ["ip", "-j", "neigh"], .neighbours
      )
    default: return nil
    }
  }

  /// As captures have it.
  private static let dumpFlows = ["ovs-ofctl", "-O", "OpenFlow14", "dump-flows"]

  /// A dump of flows with those that expire as another dump has them.
  static func flows(_ old: [UInt8], expiring now: [UInt8]) -> [UInt8] {
    func expires(_ line: Substring) -> Bool {
      // In the match: a `learn` action names timeouts of flows to come.
      line.split(separator: " actions=", maxSplits: 1).first?.contains("_timeout=") ?? false
    }
    func lines(_ bytes: [UInt8]) -> [Substring] {
      String(decoding: bytes, as: UTF8.self).split(
        separator: "\n", omittingEmptySubsequences: false)
    }
    // Empty lines keep the places of those below: evidence cites the snapshot's lines.
    let kept = lines(old).map { expires($0) ? "" : $0 } + lines(now).filter(expires)
    return Array((kept.joined(separator: "\n") + "\n").utf8)
  }

  private static func isName(_ text: String) -> Bool {
    text.wholeMatch(of: #/[A-Za-z0-9_.][A-Za-z0-9_.:@-]*/#) != nil
  }

  func read(through access: NodeAccess) -> Result<[UInt8], any Error> {
    Result { Array(try Command(access.command(words, in: namespace)).run().utf8) }
  }
}
