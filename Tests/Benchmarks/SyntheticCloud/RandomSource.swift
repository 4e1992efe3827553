// The generator of everything that is drawn. Feeds the plan and the counters in dumps.

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same cloud on every machine.
struct RandomSource: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
  /// Below `bound`, which is positive. The bias of the remainder does not matter here.
  mutating func below(_ bound: Int) -> Int { Int(next() >> 1) % bound }
  /// In 0 ..< 1.
  mutating func fraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
  /// A random (version 4) UUID.
  mutating func objectID() -> ObjectID {
    ObjectID(
      high: next() & 0xffff_ffff_ffff_0fff | 0x4000,
      low: next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
  }
  /// Locally administered, as the kernel draws them for its own devices.
  mutating func deviceMAC() -> MAC {
    MAC(rawValue: next() & 0xfcff_ffff_ffff | 0x0200_0000_0000)
  }
  mutating func shuffled<Value>(_ values: [Value]) -> [Value] {
    var result = values
    for index in stride(from: result.count - 1, to: 0, by: -1) {
      result.swapAt(index, below(index + 1))
    }
    return result
  }
}
