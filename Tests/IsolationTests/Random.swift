// Numbers that a seed decides.

struct Random {
  private var state: UInt64

  init(seed: Int) { state = UInt64(seed) &* 7919 &+ 17 }

  mutating func next(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % max(bound, 1)
  }
  /// True once in `count` times.
  mutating func once(in count: Int) -> Bool { next(count) == 0 }
  mutating func pick<Element>(_ list: [Element]) -> Element { list[next(list.count)] }
}
