// Reads the text of `ofproto/trace`: table lookups in their order, and the datapath actions.
import Formats
import Foundation
import NetworkTypes
import OpenFlow

struct LiveTrace {
  struct Lookup: Hashable, CustomStringConvertible {
    var bridge: String
    var table: Int
    /// Nil at a miss.
    var priority: Int?
    var description: String { "\(bridge):\(table):\(priority.map(String.init) ?? "miss")" }
  }
  var lookups: [Lookup] = []
  /// One of the packet, then one a recirculation.
  var datapathActions: [String] = []
  /// The packet that each of them starts from, out of its `Flow:` line.
  var packets: [Packet?] = []
  var failed = false

  init(_ text: String) {
    var bridges: [(indent: Int, name: String)] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let indent = line.prefix { $0 == " " }.count
      let content = line.dropFirst(indent)
      if content.hasPrefix("bridge(\"") {
        while let last = bridges.last, last.indent >= indent { bridges.removeLast() }
        bridges.append((indent, String(content.dropFirst(8).dropLast(2))))
      } else if let actions = line.dropping(prefix: "Datapath actions: ") {
        datapathActions.append(String(actions))
        bridges = []
      } else if let flow = line.dropping(prefix: "Flow: ") {
        packets.append(Self.packet(String(flow)))
      } else if line.hasPrefix("Translation failed") {
        failed = true
      } else if let lookup = Self.lookup(content) {
        // A table's line is indented by one column when its number has one digit.
        while let last = bridges.last, bridges.count > 1, last.indent > indent {
          bridges.removeLast()
        }
        guard let bridge = bridges.last else { continue }
        lookups.append(Lookup(bridge: bridge.name, table: lookup.table, priority: lookup.priority))
      }
    }
  }

  private static func packet(_ flow: String) -> Packet {
    let fields = TraceFlowFormat.parse(flow)
    return SwitchInput(bridge: "", tracing: fields.match).packet
  }

  private static func lookup(_ content: Substring) -> (table: Int, priority: Int?)? {
    let digits = content.prefix { $0.isNumber }
    guard let table = Int(digits), content.dropFirst(digits.count).hasPrefix(". ") else {
      return nil
    }
    let rest = content.dropFirst(digits.count + 2)
    if rest.hasPrefix("No match") || rest.hasPrefix("Packets are IP fragments") {
      return (table, nil)
    }
    // In a bridge behind a patch port OVS does not recognise that bridge's miss rules for what
    // they are, and prints their hidden match.
    if ["reg0=0x1, priority 0", "reg0=0x2, priority 0", "reg0=0x3, priority 0"].contains(rest) {
      return (table, nil)
    }
    guard let found = rest.range(of: "priority ") else { return nil }
    return (table, Int(rest[found.upperBound...].prefix { $0.isNumber }))
  }
}

extension Substring {
  func dropping(prefix: String) -> Substring? {
    hasPrefix(prefix) ? dropFirst(prefix.count) : nil
  }
}
