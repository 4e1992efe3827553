// Looks names up by their bytes: the flow parser asks for millions of them and makes no String.

/// A fixed set of ASCII names with a value each.
struct NameTable<Value: Sendable>: Sendable {
  private struct Slot: Sendable {
    let name: [UInt8]
    let value: Value
  }
  private let slots: [Slot?]
  private let foldsCase: Bool

  /// `foldsCase`: names are given in lower case and found in any.
  init(_ names: [(String, Value)], foldsCase: Bool = false) {
    var size = 16
    while size < names.count * 4 { size *= 2 }
    var slots: [Slot?] = Array(repeating: nil, count: size)
    for (name, value) in names {
      let bytes = Array(name.utf8)
      var index = Self.hash(bytes, 0..<bytes.count, foldsCase) & (size - 1)
      while let slot = slots[index], slot.name != bytes { index = (index + 1) & (size - 1) }
      slots[index] = Slot(name: bytes, value: value)
    }
    self.slots = slots
    self.foldsCase = foldsCase
  }

  /// Expected O(length of the name); the table is at most a quarter full.
  func value(_ bytes: [UInt8], _ range: Range<Int>) -> Value? {
    var index = Self.hash(bytes, range, foldsCase) & (slots.count - 1)
    while let slot = slots[index] {
      if equals(slot.name, bytes, range) { return slot.value }
      index = (index + 1) & (slots.count - 1)
    }
    return nil
  }

  private func equals(_ name: [UInt8], _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    guard name.count == range.count else { return false }
    return bytes.withUnsafeBufferPointer { buffer in
      for offset in 0..<name.count {
        let byte = buffer[range.lowerBound + offset]
        guard name[offset] == (foldsCase ? lowercased(byte) : byte) else { return false }
      }
      return true
    }
  }

  /// FNV-1a.
  private static func hash(_ bytes: [UInt8], _ range: Range<Int>, _ foldsCase: Bool) -> Int {
    bytes.withUnsafeBufferPointer { buffer in
      var hash: UInt32 = 0x811c_9dc5
      for index in range {
        let byte = buffer[index]
        hash = (hash ^ UInt32(foldsCase ? lowercased(byte) : byte)) &* 0x0100_0193
      }
      return Int(hash ^ hash >> 15)
    }
  }
}

func lowercased(_ byte: UInt8) -> UInt8 {
  byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}
