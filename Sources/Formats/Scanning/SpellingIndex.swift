// What parts of a file spell, found again by their bytes without allocating anything: what many lines
// have in common is read once. Feeds the readers of plain lines.
import Facts

/// Numbers of byte ranges of one file, by what stands there.
struct SpellingIndex {
  private struct Slot {
    var hash: UInt64 = 0
    var start: Int32 = 0
    /// 0 is free.
    var length: Int32 = 0
    var number: UInt32 = 0
  }
  private var slots: [Slot]
  private var count = 0

  /// `capacity` is a power of two.
  init(capacity: Int = 64) { slots = Array(repeating: Slot(), count: capacity) }

  /// The number of the bytes in `range`, which is not empty; nil where they are new.
  @inline(__always)
  func number(
    _ range: Range<Int>, hash: UInt64, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> UInt32? {
    var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[place].length != 0 {
      let slot = slots[place]
      if slot.hash == hash, Int(slot.length) == range.count,
        Self.areEqual(bytes, Int(slot.start), range)
      {
        return slot.number
      }
      place = (place + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Numbers what is new.
  mutating func add(_ range: Range<Int>, hash: UInt64, _ number: UInt32) {
    if count * 2 >= slots.count {
      let old = slots
      slots = Array(repeating: Slot(), count: old.count * 2)
      for slot in old where slot.length != 0 { insert(slot) }
    }
    insert(
      Slot(
        hash: hash, start: Int32(truncatingIfNeeded: range.lowerBound),
        length: Int32(truncatingIfNeeded: range.count), number: number))
    count += 1
  }
  private mutating func insert(_ slot: Slot) {
    var place = Int(truncatingIfNeeded: slot.hash) & (slots.count - 1)
    while slots[place].length != 0 { place = (place + 1) & (slots.count - 1) }
    slots[place] = slot
  }

  @inline(__always)
  static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word &+ 0x517c_c1b7_2722_0a95)
      .multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low
  }

  /// Eight bytes at a time; the last eight may overlap those before.
  @inline(__always)
  static func hash(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> UInt64 {
    var hash = UInt64(range.count)
    let raw = UnsafeRawBufferPointer(bytes)
    var index = range.lowerBound
    while index + 8 <= range.upperBound {
      hash = mix(hash, raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    if index == range.upperBound { return hash }
    if range.count >= 8 {
      let last = raw.loadUnaligned(fromByteOffset: range.upperBound - 8, as: UInt64.self)
      return mix(hash, last)
    }
    var rest: UInt64 = 0
    while index < range.upperBound {
      rest = rest << 8 | UInt64(bytes[index])
      index += 1
    }
    return mix(hash, rest)
  }

  @inline(__always)
  private static func areEqual(
    _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ range: Range<Int>
  ) -> Bool {
    let raw = UnsafeRawBufferPointer(bytes)
    var offset = 0
    while offset + 8 <= range.count {
      let one = raw.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self)
      let other = raw.loadUnaligned(
        fromByteOffset: range.lowerBound + offset, as: UInt64.self)
      if one != other { return false }
      offset += 8
    }
    while offset < range.count {
      if bytes[start + offset] != bytes[range.lowerBound + offset] { return false }
      offset += 1
    }
    return true
  }
}
