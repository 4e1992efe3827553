// What a flow's actions do to a beam. A list splits it where a nested table does, so each action
// runs on every part.
import Facts
import NetworkTypes
import OpenFlow
import PacketSets

extension SwitchReach {
  /// Runs a list; `goesOn` asks for what is left of the packets at its end.
  func run(
    _ actions: [FlowAction], _ pipe: Pipe, table: UInt8, goesOn: Bool, _ evidence: Evidence
  ) -> [Pipe] {
    var pipes = [pipe]
    for (index, action) in actions.enumerated() {
      let hasMore = goesOn || index < actions.count - 1
      pipes = pipes.flatMap { run(action, $0, table: table, goesOn: hasMore, evidence) }
      if pipes.isEmpty { return [] }
    }
    return goesOn ? pipes : []
  }

  private func run(
    _ action: FlowAction, _ pipe: Pipe, table: UInt8, goesOn: Bool, _ evidence: Evidence
  ) -> [Pipe] {
    switch action {
    case .output(let port, _):
      output(to: port, pipe, evidence)
      return [pipe]
    case .outputField(let subfield, _): return outputField(subfield, pipe, evidence)
    case .enqueue(let port, _):
      output(to: port, pipe, evidence)
      return [pipe]
    case .resubmit(let port, let next, let swaps):
      if swaps {
        unknown("resubmit by a connection's own tuple is not modelled", pipe, evidence: evidence)
        return [pipe]
      }
      let asked = port.flatMap { $0 == .inPort ? nil : $0 }
      return goTo(next ?? table, pipe, inPort: asked, goesOn: goesOn)
    case .gotoTable(let next): return goTo(next, pipe, goesOn: goesOn)
    case .clone(let actions):
      _ = run(actions, pipe, table: table, goesOn: false, evidence)
      return [pipe]
    case .exit: return []
    case .group(let id):
      group(id, pipe, evidence)
      return [pipe]
    case .ct(let action): return connectionTracking(action, pipe, table: table, evidence)
    case .ctClear: return [pipe.with(clearingConnection(pipe.beam.set))]
    case .checkPacketLarger(_, let field):
      return write(field, [0, 1], pipe, evidence)
    case .controller, .drop, .note, .finTimeout, .sample, .learn, .meter, .conjunction, .setQueue,
      .popQueue, .decrementTTL:
      // Learned flows send where flooding would; a meter and a TTL may let it pass.
      return [pipe]
    default: return [runFieldAction(action, pipe, evidence)]
    }
  }

  /// Every bucket that may run does: which one does, a hash or a port's state chooses.
  private func group(_ id: UInt32, _ pipe: Pipe, _ evidence: Evidence) {
    guard let group = pipe.bridge.groups[id] else {
      if let gap = pipe.bridge.groupGap { unknown("\(gap)", pipe, evidence: evidence) }
      return
    }
    if !group.unrecognised.isEmpty {
      unknown("a group has parts that are not understood", pipe, evidence: group.evidence)
    }
    var pipe = pipe
    pipe.depth += 1
    for bucket in group.buckets {
      _ = run(bucket.actions, pipe, table: 0, goesOn: false, group.evidence)
    }
  }

  private func outputField(_ subfield: Subfield, _ pipe: Pipe, _ evidence: Evidence) -> [Pipe] {
    guard let place = subfield.field.place, subfield.isWhole,
      let port = space.constant(of: place.field, in: pipe.beam.set)
    else {
      unknown("output to \(subfield.field.name) is not modelled", pipe, evidence: evidence)
      return [pipe]
    }
    if port <= 0xffff { output(to: OpenFlowPort(UInt32(port)), pipe, evidence) }
    return [pipe]
  }

  // MARK: Fields

  func runFieldAction(_ action: FlowAction, _ pipe: Pipe, _ evidence: Evidence) -> Pipe {
    switch action {
    case .setField(let field, let value, let mask): return set(field, value, mask, pipe, evidence)
    case .load(let value, let into):
      return set(
        into.field, value << UInt128(min(into.firstBit, 127)), into.mask, pipe, evidence)
    case .move(let from, let to): return move(from, to, pipe, evidence)
    case .setEthSrc(let mac): return set(.ethSrc, UInt128(mac.rawValue), .max, pipe, evidence)
    case .setEthDst(let mac): return set(.ethDst, UInt128(mac.rawValue), .max, pipe, evidence)
    case .setTunnelID(let id): return set(.tunID, UInt128(id), .max, pipe, evidence)
    case .writeMetadata(let value, let mask):
      return set(.metadata, UInt128(value), UInt128(mask), pipe, evidence)
    case .setVLANID(let id): return set(.dlVLAN, UInt128(id.rawValue), .max, pipe, evidence)
    case .setVLANPriority: return pipe
    case .pushVLAN: return pushTag(pipe)
    case .popVLAN: return popTag(pipe)
    case .setIPv4Src(let address):
      return set(.ipSrc, UInt128(address.rawValue), .max, pipe, evidence)
    case .setIPv4Dst(let address):
      return set(.ipDst, UInt128(address.rawValue), .max, pipe, evidence)
    case .setTransportSrc(let port): return setPort(.sourcePort, port, pipe)
    case .setTransportDst(let port): return setPort(.destinationPort, port, pipe)
    case .setTOS, .setECN:
      return pipe.with(space.forget(HeaderField.tos.bit, in: pipe.beam.set))
    case .setTTL: return pipe.with(space.forget(HeaderField.ttl.bit, in: pipe.beam.set))
    default:
      unknown("the action \(action.spelling) is not modelled", pipe, evidence: evidence)
      return pipe
    }
  }

  private func set(
    _ field: OpenFlowField, _ value: UInt128, _ mask: UInt128, _ pipe: Pipe, _ evidence: Evidence
  ) -> Pipe {
    switch field {
    case .vlanPriority, .dlVLANPriority: return pipe
    case .nwTOS, .ipDSCP, .nwECN:
      return pipe.with(space.forget(HeaderField.tos.bit, in: pipe.beam.set))
    case .nwTTL: return pipe.with(space.forget(HeaderField.ttl.bit, in: pipe.beam.set))
    case .vlanVID, .dlVLAN, .vlanTCI: return setTag(value, mask, pipe, evidence)
    default: break
    }
    guard let place = field.place else {
      unknown("the write to \(field.name) is not modelled", pipe, evidence: evidence)
      return pipe
    }
    let able = space.and(pipe.beam.set, space.prerequisite(field.prerequisite))
    let other = space.minus(pipe.beam.set, able)
    let bits = (mask & field.valueMask) << UInt128(place.shift)
    let written = space.assign(
      place.field.rawValue, place.field.encoded(value << UInt128(place.shift)),
      mask: place.field.encoded(
        mask & field.valueMask == field.valueMask ? bits | field.unusedBits : bits), in: able)
    if !written.isExact {
      unknown(
        "a partial write to \(field.name) is taken for more than it does", pipe.with(able),
        evidence: evidence)
    }
    return rewritten(pipe, place.field.bit, space.or(written.set, other))
  }

  /// OpenFlow 1.0's way and 1.2's: a written id makes a tag.
  private func setTag(
    _ value: UInt128, _ mask: UInt128, _ pipe: Pipe, _ evidence: Evidence
  ) -> Pipe {
    guard mask & 0xfff == 0xfff else {
      unknown("a partial write to a VLAN id is not modelled", pipe, evidence: evidence)
      return pipe
    }
    let tag = value == 0xffff ? 0 : value & 0xfff | tagPresent
    return rewritten(pipe, HeaderField.vlan.bit, space.assign(.vlan, tag, in: pipe.beam.set))
  }

  private func setPort(_ field: HeaderField, _ port: UInt16, _ pipe: Pipe) -> Pipe {
    let able = space.and(pipe.beam.set, space.ip)
    let other = space.minus(pipe.beam.set, able)
    return rewritten(
      pipe, field.bit, space.or(space.assign(field, UInt128(port), in: able), other))
  }

  private func move(
    _ from: Subfield, _ to: Subfield, _ pipe: Pipe, _ evidence: Evidence
  ) -> Pipe {
    guard let source = from.field.place, let target = to.field.place else {
      unknown("the move to \(to.field.name) is not modelled", pipe, evidence: evidence)
      return pipe
    }
    let able = space.all(of: [
      pipe.beam.set, space.prerequisite(from.field.prerequisite),
      space.prerequisite(to.field.prerequisite),
    ])
    let other = space.minus(pipe.beam.set, able)
    if from.isWhole, to.isWhole || to.bitCount >= UInt16(source.width), to.firstBit == 0,
      target.field.width >= source.field.width
    {
      let copied = space.copy(source.field.rawValue, to: target.field.rawValue, in: able)
      return rewritten(pipe, target.field.bit, space.or(copied.set, other))
    }
    guard let value = space.constant(of: source.field, in: able) else {
      if !able.isEmpty {
        unknown("a move of part of \(from.field.name) is not modelled", pipe, evidence: evidence)
      }
      return pipe
    }
    let bits = (value >> UInt128(source.shift) & from.mask) >> UInt128(min(from.firstBit, 127))
    let written = space.assign(
      target.field.rawValue,
      target.field.encoded(bits << UInt128(to.firstBit + UInt16(target.shift))),
      mask: target.field.encoded(to.mask << UInt128(target.shift)), in: able)
    return rewritten(pipe, target.field.bit, space.or(written.set, other))
  }

  private func write(
    _ subfield: Subfield, _ values: [UInt128], _ pipe: Pipe, _ evidence: Evidence
  ) -> [Pipe] {
    values.map {
      set(subfield.field, $0 << UInt128(subfield.firstBit), subfield.mask, pipe, evidence)
    }
  }

  // MARK: Tags

  private func pushTag(_ pipe: Pipe) -> Pipe {
    let fields = HeaderField.vlan.bit | HeaderField.innerVLAN.bit
    if let tag = space.constant(of: .vlan, in: pipe.beam.set) {
      let inner = space.assign(.innerVLAN, tag, in: pipe.beam.set)
      return rewritten(pipe, fields, space.assign(.vlan, tagPresent, in: inner))
    }
    let inner = space.copy(
      HeaderField.vlan.rawValue, to: HeaderField.innerVLAN.rawValue, in: pipe.beam.set)
    return rewritten(
      pipe, fields, space.assign(.vlan, tagPresent, in: inner.set),
      moved: .init(from: .vlan, to: .innerVLAN))
  }

  func popTag(_ pipe: Pipe) -> Pipe {
    var pipe = pipe
    pipe.beam = space.poppingTag(pipe.beam)
    return pipe
  }

  func rewritten(
    _ pipe: Pipe, _ fields: UInt64, _ after: PacketSet, moved: Trail.Move? = nil
  ) -> Pipe {
    var pipe = pipe
    if fields & ~HeaderField.metadataMask == 0 {
      pipe.beam.set = after
    } else {
      pipe.beam.rewrite(fields, to: after, moved: moved)
    }
    return pipe
  }

  // MARK: Connection tracking

  func clearingConnection(_ set: PacketSet) -> PacketSet {
    var set = set
    for field in [HeaderField.ctState, .ctZone, .ctMark, .ctLabel] {
      set = space.assign(field, 0, in: set)
    }
    return set
  }

  /// Packets that begin a connection; no other ICMP than requests does.
  var beginsConnection: PacketSet {
    func icmp(_ family: AddressFamily, _ number: UInt8, _ types: [UInt128]) -> PacketSet {
      let asked = space.union(types.map { space.value(.sourcePort, $0) })
      let it = space.and(space.family(family), space.value(.ipProtocol, UInt128(number)))
      return space.minus(it, asked)
    }
    let others = space.or(
      icmp(.ipv4, IPProtocol.icmp, [8, 13, 15, 17]), icmp(.ipv6, IPProtocol.icmp6, [128, 139]))
    return space.minus(space.ip, others)
  }

  private func connectionTracking(
    _ action: CTAction, _ pipe: Pipe, table: UInt8, _ evidence: Evidence
  ) -> [Pipe] {
    var pipes: [(UInt16, Pipe)] = []
    switch action.zone {
    case .number(let zone): pipes = [(zone, pipe)]
    case .field(let field):
      guard let place = field.field.place else {
        unknown("a zone from \(field.field.name) is not modelled", pipe, evidence: evidence)
        return [pipe]
      }
      for (values, _) in space.splits(place.field, of: pipe.beam.set) {
        guard values.lowerBound == values.upperBound else {
          unknown("a zone that is not one value is not modelled", pipe, evidence: evidence)
          return [pipe]
        }
        let part = space.and(pipe.beam.set, space.value(place.field.rawValue, values.lowerBound))
        let bits =
          (values.lowerBound >> UInt128(place.shift) & field.mask) >> UInt128(field.firstBit)
        pipes.append((UInt16(truncatingIfNeeded: bits), pipe.with(part)))
      }
    }
    return pipes.flatMap { track(action, zone: $0, $1, evidence) }
  }

  private func track(_ action: CTAction, zone: UInt16, _ pipe: Pipe, _ evidence: Evidence)
    -> [Pipe]
  {
    if action.nat?.direction != nil {
      unknown("NAT inside a switch is not modelled", pipe, evidence: evidence)
    }
    var pipe = pipe
    let known = pipe.beam.commits.last { $0.node == node.name && $0.zone == zone }
    var mark = known?.mark ?? 0
    if !action.exec.isEmpty {
      var inside = pipe.with(space.assign(.ctMark, mark, in: pipe.beam.set))
      for part in action.exec { inside = runFieldAction(part, inside, evidence) }
      mark = space.constant(of: .ctMark, in: inside.beam.set) ?? mark
    }
    if action.isCommit, known == nil || known?.mark != mark {
      pipe.beam.commits.removeAll { $0.node == node.name && $0.zone == zone }
      pipe.beam.commits.append(Commit(node: node.name, zone: zone, mark: mark))
    }
    if let table = action.table {
      let begins = space.and(pipe.beam.set, beginsConnection)
      for (state, set) in [
        (UInt128(0x21), begins), (0x30, space.minus(pipe.beam.set, begins)),
      ] where !set.isEmpty {
        var tracked = space.assign(.ctState, state, in: clearingConnection(set))
        tracked = space.assign(.ctZone, UInt128(zone), in: tracked)
        if state == 0x21 { tracked = space.assign(.ctMark, mark, in: tracked) }
        goTo(table, pipe.with(tracked))
      }
    }
    return [pipe.with(clearingConnection(pipe.beam.set))]
  }
}

extension FlowAction {
  /// The case's name, for a message.
  var spelling: String {
    if case .unrecognised(let text) = self { return text }
    return String("\(self)".prefix { $0 != "(" })
  }
}
