// A generator that a printed seed repeats.

struct RandomSource: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &self)]
  }
  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
  /// True `percent` times of a hundred.
  mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }
}
