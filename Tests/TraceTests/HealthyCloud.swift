// The shipped capture and what real packets did in that cloud: one probe a row.
import DataPlane
import Facts
import Formats
import Foundation
import NetworkTypes
import Trace

enum HealthyCloud {
  static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures")

  static func facts() throws -> CloudFacts {
    CloudFacts(
      parsing: try CaptureFolder.read([fixtures.appendingPathComponent("healthy-cloud").path]))
  }

  /// What one real packet did.
  struct Row {
    let kind: String
    let probe: Probe
    let delivered: Bool
    let replied: Bool
    let receivedBy: [String]
    let isOverheard: Bool
    let isSpoofed: Bool
    let seen: [String: String]
    let path: [[String]]?
  }

  static func truth() throws -> [Row] {
    try lines().sorted { $0.key < $1.key }.map(\.value)
  }

  /// By number of the line, from 1; lines that are no probe of a guest's or of the outside's left
  /// out.
  static func lines() throws -> [Int: Row] {
    let (nodes, ports) = try documents.get()
    var rows: [Int: Row] = [:]
    for (index, node) in nodes.enumerated() {
      rows[index + 1] = row(node, number: index, ports)
    }
    return rows
  }

  static func port(named name: String) -> String? { (try? documents.get())?.ports[name] }

  private static let documents = Result {
    let bytes = try Data(
      contentsOf: fixtures.appendingPathComponent("healthy-cloud-truth.jsonl"))
    let nodes = try bytes.split(separator: UInt8(ascii: "\n")).map {
      try JSONParser.document(Array($0))
    }
    return (nodes: nodes, ports: portNames(nodes))
  }

  private static func portNames(_ nodes: [JSONNode]) -> [String: String] {
    var ports: [String: String] = [:]
    for node in nodes {
      for side in ["src", "dst"] {
        if let name = node[side]?.string, let port = node[side + "_port_id"]?.string {
          ports[name] = port
        }
      }
    }
    return ports
  }

  private static func row(_ node: JSONNode, number: Int, _ ports: [String: String]) -> Row? {
    let kind = node["kind"]?.string ?? ""
    if kind == "arp", node["self"]?.bool ?? false { return nil }
    guard let probe = probe(node, kind, number, ports) else { return nil }
    return Row(
      kind: kind, probe: probe,
      delivered: kind == "arp"
        ? !(node["answers"]?.elements ?? []).isEmpty : node["delivered"]?.bool ?? false,
      replied: node["replied"]?.bool ?? false,
      receivedBy: (node["received_by"]?.elements ?? []).compactMap(\.string)
        .map { ports[$0] ?? $0 }.sorted(),
      isOverheard: !(node["overheard_by"]?.elements ?? []).isEmpty,
      isSpoofed: node["spoofed"]?.bool ?? false,
      seen: ["seen_src", "seen_dst", "seen_ttl", "seen_dport"].reduce(into: [:]) {
        $0[$1] = node[$1]?.scalarText
      },
      path: node["path"]?.elements?.map { hop in
        let parts = (hop.elements ?? []).compactMap(\.string)
        return parts.prefix(3) + [parts.last == "out" ? "out" : "in"]
      })
  }

  private static func probe(
    _ node: JSONNode, _ kind: String, _ number: Int, _ ports: [String: String]
  ) -> Probe? {
    let name = node["src"]?.string ?? ""
    let origin: ProbeOrigin
    if let port = node["src_port_id"]?.string ?? (kind == "arp" ? ports[name] : nil) {
      origin = .port(PortID(port))
    } else if let address = node["src_ip"]?.string.flatMap({ IPAddress($0) }) {
      origin = .external(address)
    } else {
      return nil
    }
    let fallback = kind == "dhcp" ? "255.255.255.255" : "169.254.169.254"
    let word = node["proto"]?.string ?? ["arp": "arp", "dhcp": "dhcp"][kind] ?? "tcp"
    guard let destination = IPAddress(node["dst_ip"]?.string ?? fallback),
      let proto = ProbeProtocol(rawValue: word)
    else { return nil }
    var probe = Probe(
      id: "\(number)", origin: origin, destination: destination, kind: proto)
    probe.destinationPort = node["dport"]?.number() ?? (kind == "metadata-http" ? 80 : nil)
    if let size: Int = node["size"]?.number(), size > 0 { probe.lengthBytes = size }
    if node["spoofed"]?.bool ?? false {
      probe.source = node["src_ip"]?.string.flatMap { IPAddress($0) }
    }
    return probe
  }
}
