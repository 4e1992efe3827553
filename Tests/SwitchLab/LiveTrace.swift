// Reads the text of `ofproto/trace`: table lookups in their order, and the datapath actions.
import Formats
import Foundation
import NetworkTypes
import OpenFlow

package struct LiveTrace {
  package struct Lookup: Hashable, CustomStringConvertible {
    package var bridge: String
    package var table: Int
    /// Nil at a miss.
    package var priority: Int?
    package var description: String { "\(bridge):\(table):\(priority.map(String.init) ?? "miss")" }
  }
  package var lookups: [Lookup] = []
  /// One of the packet, then one a recirculation.
  package var datapathActions: [String] = []
  /// The packet that each of them starts from, out of its `Flow:` line.
  package var packets: [Packet] = []
  /// The recirculation's id behind which each of them goes on; empty for the first.
  package var recirculations: [String] = []
  package var failed = false

  /// A bridge that the packet is in; `inside` is how far the lines below it are indented, known
  /// from the first of them.
  private struct Place {
    var name: String
    var inside: Int?
  }

  package init(_ text: String) {
    var places: [Place] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      let spaces = line.prefix { $0 == " " }.count
      let content = line.dropFirst(spaces)
      if Self.thawWords.contains(where: content.hasPrefix) { continue }
      let lookup = Self.lookup(content)
      // Tables are printed with two digits.
      let indent = lookup.map { spaces - ($0.table < 10 ? 1 : 0) } ?? spaces
      while let inside = places.last?.inside, indent < inside { places.removeLast() }
      if content.hasPrefix("---") { continue }
      if places.last?.inside == nil, !places.isEmpty { places[places.count - 1].inside = indent }
      if content.hasPrefix("bridge(\"") {
        // After a recirculation OVS prints the bridge that the packet first came in on, not the
        // one in which it goes on.
        let name =
          places.isEmpty && packets.count > 1
          ? "recirculated" : String(content.dropFirst(8).dropLast(2))
        places.append(Place(name: name, inside: nil))
      } else if let actions = line.dropping(prefix: "Datapath actions: ") {
        datapathActions.append(String(actions))
        places = []
      } else if let flow = line.dropping(prefix: "Flow: ") {
        packets.append(Self.packet(String(flow)))
        let id = flow.split(separator: ",").lazy.compactMap { $0.dropping(prefix: "recirc_id=") }
        recirculations.append(String(id.first ?? ""))
      } else if line.hasPrefix("Translation failed") {
        failed = true
      } else if let lookup, let place = places.last {
        lookups.append(Lookup(bridge: place.name, table: lookup.table, priority: lookup.priority))
      }
    }
  }

  /// Lines about a recirculation, which are indented more than what follows them.
  private static let thawWords = ["thaw", "Resuming from", "Restoring action", "restored state"]

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
  package func dropping(prefix: String) -> Substring? {
    hasPrefix(prefix) ? dropFirst(prefix.count) : nil
  }
}
