// What a guest's own tags open: asked about apart, since a guest may put any tag on.
import DataPlane
import Facts
import NetworkTypes
import PacketSets

extension IsolationAudit {
  /// A tag of VLAN 0 carries no network, but filters that do not look behind tags let through what it
  /// is on: what the sender may not send is asked about. Any other tag must not come out on another
  /// network.
  func tagged(_ origin: ReachOrigin, _ index: Int, _ port: NeutronPort)
    -> [(PacketSet, LeakSearch)]
  {
    let zero = space.value(.vlan, tagPresent)
    var questions: [(PacketSet, LeakSearch)] = [
      (
        space.complement(space.or(zero, space.value(.vlan, 0))),
        { [self] place, arrival in
          guard place != origin.asPlace, arrival.routedHops == 0,
            network(of: place) != port.network
          else { return [] }
          return leak(
            .vlanHopping, .low, origin, place, arrival, received: arrival.packets,
            isAddressed: false)
        }
      )
    ]
    if let policy = intent.policy(of: index) {
      let genuine = space.assign(
        HeaderField.vlan.rawValue, [tagPresent...tagPresent], in: policy.genuine)
      questions.append(
        (
          space.minus(zero, genuine),
          { [self] place, arrival in
            guard place != origin.asPlace, let taken = taken(arrival.packets, at: place) else {
              return []
            }
            return leak(
              .vlanHopping, .low, origin, place, arrival, received: taken, isAddressed: false)
          }
        ))
    }
    return questions
  }

  /// What somebody at a place takes in; nil where nobody does.
  private func taken(_ packets: PacketSet, at place: ReachPlace) -> PacketSet? {
    switch place {
    case .device: return nil
    case .stack(let key):
      guard let namespace = cloud.namespace(key.namespaceKey) else { return nil }
      return space.and(packets, space.or(served(namespace, key), space.discovery(133...137)))
    case .guest, .outside: return packets
    }
  }
}
