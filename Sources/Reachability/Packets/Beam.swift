// A set of packets on its way, and how to get back from what it is now to what was sent.
import Facts
import NetworkTypes
import PacketSets

/// What rewriting made a set what it is. Rewrites to constants lose nothing but what was there
/// before, so the packets that became some are those from before with the fields set free.
final class Trail {
  private enum Kind {
    case rewritten(before: PacketSet, fields: UInt64, moved: Move?, after: Trail?)
    case joined([(Trail?, PacketSet)])
  }
  /// A value that went from one field to another while its own field was overwritten: a tag under a
  /// pushed one, or out from under a popped one.
  struct Move {
    let from: HeaderField
    let to: HeaderField
  }
  private let kind: Kind
  /// Tells apart what must not be taken for the same: what was sent with one tag and without any
  /// looks alike behind an access port. From so many tags on they do not count: packets that go in
  /// circles get new ones for ever, and no real way has half as many.
  private static let maximumTags = 12
  private let tags: Int
  let signature: ObjectIdentifier?
  let routedHops: Int
  /// The router's device that sent them on.
  private let router: DeviceKey?
  /// What was asked already: places share most of their way.
  private var origins: [PacketSet: PacketSet] = [:]

  /// `fields` of `before` were overwritten.
  init(
    _ before: PacketSet, fields: UInt64, moved: Move? = nil, after: Trail?,
    router: DeviceKey? = nil
  ) {
    kind = .rewritten(before: before, fields: fields, moved: moved, after: after)
    self.router = router
    routedHops = (after?.routedHops ?? 0) + (router == nil ? 0 : 1)
    let tags = HeaderField.vlan.bit | HeaderField.innerVLAN.bit | HeaderField.unsentMask
    self.tags = (after?.tags ?? 0) + (fields & ~tags == 0 ? 1 : 0)
    isAsBefore = fields & ~tags == 0 && self.tags > Self.maximumTags
    signature = isAsBefore ? after?.ownSignature : nil
  }
  private let isAsBefore: Bool

  init(joining ways: [(Trail?, PacketSet)]) {
    kind = .joined(ways)
    routedHops = ways.map { $0.0?.routedHops ?? 0 }.max() ?? 0
    router = nil
    tags = ways.map { $0.0?.tags ?? 0 }.max() ?? 0
    isAsBefore = false
    signature = nil
  }

  /// Itself, or what lies before it where that is taken for the same.
  var ownSignature: ObjectIdentifier? {
    isAsBefore ? signature : ObjectIdentifier(self)
  }

  /// Whether the same router has sent all these packets before: they go in circles until their TTL
  /// is used up.
  static func isCircle(
    _ set: PacketSet, of router: DeviceKey, along trail: Trail?, in space: PacketSpace
  )
    -> Bool
  {
    isCircle(set, since: set, of: router, along: trail, in: space)
  }

  /// `past` is what the packets of `set` were at the trail's end.
  private static func isCircle(
    _ set: PacketSet, since past: PacketSet, of router: DeviceKey, along trail: Trail?,
    in space: PacketSpace
  ) -> Bool {
    guard let trail else { return false }
    switch trail.kind {
    case .rewritten(let before, let fields, let moved, let after):
      let free = HeaderField.addressMask | HeaderField.unsentMask
      if trail.router == router,
        space.isSubset(space.forget(free, in: set), of: space.forget(free, in: before))
      {
        return true
      }
      let past = undone(past, before, fields, moved, in: space)
      return isCircle(set, since: past, of: router, along: after, in: space)
    case .joined(let ways):
      let free = space.forget(HeaderField.unsentMask, in: past)
      let parts = ways.map { after, part in
        (after, space.and(free, space.forget(HeaderField.unsentMask, in: part)))
      }.filter { !$0.1.isEmpty }
      return !parts.isEmpty
        && parts.allSatisfy { isCircle(set, since: $0.1, of: router, along: $0.0, in: space) }
    }
  }

  /// What packets were before a rewrite, of those that are `set` after it.
  private static func undone(
    _ set: PacketSet, _ before: PacketSet, _ fields: UInt64, _ moved: Move?,
    in space: PacketSpace
  ) -> PacketSet {
    var free = set
    var fields = fields
    if let moved {
      free = space.copy(moved.to.rawValue, to: moved.from.rawValue, in: free).set
      fields &= ~moved.from.bit
    }
    return space.and(before, space.forget(fields | HeaderField.unsentMask, in: free))
  }

  /// The packets that were sent, of those that are now `set`; metadata set free.
  static func origin(of set: PacketSet, along trail: Trail?, in space: PacketSpace) -> PacketSet {
    guard let trail else { return space.forget(HeaderField.unsentMask, in: set) }
    if let known = trail.origins[set] { return known }
    let found = trail.findOrigin(of: set, in: space)
    trail.origins[set] = found
    return found
  }

  private func findOrigin(of set: PacketSet, in space: PacketSpace) -> PacketSet {
    switch kind {
    case .rewritten(let before, let fields, let moved, let after):
      return Self.origin(
        of: Self.undone(set, before, fields, moved, in: space), along: after, in: space)
    case .joined(let ways):
      let free = space.forget(HeaderField.unsentMask, in: set)
      return space.union(
        ways.map { after, part in
          let mine = space.and(free, space.forget(HeaderField.unsentMask, in: part))
          return mine.isEmpty ? .empty : Self.origin(of: mine, along: after, in: space)
        })
    }
  }
}

/// A connection that the packets have made on their way.
struct Commit: Hashable {
  /// Nil for the kernel's, else the userspace datapath of the node.
  let node: NodeName
  let zone: UInt16
  let mark: UInt128
}

/// Packets that have come the same way.
struct Beam {
  var set: PacketSet
  var trail: Trail?
  var commits: [Commit] = []

  func with(_ set: PacketSet) -> Beam {
    var beam = self
    beam.set = set
    return beam
  }

  /// Overwrites fields: `after` is what the packets are now.
  mutating func rewrite(
    _ fields: UInt64, to after: PacketSet, moved: Trail.Move? = nil, router: DeviceKey? = nil
  ) {
    trail = Trail(set, fields: fields, moved: moved, after: trail, router: router)
    set = after
  }
}

/// Packets about which something decides that is not in the capture or not modelled.
public struct UnknownPart {
  public let reason: String
  public let evidence: Evidence?
  /// As they are where it is not known.
  let beam: Beam

  init(_ reason: String, _ beam: Beam, evidence: Evidence? = nil) {
    self.reason = reason
    self.beam = beam
    self.evidence = evidence
  }
  public func origin(in space: PacketSpace) -> PacketSet {
    Trail.origin(of: beam.set, along: beam.trail, in: space)
  }
}

extension PacketSpace {
  /// Takes the outer tag off where there is one.
  func poppingTag(_ beam: Beam) -> Beam {
    let bare = and(beam.set, value(.vlan, 0))
    let tagged = minus(beam.set, bare)
    if tagged.isEmpty { return beam }
    let fields = HeaderField.vlan.bit | HeaderField.innerVLAN.bit
    var after = beam.with(tagged)
    if let inner = constant(of: .innerVLAN, in: tagged) {
      after.rewrite(
        fields, to: assign(.innerVLAN, 0, in: assign(.vlan, inner, in: tagged)))
    } else {
      let outer = copy(HeaderField.innerVLAN.rawValue, to: HeaderField.vlan.rawValue, in: tagged)
      after.rewrite(
        fields, to: assign(.innerVLAN, 0, in: outer.set),
        moved: .init(from: .innerVLAN, to: .vlan))
    }
    return joined([after] + (bare.isEmpty ? [] : [beam.with(bare)])) ?? after
  }

  /// One beam of several that came to the same place.
  func joined(_ beams: [Beam]) -> Beam? {
    guard let first = beams.first else { return nil }
    if beams.count == 1 { return first }
    var whole = first
    whole.set = union(beams.map(\.set))
    if !beams.allSatisfy({ $0.trail === first.trail }) {
      whole.trail = Trail(joining: beams.map { ($0.trail, $0.set) })
    }
    return whole
  }
}
