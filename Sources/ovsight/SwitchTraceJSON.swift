// A switch trace as JSON: final outputs with the packet as it leaves, and the tables visited.
import Facts
import NetworkTypes
import OpenFlow
import Trace

enum SwitchTraceJSON {
  static func object(_ trace: OfprotoTrace, id: JSONText?) -> JSONText {
    let outputs = trace.outputs.filter { output in
      if case .controller = output.kind { false } else { true }
    }
    var members: [JSONText.Member] = []
    if let id { members.append(.init("id", id)) }
    members += [
      .init("outputs", .array(outputs.map(output))), .init("dropped", .bool(outputs.isEmpty)),
      .init("tables", .array(trace.lookups.map(lookup))),
      .init("unknown", .strings(trace.unknowns.map(\.text))),
    ]
    return .object(members)
  }

  private static func output(_ output: SwitchOutput) -> JSONText {
    .object([
      .init("bridge", .string(output.bridge.rawValue)),
      .init("port", .string(output.name.rawValue)),
      .init("ofport", .number(Int(output.port.rawValue))),
      .init("packet", packet(output)),
    ])
  }

  private static func lookup(_ lookup: OfprotoTrace.Lookup) -> JSONText {
    .object([
      .init("bridge", .string(lookup.bridge.rawValue)),
      .init("table", .number(Int(lookup.table))),
      .init("priority", .optional(lookup.priority.map { Int($0) })),
    ])
  }

  private static func packet(_ output: SwitchOutput) -> JSONText {
    let packet = output.packet
    let tag = packet.vlans.outer
    let hasNetwork = packet.isIP || packet.isARP
    let hasTransport = packet.hasPorts || packet.isICMP
    func number(_ isThere: Bool, _ value: some BinaryInteger) -> JSONText {
      isThere ? .number(Int(value)) : .null
    }
    var tunnel: JSONText = .null
    if case .tunnel(_, let metadata, _) = output.kind { tunnel = .number(Int(metadata.id)) }
    return .object([
      .init("eth_src", .string(packet.ethSrc.description)),
      .init("eth_dst", .string(packet.ethDst.description)),
      .init("vlan_vid", .optional(tag.map { Int($0.id.rawValue) })),
      .init("vlan_pcp", .optional(tag.map { Int($0.priority) })),
      .init("eth_type", .number(Int(packet.etherType))),
      .init("nw_src", .optional(packet.source?.description)),
      .init("nw_dst", .optional(packet.destination?.description)),
      .init(
        "nw_proto",
        number(
          hasNetwork,
          packet.isARP ? UInt8(truncatingIfNeeded: packet.arpOperation) : packet.ipProtocol)),
      .init("nw_tos", number(packet.isIP, packet.tos & 0xfc)),
      .init("nw_ttl", number(packet.isIP, packet.ttl)),
      .init("tp_src", number(hasTransport, packet.sourcePort)),
      .init("tp_dst", number(hasTransport, packet.destinationPort)),
      .init("tun_id", tunnel),
    ])
  }
}
