// The nodes of all sets of a space: their edges, the table that makes equal ones one, and the two
// walks that everything else is made of. A value, so that a walk is checked once and not at every step.

struct Diagram {
  let widths: [Int]
  static let terminalField: UInt8 = 255

  private struct Node {
    let hash: UInt32
    let firstEdge: Int32
    let edgeCount: Int32
    let field: UInt8
  }
  private var nodes = Array(
    repeating: Node(hash: 0, firstEdge: 0, edgeCount: 0, field: Diagram.terminalField), count: 2)
  /// Upper ends, inclusive; an edge begins behind the one before it.
  var lasts: [UInt128] = []
  var children: [Int32] = []
  /// A node's hash and below it its number, so that most that are not wanted are seen without a look
  /// at them; zero where none is.
  private var slots: [UInt64]
  private var slotMask: Int

  /// Edges of nodes under construction.
  private var scratchLasts: [UInt128] = []
  private var scratchChildren: [Int32] = []
  private var cache: OperationCache

  init(widths: [Int]) {
    precondition(widths.count <= 64 && widths.allSatisfy { (1...128).contains($0) })
    self.widths = widths
    slots = Array(repeating: 0, count: 1 << 15)
    slotMask = 1 << 15 - 1
    cache = OperationCache(bits: 20)
  }

  var nodeCount: Int { nodes.count }

  /// Room for so many nodes, of address space only until they are made.
  mutating func reserve(nodes count: Int) {
    nodes.reserveCapacity(count)
    lasts.reserveCapacity(count * 4)
    children.reserveCapacity(count * 4)
  }

  func maximum(_ field: Int) -> UInt128 {
    widths[field] >= 128 ? .max : (1 << UInt128(widths[field])) - 1
  }
  @inline(__always)
  func edges(_ node: Int32) -> Range<Int> {
    let node = nodes[Int(node)]
    return Int(node.firstEdge)..<Int(node.firstEdge) + Int(node.edgeCount)
  }
  @inline(__always)
  func field(_ node: Int32) -> UInt8 { nodes[Int(node)].field }

  // MARK: Nodes

  /// Where the edges of a node that is begun now will start.
  var base: Int { scratchChildren.count }

  /// Adds an edge to the node under construction; neighbours with one child become one.
  @inline(__always)
  mutating func pushEdge(_ last: UInt128, _ child: Int32, base: Int) {
    if scratchChildren.count > base, scratchChildren[scratchChildren.count - 1] == child {
      scratchLasts[scratchLasts.count - 1] = last
    } else {
      scratchLasts.append(last)
      scratchChildren.append(child)
    }
  }

  /// The node of `field` with the edges pushed since `base`, which are taken off again.
  mutating func closeNode(_ field: UInt8, base: Int) -> Int32 {
    let count = scratchChildren.count - base
    let node = count == 1 ? scratchChildren[base] : intern(field, base: base, count: count)
    scratchLasts.removeLast(count)
    scratchChildren.removeLast(count)
    return node
  }

  private mutating func intern(_ field: UInt8, base: Int, count: Int) -> Int32 {
    let hash = hash(field, base: base)
    var slot = Int(hash) & slotMask
    while slots[slot] != 0 {
      let node = Int32(truncatingIfNeeded: slots[slot])
      if UInt32(slots[slot] >> 32) == hash, isScratch(node, field, base: base, count: count) {
        return node
      }
      slot = (slot + 1) & slotMask
    }
    let node = nodes.count
    slots[slot] = UInt64(hash) << 32 | UInt64(node)
    nodes.append(
      Node(hash: hash, firstEdge: Int32(lasts.count), edgeCount: Int32(count), field: field))
    for index in base..<base + count {
      lasts.append(scratchLasts[index])
      children.append(scratchChildren[index])
    }
    if nodes.count * 2 > slots.count { growSlots() }
    return Int32(node)
  }

  // Both `mutating` so that the diagram is not copied for the call.
  private mutating func isScratch(_ node: Int32, _ field: UInt8, base: Int, count: Int) -> Bool {
    let known = nodes[Int(node)]
    guard known.field == field, Int(known.edgeCount) == count else { return false }
    let first = Int(known.firstEdge)
    for offset in 0..<count
    where children[first + offset] != scratchChildren[base + offset]
      || lasts[first + offset] != scratchLasts[base + offset]
    {
      return false
    }
    return true
  }

  private mutating func hash(_ field: UInt8, base: Int) -> UInt32 {
    var hash = UInt64(field) &* 0x9e37_79b9_7f4a_7c15
    for index in base..<scratchChildren.count {
      let last = scratchLasts[index]
      let child = UInt64(UInt32(bitPattern: scratchChildren[index]))
      hash = mix(hash ^ UInt64(truncatingIfNeeded: last))
      hash = mix(hash ^ UInt64(truncatingIfNeeded: last >> 64) &+ child << 32 ^ child)
    }
    return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
  }

  private mutating func growSlots() {
    slots = Array(repeating: 0, count: slots.count * 2)
    slotMask = slots.count - 1
    for node in 2..<nodes.count {
      let hash = nodes[node].hash
      var slot = Int(hash) & slotMask
      while slots[slot] != 0 { slot = (slot + 1) & slotMask }
      slots[slot] = UInt64(hash) << 32 | UInt64(node)
    }
  }

  // MARK: Two diagrams side by side

  enum Operation: UInt64 { case and, or, minus }

  private func settled(_ operation: Operation, _ a: Int32, _ b: Int32) -> Int32? {
    switch operation {
    case .and:
      if a == 0 || b == 0 { return 0 }
      if a == 1 || a == b { return b }
      return b == 1 ? a : nil
    case .or:
      if a == 1 || b == 1 { return 1 }
      if a == 0 || a == b { return b }
      return b == 0 ? a : nil
    case .minus:
      if a == 0 || b == 1 || a == b { return 0 }
      return b == 0 ? a : nil
    }
  }

  mutating func apply(_ operation: Operation, _ x: Int32, _ y: Int32) -> Int32 {
    var (a, b) = (x, y)
    if operation != .minus, a > b { swap(&a, &b) }
    if let known = settled(operation, a, b) { return known }
    let key = UInt64(UInt32(bitPattern: a)) << 32 | UInt64(UInt32(bitPattern: b))
    if let known = cache.find(operation.rawValue, key) { return known }
    let result = combine(operation, a, b)
    cache.store(operation.rawValue, key, result)
    return result
  }

  private mutating func combine(_ operation: Operation, _ a: Int32, _ b: Int32) -> Int32 {
    let field = min(field(a), field(b))
    let base = self.base
    let edgesA = self.field(a) == field ? edges(a) : 0..<0
    let edgesB = self.field(b) == field ? edges(b) : 0..<0
    var (i, j) = (edgesA.lowerBound, edgesB.lowerBound)
    // A diagram that does not ask this field is one edge over all its values.
    let end = maximum(Int(field))
    while true {
      let lastA = edgesA.isEmpty ? end : lasts[i]
      let lastB = edgesB.isEmpty ? end : lasts[j]
      let child = apply(
        operation, edgesA.isEmpty ? a : children[i], edgesB.isEmpty ? b : children[j])
      let last = min(lastA, lastB)
      pushEdge(last, child, base: base)
      if last == end { break }
      if lastA == last { i += 1 }
      if lastB == last { j += 1 }
    }
    return closeNode(field, base: base)
  }

  // MARK: One diagram

  /// The diagram with the fields of `mask` set free.
  mutating func forget(_ mask: UInt64, _ node: Int32) -> Int32 {
    if node <= 1 { return node }
    let field = field(node)
    // Nothing at or below this field is to be forgotten.
    if mask >> UInt64(field) == 0 { return node }
    let operation = mask | 1 << 63
    let key = UInt64(UInt32(bitPattern: node)) | 0x7f << 56
    if let known = cache.find(operation, key) { return known }
    let result: Int32
    if mask >> UInt64(field) & 1 == 1 {
      var whole: Int32 = 0
      for edge in edges(node) {
        let child = forget(mask, children[edge])
        whole = apply(.or, whole, child)
      }
      result = whole
    } else {
      let base = self.base
      for edge in edges(node) {
        let child = forget(mask, children[edge])
        pushEdge(lasts[edge], child, base: base)
      }
      result = closeNode(field, base: base)
    }
    cache.store(operation, key, result)
    return result
  }
}

@inline(__always)
func mix(_ value: UInt64) -> UInt64 {
  let product = value.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
  return product.high ^ product.low
}

/// Remembers results of operations; a newer one takes an older one's place.
struct OperationCache {
  /// In one place, so that a look is one line of the processor's cache.
  private struct Entry {
    var key = UInt64.max
    var operation = UInt64.max
    var result: Int32 = 0
  }
  private var entries: [Entry]
  private let mask: Int

  init(bits: Int) {
    entries = Array(repeating: Entry(), count: 1 << bits)
    mask = 1 << bits - 1
  }
  private func slot(_ operation: UInt64, _ key: UInt64) -> Int {
    Int(truncatingIfNeeded: mix(key ^ operation &* 0x517c_c1b7_2722_0a95)) & mask
  }
  func find(_ operation: UInt64, _ key: UInt64) -> Int32? {
    let entry = entries[slot(operation, key)]
    return entry.key == key && entry.operation == operation ? entry.result : nil
  }
  mutating func store(_ operation: UInt64, _ key: UInt64, _ result: Int32) {
    entries[slot(operation, key)] = Entry(key: key, operation: operation, result: result)
  }
}
