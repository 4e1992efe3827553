// What the userspace datapath knows to send tunnels by: `ovs-appctl tnl/neigh/show`,
// `tnl/ports/show` and `ovs/route/show`.
import Facts
import NetworkTypes

/// `tnl/neigh/show`: a heading, a rule of `=`, then address, MAC and bridge a line.
public enum TunnelNeighbourFormat {
  public static func parse(_ text: CaptureText) -> Parsed<TunnelNeighbour> {
    parseLineRecords(text, format: "tnl-neigh-show") { line, log in
      var cursor = ByteCursor(text.bytes, line.content)
      let words = cursor.allWords().map { cursor.text($0) }
      if words.isEmpty || words[0] == "IP" || words[0].hasPrefix("===") { return .structure }
      guard words.count == 3, let address = IPAddress(words[0]), let mac = MACAddress(words[1])
      else { return .bad("an address, a MAC and a bridge") }
      return .record(
        TunnelNeighbour(
          address: address, mac: mac, bridge: InterfaceName(words[2]),
          evidence: log.evidence(line: line.number, line.content)))
    }
  }
}

/// `tnl/ports/show`: `vxlan_sys_4789 (10) ref_cnt=3`, with more behind it given `-v`.
public enum TunnelListenerFormat {
  public static func parse(_ text: CaptureText) -> Parsed<TunnelListener> {
    parseLineRecords(text, format: "tnl-ports-show") { line, log in
      var cursor = ByteCursor(text.bytes, line.content)
      let whole = cursor.rest
      let name = cursor.wordText()
      if name.isEmpty || whole == "Listening ports:" { return .structure }
      cursor.skipSpaces()
      guard cursor.skip(UInt8(ascii: "(")) else { return .bad("a device and its datapath number") }
      let number = cursor.text(cursor.take { $0 == UInt8(ascii: ")") })
      guard cursor.skip(UInt8(ascii: ")")) else { return .bad("')'") }
      return .record(
        TunnelListener(
          name: InterfaceName(name), datapathNumber: UInt32(number), text: whole,
          evidence: log.evidence(line: line.number, line.content)))
    }
  }
}

/// `ovs/route/show`: `Cached: 10.0.0.0/24 dev br-phy GW 10.0.0.1 SRC 10.0.0.5 local`.
public enum TunnelRouteFormat {
  public static func parse(_ text: CaptureText) -> Parsed<TunnelRoute> {
    parseLineRecords(text, format: "ovs-route-show") { line, log in
      var cursor = ByteCursor(text.bytes, line.content)
      let words = cursor.allWords().map { cursor.text($0) }
      if words.isEmpty || words == ["Route", "Table:"] { return .structure }
      let evidence = log.evidence(line: line.number, line.content)
      guard let route = route(words, evidence) else {
        return .bad("Cached: or User: with a prefix and a device")
      }
      return .record(route)
    }
  }

  private static func route(_ words: [String], _ evidence: Evidence) -> TunnelRoute? {
    guard words.count >= 4, words[0] == "Cached:" || words[0] == "User:",
      let destination = IPPrefix(words[1])
    else { return nil }
    var route = TunnelRoute(
      isCached: words[0] == "Cached:", destination: destination, interface: "", gateway: nil,
      source: nil, isLocal: false, evidence: evidence)
    var rest = words.dropFirst(2)
    while let key = rest.popFirst() {
      if key == "local" {
        route.isLocal = true
      } else {
        guard let value = rest.popFirst(), set(key, value, &route) else { return nil }
      }
    }
    return route.interface.rawValue.isEmpty ? nil : route
  }
  private static func set(_ key: String, _ value: String, _ route: inout TunnelRoute) -> Bool {
    switch key {
    case "dev":
      route.interface = InterfaceName(value)
      return true
    case "GW":
      route.gateway = IPAddress(value)
      return route.gateway != nil
    case "SRC":
      route.source = IPAddress(value)
      return route.source != nil
    case "MARK":
      route.mark = UInt32(value)
      return route.mark != nil
    default: return false
    }
  }
}
