// Sets over small fields against plain enumeration of all packets.
import PacketSets
import Testing

/// 3, 4 and 2 bits: 512 packets.
private let widths = [3, 4, 2]
private let universe: [[UInt128]] = (0..<512).map { number in
  [UInt128(number & 7), UInt128(number >> 3 & 15), UInt128(number >> 7 & 3)]
}

/// A set beside the packets that must be in it.
private struct Twin {
  var set: PacketSet
  var packets: Set<[UInt128]>
}

private struct Random {
  var state: UInt64
  mutating func next(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }
}

private func leaf(_ space: PacketSpace, _ random: inout Random) -> Twin {
  let field = random.next(3)
  let top = 1 << widths[field]
  if random.next(2) == 0 {
    let (value, mask) = (UInt128(random.next(top)), UInt128(random.next(top)))
    return Twin(
      set: space.masked(field, value & mask, mask: mask) ?? .empty,
      packets: Set(universe.filter { $0[field] & mask == value & mask }))
  }
  let first = random.next(top)
  let interval = UInt128(first)...UInt128(first + random.next(top - first))
  return Twin(
    set: space.interval(field, interval),
    packets: Set(universe.filter { interval.contains($0[field]) }))
}

private func grow(_ space: PacketSpace, _ random: inout Random, depth: Int) -> Twin {
  if depth == 0 { return leaf(space, &random) }
  let a = grow(space, &random, depth: depth - 1)
  let b = grow(space, &random, depth: depth - 1)
  switch random.next(7) {
  case 0: return Twin(set: space.and(a.set, b.set), packets: a.packets.intersection(b.packets))
  case 1, 2: return Twin(set: space.or(a.set, b.set), packets: a.packets.union(b.packets))
  case 3: return Twin(set: space.minus(a.set, b.set), packets: a.packets.subtracting(b.packets))
  case 4:
    let field = random.next(3)
    return Twin(
      set: space.forget(1 << UInt64(field), in: a.set),
      packets: Set(
        universe.filter { packet in
          (0..<UInt128(1 << widths[field])).contains { value in
            var other = packet
            other[field] = value
            return a.packets.contains(other)
          }
        }))
  case 5:
    let field = random.next(3)
    let top = 1 << widths[field]
    let (value, mask) = (UInt128(random.next(top)), UInt128(random.next(top)))
    let written = space.assign(field, value, mask: mask, in: a.set)
    #expect(written.isExact)
    return Twin(
      set: written.set,
      packets: Set(
        a.packets.map { packet in
          var packet = packet
          packet[field] = packet[field] & ~mask | value & mask
          return packet
        }))
  default:
    // A move: copied, then overwritten, as a swap of addresses is written.
    let moved = space.assign(0, 5, in: space.copy(0, to: 1, in: a.set).set)
    return Twin(set: moved, packets: Set(a.packets.map { [5, $0[0], $0[2]] }))
  }
}

@Suite struct SetLawTests {
  @Test func everyOperationIsWhatEnumerationSays() {
    var random = Random(state: 7)
    for _ in 0..<400 {
      let space = PacketSpace(widths: widths)
      let twin = grow(space, &random, depth: 4)
      let members = universe.filter { space.contains($0, in: twin.set) }
      #expect(Set(members) == twin.packets)
      #expect(twin.set.isEmpty == twin.packets.isEmpty)
      let witness = space.witness(of: twin.set, preferring: [1: [9, 3]])
      #expect(witness.map(twin.packets.contains) ?? twin.packets.isEmpty)
      for field in 0..<3 {
        let values = space.values(of: field, in: twin.set).flatMap { Array($0) }
        #expect(Set(values) == Set(twin.packets.map { $0[field] }))
      }
    }
  }

  @Test func boxesAreDisjointAndMakeUpTheSet() {
    var random = Random(state: 11)
    for _ in 0..<200 {
      let space = PacketSpace(widths: widths)
      let twin = grow(space, &random, depth: 3)
      var count = 0
      var whole = PacketSet.empty
      for box in space.boxes(of: twin.set, limit: .max) {
        var part = PacketSet.all
        for (field, values) in box.intervals {
          part = space.and(part, space.intervals(field, values))
        }
        count += universe.filter { space.contains($0, in: part) }.count
        whole = space.or(whole, part)
      }
      #expect(count == twin.packets.count)
      #expect(whole == twin.set)
    }
  }

  /// One form for one set: what is equal is the same number.
  @Test func lawsHoldAsIdentities() {
    var random = Random(state: 3)
    let space = PacketSpace(widths: widths)
    for _ in 0..<500 {
      let (a, b, c) = (
        grow(space, &random, depth: 2).set, grow(space, &random, depth: 2).set,
        grow(space, &random, depth: 2).set
      )
      #expect(space.and(a, space.or(b, c)) == space.or(space.and(a, b), space.and(a, c)))
      #expect(
        space.complement(space.or(a, b)) == space.and(space.complement(a), space.complement(b)))
      #expect(space.complement(space.complement(a)) == a)
      #expect(space.minus(a, b) == space.and(a, space.complement(b)))
      #expect(space.or(space.minus(a, b), space.and(a, b)) == a)
      #expect(space.forget(0b111, in: a) == (a.isEmpty ? .empty : .all))
      #expect(space.isSubset(space.and(a, b), of: a))
    }
  }

  @Test func imagesAreTheSameSetsInAnotherSpace() {
    var random = Random(state: 5)
    for _ in 0..<100 {
      let (space, other) = (PacketSpace(widths: widths), PacketSpace(widths: widths))
      let twins = (0..<4).map { _ in grow(space, &random, depth: 3) }
      // What the other space holds already must not matter.
      _ = grow(other, &random, depth: 2)
      let sets = PacketSetImage(of: twins.map(\.set), in: space).sets(in: other)
      #expect(sets.count == twins.count)
      for (set, twin) in zip(sets, twins) {
        #expect(Set(universe.filter { other.contains($0, in: set) }) == twin.packets)
      }
    }
  }

  /// A mask with holes falls apart into intervals; one with too many is refused, not guessed.
  @Test func masksWithHoles() {
    let space = PacketSpace(widths: [48, 128])
    let group = space.masked(0, 1 << 40, mask: 1 << 40)
    #expect(group.map { space.boxes(of: $0, limit: 9)[0].intervals[0]?.count } == 128)
    #expect(space.masked(0, 0, mask: 1) == nil)
    let all = space.interval(1, 0...(.max))
    #expect(all == .all)
    #expect(space.value(1, .max) == space.complement(space.interval(1, 0...(.max - 1))))
  }
}
