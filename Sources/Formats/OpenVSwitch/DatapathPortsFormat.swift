// `ovs-appctl dpif/show`: datapaths, their bridges, and each bridge's ports with both numbers.
import Facts
import NetworkTypes

/// Told apart by form, for indentation is tabs in old releases and blanks in new ones:
/// `system@ovs-system: hit:1 missed:2`, `br-int:`, `patch-tun 1/none: (patch: peer=patch-int)`.
public enum DatapathPortsFormat {
  public static func parse(_ text: CaptureText) -> Parsed<DatapathPort> {
    var datapath = ""
    var bridge = BridgeName("")
    return parseLineRecords(text, format: "dpif-show") { line, log in
      let content = text.string(line.content)
      let trimmed = content.drop { $0 == " " || $0 == "\t" }
      if trimmed.isEmpty { return .structure }
      if trimmed.count == content.count, let colon = content.firstIndex(of: ":") {
        datapath = String(content[..<colon])
        return .structure
      }
      if trimmed.hasSuffix(":"), !trimmed.contains(": (") {
        bridge = BridgeName(String(trimmed.dropLast()))
        return .structure
      }
      let evidence = log.evidence(line: line.number, line.content)
      guard let port = port(trimmed, datapath, bridge, evidence) else {
        return .bad("a port, its numbers and its type")
      }
      return .record(port)
    }
  }

  private static func port(
    _ text: Substring, _ datapath: String, _ bridge: BridgeName, _ evidence: Evidence
  ) -> DatapathPort? {
    guard let colon = text.firstRange(of: ": ("), text.hasSuffix(")"),
      let blank = text[..<colon.lowerBound].lastIndex(of: " ")
    else { return nil }
    let numbers = text[text.index(after: blank)..<colon.lowerBound].split(separator: "/")
    guard numbers.count == 2 else { return nil }
    let (openFlow, datapathNumber) = (UInt32(numbers[0]), UInt32(numbers[1]))
    guard openFlow != nil || numbers[0] == "none", datapathNumber != nil || numbers[1] == "none"
    else { return nil }
    let (type, options) = details(text[colon.upperBound...].dropLast())
    return DatapathPort(
      datapath: datapath, bridge: bridge, name: InterfaceName(String(text[..<blank])),
      openFlowNumber: openFlow.map { OpenFlowPort($0).rawValue }, datapathNumber: datapathNumber,
      type: type, options: options, evidence: evidence)
  }

  /// `vxlan: key=flow, remote_ip=10.0.0.1`.
  private static func details(_ text: Substring) -> (String, [String: String]) {
    guard let colon = text.firstRange(of: ": ") else { return (String(text), [:]) }
    var options: [String: String] = [:]
    for option in text[colon.upperBound...].split(separator: ",") {
      let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      options[String(parts[0].drop { $0 == " " })] = parts.count == 2 ? String(parts[1]) : ""
    }
    return (String(text[..<colon.lowerBound]), options)
  }
}
