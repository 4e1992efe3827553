// Actions in ovs-ofctl's syntax, so that an evidence line reads like the dump that it cites.
import NetworkTypes

extension FlowAction: CustomStringConvertible {
  /// `output:3`, `set_field:0x1->reg0`, `ct(commit,zone=NXM_NX_REG6[0..15])`.
  public var description: String {
    switch self {
    case .output(let port, let maximum): outputText("\(port)", port.reservedName, maximum)
    case .outputField(let field, let maximum): outputText("\(field)", nil, maximum)
    case .controller(let action): "\(action)"
    case .enqueue(let port, let queue): "enqueue:\(port):\(queue)"
    case .group(let id): "group:\(id)"
    case .bundle(let action): "\(action)"
    case .resubmit(let port, let table, let swaps): resubmitText(port, table, swaps)
    case .gotoTable(let table): "goto_table:\(table)"
    case .clone(let actions): "clone(\(actions.flowText))"
    case .exit: "exit"
    case .drop: "drop"
    case .conjunction(let id, let clause, let count): "conjunction(\(id),\(clause)/\(count))"
    case .meter(let id): "meter:\(id)"
    case .clearActions: "clear_actions"
    case .writeActions(let actions): "write_actions(\(actions.flowText))"
    case .writeMetadata(let value, let mask):
      "write_metadata:"
        + OpenFlowField.metadata.text(value: UInt128(value), mask: UInt128(mask))
    case .ct(let action): "\(action)"
    case .ctClear: "ct_clear"
    case .learn(let action): "\(action)"
    case .finTimeout(let idle, let hard):
      "fin_timeout(idle_timeout=\(idle),hard_timeout=\(hard))"
    case .multipath(let action): "\(action)"
    case .sample(let action): "\(action)"
    case .note(let bytes): "note:" + bytes.map(hexOctet).joined(separator: ".")
    case .unrecognised(let text): text
    default: fieldText
    }
  }

  /// Actions on fields, tags and headers.
  private var fieldText: String {
    switch self {
    case .setField(let field, let value, let mask): setFieldText(field, value, mask)
    case .load(let value, let target): "load:\(hexadecimal(value))->\(target)"
    case .move(let source, let target): "move:\(source)->\(target)"
    case .push(let field): "push:\(field)"
    case .pop(let field): "pop:\(field)"
    case .setEthSrc(let address): "mod_dl_src:\(address)"
    case .setEthDst(let address): "mod_dl_dst:\(address)"
    case .setVLANID(let id): "mod_vlan_vid:\(id)"
    case .setVLANPriority(let priority): "mod_vlan_pcp:\(priority)"
    case .setIPv4Src(let address): "mod_nw_src:\(address)"
    case .setIPv4Dst(let address): "mod_nw_dst:\(address)"
    case .setTOS(let value): "mod_nw_tos:\(value)"
    case .setECN(let value): "mod_nw_ecn:\(value)"
    case .setTTL(let value): "mod_nw_ttl:\(value)"
    case .setTransportSrc(let port): "mod_tp_src:\(port)"
    case .setTransportDst(let port): "mod_tp_dst:\(port)"
    case .decrementTTL(let ids):
      ids.isEmpty ? "dec_ttl" : "dec_ttl(\(ids.map { "\($0)" }.joined(separator: ",")))"
    case .checkPacketLarger(let bytes, let target): "check_pkt_larger(\(bytes))->\(target)"
    case .deleteField(let field): "delete_field:\(field.name)"
    case .setTunnelID(let id): "\(id >> 32 == 0 ? "set_tunnel" : "set_tunnel64"):\(hexadecimal(id))"
    case .setQueue(let queue): "set_queue:\(queue)"
    case .popQueue: "pop_queue"
    default: headerText
    }
  }

  private var headerText: String {
    switch self {
    case .pushVLAN(let type): "push_vlan:\(hexadecimal(type))"
    case .popVLAN: "pop_vlan"
    case .pushMPLS(let type): "push_mpls:\(hexadecimal(type))"
    case .popMPLS(let type): "pop_mpls:\(hexadecimal(type))"
    case .setMPLSLabel(let label): "set_mpls_label(\(label))"
    case .setMPLSTrafficClass(let value): "set_mpls_tc(\(value))"
    case .setMPLSTTL(let value): "set_mpls_ttl(\(value))"
    case .decrementMPLSTTL: "dec_mpls_ttl"
    case .decrementNSHTTL: "dec_nsh_ttl"
    case .encapsulate(let header): "encap(\(header))"
    case .decapsulate(nil): "decap()"
    case .decapsulate(let type?):
      "decap(packet_type(ns=\(type >> 16),type=\(hexadecimal(type & 0xffff))))"
    default: ""
    }
  }

  private func outputText(_ port: String, _ reserved: String?, _ maximum: UInt32?) -> String {
    if let maximum { return "output(port=\(port),max_len=\(maximum))" }
    return reserved ?? "output:\(port)"
  }
  private func resubmitText(_ port: OpenFlowPort?, _ table: UInt8?, _ swaps: Bool) -> String {
    if let port, table == nil, !swaps { return "resubmit:\(port)" }
    let portText = port.map { "\($0)" } ?? ""
    return "resubmit(\(portText),\(table.map { "\($0)" } ?? "")\(swaps ? ",ct" : ""))"
  }
  private func setFieldText(_ field: OpenFlowField, _ value: UInt128, _ mask: UInt128) -> String {
    // Only the DSCP bits can be set through this name, and it takes no mask.
    let mask = field == .nwTOS ? field.valueMask : mask
    return "set_field:\(field.text(value: value, mask: mask))->\(field.actionName)"
  }
}

extension [FlowAction] {
  /// The list as it stands behind `actions=`; an empty one is `drop`.
  public var flowText: String {
    isEmpty ? "drop" : map(\.description).joined(separator: ",")
  }
}
