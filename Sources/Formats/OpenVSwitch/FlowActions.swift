// The list behind `actions=`: dispatch by name; the arguments of the larger ones are read in
// FlowActions+….swift. What cannot be read becomes `.unrecognised` with its text.
import Facts
import NetworkTypes

/// Every word that an action can start with, in lower case.
enum ActionName: Sendable {
  case output, controller, enqueue, group, bundle, bundleLoad
  case resubmit, gotoTable, clone, exit, drop, conjunction
  case setField, load, move, push, pop, setEthSrc, setEthDst, setVLANID, setVLANPriority
  case setIPv4Src, setIPv4Dst, setTOS, setECN, setTTL, setTransportSrc, setTransportDst
  case decrementTTL, checkPacketLarger, deleteField
  case pushVLAN, popVLAN, pushMPLS, popMPLS, setMPLSLabel, setMPLSTrafficClass, setMPLSTTL
  case decrementMPLSTTL, decrementNSHTTL, encapsulate, decapsulate
  case setTunnelID, setQueue, popQueue, ct, ctClear, learn, finTimeout
  case meter, clearActions, writeActions, writeMetadata, multipath, sample, note
}

private let actionNames = NameTable<ActionName>(
  [
    ("output", .output), ("controller", .controller), ("enqueue", .enqueue), ("group", .group),
    ("bundle", .bundle), ("bundle_load", .bundleLoad), ("resubmit", .resubmit),
    ("goto_table", .gotoTable), ("clone", .clone), ("exit", .exit), ("drop", .drop),
    ("conjunction", .conjunction), ("set_field", .setField), ("load", .load), ("move", .move),
    ("push", .push), ("pop", .pop), ("mod_dl_src", .setEthSrc), ("mod_dl_dst", .setEthDst),
    ("mod_vlan_vid", .setVLANID), ("set_vlan_vid", .setVLANID),
    ("mod_vlan_pcp", .setVLANPriority), ("set_vlan_pcp", .setVLANPriority),
    ("mod_nw_src", .setIPv4Src), ("mod_nw_dst", .setIPv4Dst), ("mod_nw_tos", .setTOS),
    ("mod_nw_ecn", .setECN), ("mod_nw_ttl", .setTTL), ("mod_tp_src", .setTransportSrc),
    ("mod_tp_dst", .setTransportDst), ("dec_ttl", .decrementTTL),
    ("check_pkt_larger", .checkPacketLarger), ("delete_field", .deleteField),
    ("push_vlan", .pushVLAN), ("pop_vlan", .popVLAN), ("strip_vlan", .popVLAN),
    ("push_mpls", .pushMPLS), ("pop_mpls", .popMPLS), ("set_mpls_label", .setMPLSLabel),
    ("set_mpls_tc", .setMPLSTrafficClass), ("set_mpls_ttl", .setMPLSTTL),
    ("dec_mpls_ttl", .decrementMPLSTTL), ("dec_nsh_ttl", .decrementNSHTTL),
    ("encap", .encapsulate), ("decap", .decapsulate), ("set_tunnel", .setTunnelID),
    ("set_tunnel64", .setTunnelID), ("set_queue", .setQueue), ("pop_queue", .popQueue),
    ("ct", .ct), ("ct_clear", .ctClear), ("learn", .learn), ("fin_timeout", .finTimeout),
    ("meter", .meter), ("clear_actions", .clearActions), ("write_actions", .writeActions),
    ("write_metadata", .writeMetadata), ("multipath", .multipath), ("sample", .sample),
    ("note", .note),
  ], foldsCase: true)

extension FlowReader {
  /// Reads the rest as actions.
  mutating func actions() -> [FlowAction] {
    var actions: [FlowAction] = []
    while let token = nextToken() {
      if let action = action(token) {
        actions.append(action)
      } else {
        problem("openflow/unknown-action", token.whole, wanted: "an action")
        actions.append(.unrecognised(text(token.whole)))
      }
    }
    return actions
  }

  /// The actions inside brackets; nil where they nest too deep.
  mutating func actions(inside range: Range<Int>) -> [FlowAction]? {
    guard depth < Self.maximumDepth else { return nil }
    var inner = inside(range)
    let actions = inner.actions()
    absorb(inner)
    return actions
  }

  private mutating func action(_ token: FlowToken) -> FlowAction? {
    guard token.shape != .unbalanced else { return nil }
    guard let name = actionNames.value(bytes, token.key) else {
      // A bare port outputs to it: `actions=2,LOCAL`.
      return token.shape == .bare ? port(token.key).map { .output($0) } : nil
    }
    if token.target != nil, name != .checkPacketLarger { return nil }
    if token.shape == .bare { return bareAction(name) }
    return simpleAction(name, token.value) ?? fieldAction(name, token)
      ?? compoundAction(name, token)
  }

  private func bareAction(_ name: ActionName) -> FlowAction? {
    switch name {
    case .controller: .controller(ControllerAction())
    case .exit: .exit
    case .drop: .drop
    case .decrementTTL: .decrementTTL()
    case .popVLAN: .popVLAN
    case .decrementMPLSTTL: .decrementMPLSTTL
    case .decrementNSHTTL: .decrementNSHTTL
    case .popQueue: .popQueue
    case .ct: .ct(CTAction())
    case .ctClear: .ctClear
    case .clearActions: .clearActions
    case .decapsulate: .decapsulate()
    case .note: .note([])
    default: nil
    }
  }

  /// Those whose argument is one number or address.
  private func simpleAction(_ name: ActionName, _ value: Range<Int>) -> FlowAction? {
    switch name {
    case .group: number(value).map { .group($0) }
    case .gotoTable: table(value).map { .gotoTable($0) }
    case .setEthSrc: macAddress(value).map { .setEthSrc(MACAddress(rawValue: $0)) }
    case .setEthDst: macAddress(value).map { .setEthDst(MACAddress(rawValue: $0)) }
    case .setVLANID: number(value, UInt16.self).flatMap { VLANID($0) }.map { .setVLANID($0) }
    case .setVLANPriority: bounded(value, 7).map { .setVLANPriority($0) }
    case .setIPv4Src: IPv4Address(text(value)).map { .setIPv4Src($0) }
    case .setIPv4Dst: IPv4Address(text(value)).map { .setIPv4Dst($0) }
    case .setTOS: bounded(value, 255).map { .setTOS($0) }
    case .setECN: bounded(value, 3).map { .setECN($0) }
    case .setTTL: number(value).map { .setTTL($0) }
    case .setTransportSrc: number(value).map { .setTransportSrc($0) }
    case .setTransportDst: number(value).map { .setTransportDst($0) }
    case .pushVLAN: number(value).map { .pushVLAN(etherType: $0) }
    case .pushMPLS: number(value).map { .pushMPLS(etherType: $0) }
    case .popMPLS: number(value).map { .popMPLS(etherType: $0) }
    case .setMPLSLabel: number(value).map { .setMPLSLabel($0) }
    case .setMPLSTrafficClass: bounded(value, 7).map { .setMPLSTrafficClass($0) }
    case .setMPLSTTL: number(value).map { .setMPLSTTL($0) }
    case .setTunnelID: number(value).map { .setTunnelID($0) }
    case .setQueue: number(value).map { .setQueue($0) }
    case .meter: number(value).map { .meter($0) }
    default: nil
    }
  }
  private func bounded(_ range: Range<Int>, _ maximum: UInt8) -> UInt8? {
    number(range).flatMap { $0 <= maximum ? $0 : nil }
  }

  /// Those that read or write fields.
  private func fieldAction(_ name: ActionName, _ token: FlowToken) -> FlowAction? {
    let value = token.value
    switch name {
    case .output where token.shape == .assigned: return output(value)
    case .setField: return setField(value)
    case .load:
      guard let (source, target) = arrow(value), let into = subfield(target),
        let number = integer(source), number <= into.mask >> UInt128(min(into.firstBit, 127))
      else { return nil }
      return .load(number, into: into)
    case .move:
      guard let (source, target) = arrow(value), let from = subfield(source),
        let into = subfield(target), from.bitCount == into.bitCount
      else { return nil }
      return .move(from: from, to: into)
    case .push: return subfield(value).map { .push($0) }
    case .pop: return subfield(value).map { .pop($0) }
    case .deleteField: return subfield(value).map { .deleteField($0.field) }
    case .checkPacketLarger:
      guard let target = token.target.flatMap(subfield), let size: UInt16 = number(value),
        target.bitCount == 1
      else { return nil }
      return .checkPacketLarger(bytes: size, into: target)
    default: return nil
    }
  }

  private func output(_ value: Range<Int>) -> FlowAction? {
    if let port = port(value) { return .output(port) }
    return subfield(value).map { .outputField($0) }
  }

  private func setField(_ range: Range<Int>) -> FlowAction? {
    guard let (source, target) = arrow(range), let field = fieldNames.value(bytes, target),
      var (value, mask) = value(of: field, source)
    else { return nil }
    if field == .nwTOS { (value, mask) = (value & 0xfc, mask & 0xfc) }
    return .setField(field, value: value, mask: mask)
  }
}
