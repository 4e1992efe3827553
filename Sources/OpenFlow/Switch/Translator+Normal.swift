// NORMAL: the switch as a learning bridge with VLANs (`xlate_normal`).
import Facts
import NetworkTypes

/// The tags of a packet while the bridge handles it, whatever they were on the wire.
struct BridgeTags: Hashable {
  struct Tag: Hashable {
    var tpid: UInt16 = 0
    var vid: UInt16 = 0
    /// In its place in the TCI.
    var priority: UInt16 = 0
  }
  var outer = Tag()
  var inner = Tag()

  init() {}

  init(_ key: borrowing FlowKey) {
    guard let first = Tag(key[.outerTCI], key[.outerTPID]) else { return }
    outer = first
    if let second = Tag(key[.innerTCI], key[.innerTPID]) { inner = second }
  }

  mutating func pop() { (outer, inner) = (inner, Tag()) }
  mutating func push(_ tag: Tag) { (outer, inner) = (tag, outer) }

  /// Puts the tags on the packet; one of VLAN 0 and priority 0 is left out unless asked for.
  func apply(to key: inout FlowKey, priorityTags: PortBundle.PriorityTags) {
    (key[.outerTPID], key[.outerTCI]) = outer.wire(key[.outerTPID], priorityTags)
    (key[.innerTPID], key[.innerTCI]) = inner.wire(key[.innerTPID], priorityTags)
  }
}

extension BridgeTags.Tag {
  fileprivate init?(_ tci: UInt64, _ tpid: UInt64) {
    guard tci & vlanPresent != 0, tpid == 0x8100 || tpid == 0x88a8 else { return nil }
    self.init(
      tpid: UInt16(tpid), vid: UInt16(tci & 0xfff), priority: UInt16(tci & 0xe000))
  }
  fileprivate func wire(
    _ oldTPID: UInt64, _ priorityTags: PortBundle.PriorityTags
  ) -> (UInt64, UInt64) {
    let tci = UInt64(vid | priority)
    guard tci != 0 || (priorityTags == .always && tpid != 0) else { return (oldTPID, tci) }
    return (UInt64(tpid == 0 ? EtherType.vlan : tpid), tci | vlanPresent)
  }
}

extension PortBundle {
  /// The VLANs that the bridge sees in a packet that came in here with `wire`.
  func incoming(_ wire: BridgeTags) -> BridgeTags {
    var tags = wire
    let tpid = wire.outer.tpid == 0 ? EtherType.vlan : wire.outer.tpid
    let own = BridgeTags.Tag(
      tpid: tpid, vid: tag?.rawValue ?? 0, priority: wire.outer.priority)
    switch mode {
    case .access:
      tags = BridgeTags()
      tags.outer = own
    case .trunk: break
    case .nativeTagged, .nativeUntagged:
      if wire.outer.vid == 0 { tags.outer = own }
    case .dot1qTunnel:
      tags.push(BridgeTags.Tag(tpid: serviceTPID, vid: tag?.rawValue ?? 0))
    }
    return tags
  }

  /// The tags with which a packet leaves here.
  func outgoing(_ tags: BridgeTags) -> BridgeTags {
    var wire = tags
    switch mode {
    case .access: wire = BridgeTags()
    case .trunk, .nativeTagged: break
    case .nativeUntagged: if tags.outer.vid == tag?.rawValue { wire.pop() }
    case .dot1qTunnel: wire.pop()
    }
    return wire
  }

  /// True when packets with these tags may leave here.
  func includes(_ tags: BridgeTags) -> Bool {
    switch mode {
    case .access: tags.outer.vid == tag?.rawValue && tags.inner.vid == 0
    case .trunk, .nativeTagged, .nativeUntagged: trunksVLAN(tags.outer.vid)
    case .dot1qTunnel: tags.outer.vid == tag?.rawValue && allowsCustomerVLAN(tags.inner.vid)
    }
  }

  /// Why a packet tagged `vid` may not come in here; nil where it may.
  func refusal(of vid: UInt16) -> SwitchEvent? {
    let id = VLANID(truncating: vid)
    switch mode {
    case .access:
      return vid == 0 ? nil : .vlanOnAccessPort(id, name, access: tag ?? VLANID(truncating: 0))
    case .nativeTagged, .nativeUntagged:
      return vid == 0 || trunksVLAN(vid) ? nil : .vlanNotTrunked(id, name)
    case .trunk: return trunksVLAN(vid) ? nil : .vlanNotTrunked(id, name)
    case .dot1qTunnel: return allowsCustomerVLAN(vid) ? nil : .customerVLANExcluded(id, name)
    }
  }
}

extension Translator {
  func forwardNormally() {
    guard let input = inputBundle() else { return }
    let wire = BridgeTags(key)
    if isPartiallyTagged {
      drop(.special("partial VLAN tag"))
      return
    }
    if let index = input.index, isMirrorOutput(index) {
      drop(.mirrorPortIsInput(input.bundle.name), evidence: input.bundle.evidence)
      return
    }
    if input.index != nil, let refusal = input.bundle.refusal(of: wire.outer.vid) {
      drop(refusal, evidence: input.bundle.evidence)
      return
    }
    let tags = input.bundle.incoming(wire)
    guard isAdmissible(input, vlan: tags.outer.vid) else { return }
    if let index = input.index { learnSource(index, vlan: tags.outer.vid) }
    forward(tags, from: input.index)
  }

  private struct Input {
    /// Nil for packets that a controller made.
    var index: Int?
    var place: BundleSite
    var bundle: PortBundle { _read { yield place.bundle } }
  }

  private func inputBundle() -> Input? {
    if let index = site.port(key.inPort)?.port.bundle {
      return Input(index: index, place: site.bundles[index])
    }
    guard key.inPort == .controller || key.inPort == .any else {
      drop(.noInputBundle)
      return nil
    }
    let nowhere = SwitchPort(
      key: SwitchPortKey(bridge.name, .any), name: "OFPP_NONE", kind: .device, config: [],
      state: [])
    return Input(
      index: nil, place: BundleSite(PortBundle(trunk: nowhere), port: nil, isMirrorOutput: false))
  }

  private var isPartiallyTagged: Bool {
    (key[.etherType] == UInt64(EtherType.vlan)
      || key[.etherType] == UInt64(EtherType.serviceVLAN)) && !key.hasTag
  }

  private func isAdmissible(_ input: Input, vlan: UInt16) -> Bool {
    guard input.index != nil else { return true }
    if !bridge.forwardsBPDUs, key.ethDestination.isReservedForBridges {
      drop(.reservedMulticast)
      return false
    }
    if input.bundle.isBond, key.ethDestination.isMulticast, liveMembers(input.bundle).count > 1 {
      noteUnknown(.choice("active member of bond \(input.bundle.name)"))
    }
    return true
  }

  func liveMembers(_ bundle: PortBundle) -> [OpenFlowPort] { bundle.members.filter { isLive($0) } }

  // MARK: Learning

  private func learnSource(_ index: Int, vlan: UInt16) {
    guard options.learns, mayLearn(key.ethSource, vlan), let first = bridge.bundles[index].first
    else { return }
    let place = SwitchState.MACKey(bridge: bridge.name, vlan: vlan, mac: key.ethSource)
    let isAnnouncement = isGratuitousARP
    let isBond = bridge.bundles[index].isBond
    let old = state.macs[place]
    if let old {
      if old.isStatic || (isAnnouncement && isBond && old.isLocked) { return }
      if !isAnnouncement, isSameBundle(old.port, index) { return }
    }
    if old.map({ !isSameBundle($0.port, index) }) ?? true {
      report(
        .learned(key.ethSource, bridge.bundles[index].name, VLANID(truncating: vlan)))
    }
    state.macs[place] = SwitchState.MACEntry(
      port: first, isLocked: old?.isLocked == true || (isAnnouncement && !isBond))
  }

  private func isSameBundle(_ port: OpenFlowPort, _ index: Int) -> Bool {
    site.port(port)?.port.bundle == index
  }
  private func mayLearn(_ mac: MACAddress, _ vlan: UInt16) -> Bool {
    !mac.isMulticast
      && (bridge.floodVLANs.isEmpty || !bridge.floodVLANs.contains(VLANID(truncating: vlan)))
  }

  /// How a virtual machine says that it lives here now.
  private var isGratuitousARP: Bool {
    guard key[.etherType] == UInt64(EtherType.arp), key.ethDestination.isBroadcast else {
      return false
    }
    return key[.ipProtocol] == 2
      || (key[.ipProtocol] == 1 && key[.source] == key[.destination])
  }

  // MARK: Forwarding

  private func forward(_ tags: BridgeTags, from input: Int?) {
    let destination = key.ethDestination
    if bridge.snoopsMulticast, destination.isMulticast, !destination.isBroadcast, key.isIP {
      if !isLinkLocalMulticast {
        noteUnknown(.other("multicast snooping decides, and its table is not captured"))
      }
      report(.multicastFlooding)
      floodNormally(tags, from: input)
      return
    }
    guard let target = learnedBundle(of: destination, vlan: tags.outer.vid) else {
      report(.flooding)
      floodNormally(tags, from: input)
      return
    }
    forward(tags, from: input, to: target)
  }

  private func forward(_ tags: BridgeTags, from input: Int?, to target: LearnedTarget) {
    guard case .bundle(let index) = target else {
      drop(.learnedPortUnknown)
      return
    }
    let bundle = bridge.bundles[index]
    if isMirrorOutput(index) {
      drop(.learnedPortIsMirror(bundle.name), evidence: bundle.evidence)
    } else if index == input {
      drop(.learnedPortIsInput, evidence: bundle.evidence)
    } else {
      report(.forwardingTo(bundle.name))
      outputNormally(to: index, tags)
    }
  }

  private enum LearnedTarget {
    case bundle(Int)
    /// The port is gone since.
    case unknown
  }

  private func learnedBundle(of mac: MACAddress, vlan: UInt16) -> LearnedTarget? {
    guard !state.macs.isEmpty, mayLearn(mac, vlan) else { return nil }
    let place = SwitchState.MACKey(bridge: bridge.name, vlan: vlan, mac: mac)
    guard let entry = state.macs[place] else { return nil }
    return (site.port(entry.port)?.port.bundle).map { .bundle($0) } ?? .unknown
  }

  /// 224.0.0.0/24 and ff02::1 go to everybody even where multicast is snooped.
  private var isLinkLocalMulticast: Bool {
    key.isIPv4
      ? key[.destination] >> 8 == 0xe00000
      : key[wide: .destination6] == 0xff02 << 112 | 1
  }

  private func floodNormally(_ tags: BridgeTags, from input: Int?) {
    let places = site.bundles
    if outputs.isEmpty { outputs.reserveCapacity(places.count) }
    for index in places.indices
    where index != input && places[index].isFloodable && places[index].bundle.includes(tags) {
      outputNormally(to: places[index], tags)
    }
  }

  func outputNormally(to index: Int, _ tags: BridgeTags) {
    outputNormally(to: site.bundles[index], tags)
  }

  private func outputNormally(to place: BundleSite, _ tags: BridgeTags) {
    let only = place.onlyPort
    guard let member = only?.port.number ?? chosenMember(of: place) else { return }
    var wire = place.bundle.outgoing(tags)
    let priorityTags = place.bundle.priorityTags
    if priorityTags != .never { wire.outer.priority = UInt16(key[.outerTCI] & 0xe000) }
    let saved = key.words[KeySlot.vlanWord]
    wire.apply(to: &key, priorityTags: priorityTags)
    if let only {
      send(to: only, isLast: false)
    } else {
      send(to: member, isLast: false)
    }
    key.words[KeySlot.vlanWord] = saved
  }

  /// A bond is one port to us: any live member stands for it.
  private func chosenMember(of place: BundleSite) -> OpenFlowPort? {
    guard place.bundle.isBond else { return place.bundle.members.first }
    return liveMembers(place.bundle).first
  }
}

extension PortBundle {
  fileprivate var first: OpenFlowPort? { members.first }
}
