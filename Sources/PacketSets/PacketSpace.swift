// Sets of packets as a decision diagram over whole header fields: a node asks one field and has an
// edge for each interval of its values. Nodes are shared and in one normal form, so equal sets
// are one number. Fed by Reachability with the fields that engines of a node can ask.

/// A set of packets; means something only to the space that made it.
public struct PacketSet: Hashable, Sendable {
  let node: Int32
  public static let empty = PacketSet(node: 0)
  public static let all = PacketSet(node: 1)
  public var isEmpty: Bool { node == 0 }
}

/// The values of one field that lie between two, ends included.
public typealias Interval = ClosedRange<UInt128>

/// Makes and combines sets over fields of given widths. Not shared between threads.
///
/// Field 0 is asked first. Intersection, union and difference cost at most the product of the
/// diagrams' sizes; equality and emptiness are constant.
public final class PacketSpace {
  /// Bits of each field, 1...128.
  public let widths: [Int]
  static let terminalField: UInt8 = 255

  var fields: [UInt8] = [PacketSpace.terminalField, PacketSpace.terminalField]
  private var firstEdges: [Int32] = [0, 0]
  private var edgeCounts: [Int32] = [0, 0]
  /// Upper ends, inclusive; an edge begins behind the one before it.
  var lasts: [UInt128] = []
  var children: [Int32] = []
  private var slots: [Int32]
  private var slotMask: Int

  /// Edges of nodes under construction.
  var scratchLasts: [UInt128] = []
  var scratchChildren: [Int32] = []
  var cache: OperationCache

  /// At most 64 fields.
  public init(widths: [Int]) {
    precondition(widths.count <= 64 && widths.allSatisfy { (1...128).contains($0) })
    self.widths = widths
    slots = Array(repeating: -1, count: 1 << 12)
    slotMask = 1 << 12 - 1
    cache = OperationCache(bits: 19)
  }

  /// Nodes made so far, the two terminals included.
  public var nodeCount: Int { fields.count }

  func maximum(_ field: Int) -> UInt128 {
    widths[field] >= 128 ? .max : (1 << UInt128(widths[field])) - 1
  }
  @inline(__always)
  func edges(_ node: Int32) -> Range<Int> {
    let first = Int(firstEdges[Int(node)])
    return first..<first + Int(edgeCounts[Int(node)])
  }

  // MARK: Nodes

  /// Adds an edge to the node under construction; neighbours with one child become one.
  @inline(__always)
  func pushEdge(_ last: UInt128, _ child: Int32, base: Int) {
    if scratchChildren.count > base, scratchChildren[scratchChildren.count - 1] == child {
      scratchLasts[scratchLasts.count - 1] = last
    } else {
      scratchLasts.append(last)
      scratchChildren.append(child)
    }
  }

  /// The node of `field` with the edges pushed since `base`, which are taken off again.
  func closeNode(_ field: UInt8, base: Int) -> Int32 {
    let count = scratchChildren.count - base
    defer {
      scratchLasts.removeLast(count)
      scratchChildren.removeLast(count)
    }
    if count == 1 { return scratchChildren[base] }
    var slot = Int(truncatingIfNeeded: hash(field, base: base)) & slotMask
    while slots[slot] >= 0 {
      if isScratch(slots[slot], field, base: base, count: count) { return slots[slot] }
      slot = (slot + 1) & slotMask
    }
    let node = Int32(fields.count)
    slots[slot] = node
    fields.append(field)
    firstEdges.append(Int32(lasts.count))
    edgeCounts.append(Int32(count))
    for index in base..<base + count {
      lasts.append(scratchLasts[index])
      children.append(scratchChildren[index])
    }
    if fields.count * 2 > slots.count { growSlots() }
    return node
  }

  private func isScratch(_ node: Int32, _ field: UInt8, base: Int, count: Int) -> Bool {
    guard fields[Int(node)] == field, Int(edgeCounts[Int(node)]) == count else { return false }
    let first = Int(firstEdges[Int(node)])
    for offset in 0..<count
    where children[first + offset] != scratchChildren[base + offset]
      || lasts[first + offset] != scratchLasts[base + offset]
    {
      return false
    }
    return true
  }

  private func hash(_ field: UInt8, base: Int) -> UInt64 {
    var hash = UInt64(field) &* 0x9e37_79b9_7f4a_7c15
    for index in base..<scratchChildren.count {
      let last = scratchLasts[index]
      hash = mix(hash ^ UInt64(truncatingIfNeeded: last))
      hash = mix(hash ^ UInt64(truncatingIfNeeded: last >> 64))
      hash = mix(hash ^ UInt64(UInt32(bitPattern: scratchChildren[index])))
    }
    return hash
  }

  private func growSlots() {
    slots = Array(repeating: -1, count: slots.count * 2)
    slotMask = slots.count - 1
    for node in 2..<fields.count {
      let base = scratchChildren.count
      for edge in edges(Int32(node)) {
        scratchLasts.append(lasts[edge])
        scratchChildren.append(children[edge])
      }
      var slot = Int(truncatingIfNeeded: hash(fields[node], base: base)) & slotMask
      while slots[slot] >= 0 { slot = (slot + 1) & slotMask }
      slots[slot] = Int32(node)
      scratchLasts.removeLast(scratchLasts.count - base)
      scratchChildren.removeLast(scratchChildren.count - base)
    }
  }
}

@inline(__always)
func mix(_ value: UInt64) -> UInt64 {
  let product = value.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
  return product.high ^ product.low
}

/// Remembers results of operations; a newer one takes an older one's place.
struct OperationCache {
  private var keys: [UInt64]
  private var operations: [UInt64]
  private var results: [Int32]
  private let mask: Int

  init(bits: Int) {
    keys = Array(repeating: .max, count: 1 << bits)
    operations = Array(repeating: .max, count: 1 << bits)
    results = Array(repeating: 0, count: 1 << bits)
    mask = 1 << bits - 1
  }
  private func slot(_ operation: UInt64, _ key: UInt64) -> Int {
    Int(truncatingIfNeeded: mix(key ^ operation &* 0x517c_c1b7_2722_0a95)) & mask
  }
  func find(_ operation: UInt64, _ key: UInt64) -> Int32? {
    let slot = slot(operation, key)
    return keys[slot] == key && operations[slot] == operation ? results[slot] : nil
  }
  mutating func store(_ operation: UInt64, _ key: UInt64, _ result: Int32) {
    let slot = slot(operation, key)
    keys[slot] = key
    operations[slot] = operation
    results[slot] = result
  }
}
