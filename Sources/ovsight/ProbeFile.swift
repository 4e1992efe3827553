// Batch files of probes: one JSON object a line, each checked before anything is traced.
import Facts
import Formats
import NetworkTypes
import Trace

/// Why a line is no probe.
struct ProbeError: Error, CustomStringConvertible {
  let line: Int
  let wanted: String
  var description: String { "line \(line): wanted \(wanted)" }
}

enum ProbeFile {
  /// All probes of a file; blank lines are skipped.
  static func parse(_ bytes: [UInt8]) throws(ProbeError) -> [Probe] {
    var probes: [Probe] = []
    for line in Lines(CaptureText(file: CaptureFileID(0), bytes: bytes)) {
      let content = Array(bytes[line.content])
      if content.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
      probes.append(try probe(content, line: line.number))
    }
    return probes
  }

  private static func probe(_ bytes: [UInt8], line: Int) throws(ProbeError) -> Probe {
    let node: JSONNode
    do throws(JSONError) { node = try JSONParser.document(bytes) } catch {
      throw ProbeError(line: line, wanted: "\(error.wanted) at byte \(error.offset)")
    }
    let reader = ProbeReader(node: node, line: line)
    return try reader.probe()
  }
}

/// Reads the members of one probe.
private struct ProbeReader {
  let node: JSONNode
  let line: Int

  func probe() throws(ProbeError) -> Probe {
    guard node.members != nil else { throw wanted("a JSON object") }
    var probe = Probe(
      id: node["id"]?.scalarText ?? "", origin: try origin(), destination: try destination(),
      kind: try kind())
    probe.destinationPort = try number("dport")
    probe.sourcePort = try number("sport")
    probe.lengthBytes = try number("size")
    if let text = node["from_ip"]?.string {
      guard let address = IPAddress(text) else { throw wanted("an IP address in \"from_ip\"") }
      probe.source = address
    }
    if let text = node["from_mac"]?.string {
      guard let mac = MACAddress(text) else { throw wanted("a MAC address in \"from_mac\"") }
      probe.sourceMAC = mac
    }
    return probe
  }

  private func wanted(_ text: String) -> ProbeError { ProbeError(line: line, wanted: text) }

  private func origin() throws(ProbeError) -> ProbeOrigin {
    guard let from = node["from"], from.members != nil else {
      throw wanted("an object \"from\" with \"port\", \"external\" or \"node\" and \"namespace\"")
    }
    if let port = from["port"]?.string { return .port(PortID(port)) }
    if let text = from["external"]?.string {
      guard let address = IPAddress(text) else { throw wanted("an IP address in \"external\"") }
      return .external(address)
    }
    guard let name = from["node"]?.string else {
      throw wanted("\"port\", \"external\" or \"node\" in \"from\"")
    }
    return .namespace(
      NamespaceKey(NodeName(name), NamespaceName(from["namespace"]?.string ?? "root")))
  }

  private func destination() throws(ProbeError) -> IPAddress {
    guard let text = node["to"]?.string, let address = IPAddress(text) else {
      throw wanted("an IP address in \"to\"")
    }
    return address
  }

  private func kind() throws(ProbeError) -> ProbeProtocol {
    guard let text = node["proto"]?.string, let kind = ProbeProtocol(rawValue: text) else {
      let known = ProbeProtocol.allCases.map(\.rawValue).joined(separator: ", ")
      throw wanted("one of \(known) in \"proto\"")
    }
    return kind
  }

  private func number<Number: FixedWidthInteger>(_ key: String) throws(ProbeError) -> Number? {
    guard let value = node[key], !value.isNull else { return nil }
    guard let number = value.number(Number.self), number >= 0 else {
      throw wanted("a number that fits in \"\(key)\"")
    }
    return number
  }
}
