// Actions that write a field, a tag or the stack.
import Facts
import NetworkTypes

extension Translator {
  /// Always true: none of them ends a list.
  func runFieldAction(_ action: FlowAction) -> Bool {
    switch action {
    case .setField(let field, let value, let mask): set(field, value, mask: mask)
    case .load(let value, let into):
      set(into.field, value << UInt128(min(into.firstBit, 127)), mask: into.mask)
    case .move(let from, let to): move(from, to)
    case .push(let field): push(field)
    case .pop(let field): pop(field)
    case .setEthSrc(let mac): key[.ethSource] = mac.rawValue
    case .setEthDst(let mac): key[.ethDestination] = mac.rawValue
    case .setTunnelID(let id): key[.tunnelID] = id
    case .writeMetadata(let value, let mask):
      key[.metadata] = key[.metadata] & ~mask | value & mask
    case .setQueue(let queue): key[.queuePriority] = UInt64(queue)
    case .popQueue: key[.queuePriority] = 0
    case .setVLANID, .setVLANPriority, .pushVLAN, .popVLAN: setTag(action)
    default: setNetworkField(action)
    }
    return true
  }

  private func set(_ field: OpenFlowField, _ value: UInt128, mask: UInt128) {
    guard key.meets(field.prerequisite) else {
      report(.unmetPrerequisites(field.name))
      return
    }
    if !key.write(field, value, mask: mask) {
      noteUnknown(.unmodelledAction("write to \(field.name)"))
    }
    noteWrite(field, mask)
  }

  private func move(_ from: Subfield, _ to: Subfield) {
    guard key.meets(to.field.prerequisite), key.meets(from.field.prerequisite) else { return }
    guard let value = key.read(from) else {
      noteUnknown(.unmodelledAction("move from \(from.field.name)"))
      return
    }
    write(to, key.write(to, value))
    noteWrite(from.field, from.mask)
    noteWrite(to.field, to.mask)
  }

  private func push(_ field: Subfield) {
    if key.read(field) == nil { noteUnknown(.unmodelledAction("push of \(field.field.name)")) }
    stack.append(
      StackEntry(value: key.read(field) ?? 0, bytes: (Int(field.bitCount) + 7) / 8))
  }

  private func pop(_ field: Subfield) {
    guard let top = stack.popLast() else {
      report(.stackUnderflow)
      return
    }
    write(field, key.write(field, top.value))
  }

  private func write(_ field: Subfield, _ isModelled: Bool) {
    if isModelled {
      report(.fieldIsNow(field.field.name, key.read(field.field) ?? 0))
    } else {
      noteUnknown(.unmodelledAction("write to \(field.field.name)"))
    }
  }

  /// Only the bits that are written inside `ct(exec(…))` go into the connection.
  private func noteWrite(_ field: OpenFlowField, _ mask: UInt128) {
    if field == .ctMark { writtenMark |= UInt32(truncatingIfNeeded: mask) }
    if field == .ctLabel { writtenLabel |= mask }
  }

  // MARK: Tags

  private func setTag(_ action: FlowAction) {
    switch action {
    case .setVLANID(let id):
      key[.outerTCI] = key[.outerTCI] & 0xe000 | vlanPresent | UInt64(id.rawValue)
      key.completeTag()
    case .setVLANPriority(let priority):
      key[.outerTCI] = key[.outerTCI] & 0x1fff | vlanPresent | UInt64(priority) << 13
      key.completeTag()
    case .pushVLAN(let etherType): pushTag(etherType)
    default: popTag()
    }
  }

  private func pushTag(_ etherType: UInt16) {
    key.words[KeySlot.vlanWord] >>= 32
    key[.outerTPID] = UInt64(etherType)
    key[.outerTCI] = vlanPresent
  }

  private func popTag() {
    guard key.hasTag else { return }
    if key[.innerTCI] & vlanPresent != 0 {
      key.words[KeySlot.vlanWord] <<= 32
    } else {
      key.words[KeySlot.vlanWord] &= 0xffff_ffff
    }
  }

  // MARK: Network and transport headers

  private func setNetworkField(_ action: FlowAction) {
    switch action {
    case .setIPv4Src(let address): if key.isIPv4 { key[.source] = UInt64(address.rawValue) }
    case .setIPv4Dst(let address):
      if key.isIPv4 { key[.destination] = UInt64(address.rawValue) }
    case .setTOS(let tos): if key.isIP { key[.tos] = key[.tos] & 3 | UInt64(tos) & 0xfc }
    case .setECN(let ecn): if key.isIP { key[.tos] = key[.tos] & 0xfc | UInt64(ecn) & 3 }
    case .setTTL(let ttl): if key.isIP { key[.ttl] = UInt64(ttl) }
    case .setTransportSrc(let port):
      if key.isIP, !key.isLaterFragment { key[.sourcePort] = UInt64(port) }
    case .setTransportDst(let port):
      if key.isIP, !key.isLaterFragment { key[.destinationPort] = UInt64(port) }
    default: noteUnknown(.unmodelledAction(action.shortName))
    }
  }
}

extension FlowAction {
  /// The case's name with what it carries, for a message.
  var shortName: String {
    if case .unrecognised(let text) = self { return text }
    return "\(self)".prefix { $0 != "(" }.description
  }
}
