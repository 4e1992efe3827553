// Conntrack's own station: finds or begins the packet's connection.
import Conntrack
import Facts
import NetworkTypes

extension HookRun {
  func tracked(_ world: World) -> World {
    // Over loopback a packet keeps what its output hook found; NOTRACK has decided too.
    guard world.connection.tracked == nil else { return world }
    var world = world
    if world.packet.fragment == .later {
      return unknown(
        world, UnknownReason("a later fragment is put together with the first before tracking"))
    }
    if world.packet.isUntrackedICMPv6 {
      world.connection.tracked = .untracked
      return world
    }
    let template = world.connection.template ?? TrackingTemplate()
    let zones = template.zones(mark: world.packet.mark)
    var tracked = world.conntrack.track(
      world.packet, zone: zones.original, replyZone: zones.reply, isStrict: model.isStrictTCP)
    if tracked.state == .related, !isErrorForItsSender(world.packet, tracked, world.conntrack) {
      tracked = TrackedPacket(state: .invalid, zone: zones.original)
    }
    world.connection.tracked = tracked
    if let helper = template.helper, tracked.state == .new, let index = tracked.connection {
      world.conntrack[index].helper = helper
      world.assume("connections that helper \(helper) expects are not modelled")
    }
    return world
  }

  /// The last station: the connection is found from now on.
  func confirmed(_ world: World) -> World {
    // A refusal's answer that rides on the connection does not establish it.
    guard let tracked = world.connection.tracked, let index = tracked.connection,
      tracked.direction == .original
    else { return world }
    var world = world
    guard world.conntrack.clashes(index) else {
      world.conntrack.confirm(index)
      return world
    }
    let rule = RuleReference(
      table: "conntrack", chain: NetfilterChainName(hook.chainName.rawValue),
      text: "another connection has the same tuple", evidence: nil)
    if world.packet.ipProtocol == IPProtocol.tcp {
      world.finish(.drop(rule))
    } else {
      world.finish(.unknown([UnknownReason("two connections have the same tuple", rule: rule)]))
    }
    return world
  }

  /// nf_conntrack_inet_error: the error must go to whom the quoted packet came from.
  private func isErrorForItsSender(
    _ packet: Packet, _ tracked: TrackedPacket, _ table: ConntrackTable
  ) -> Bool {
    guard let index = tracked.connection else { return false }
    let tuple = tracked.direction == .original ? table[index].original : table[index].reply
    return packet.destination == tuple.destination
  }
}

extension Packet {
  /// Neighbour and router discovery and multicast listener reports (`noct_valid_new`).
  fileprivate var isUntrackedICMPv6: Bool {
    guard isIPv6, ipProtocol == IPProtocol.icmp6 else { return false }
    return (130...136).contains(icmpType) || icmpType == 143
  }
}
