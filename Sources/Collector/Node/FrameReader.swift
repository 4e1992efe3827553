// What a node sends, cut into frames: the counterpart of ScriptLibrary's `emit`. A node may send
// anything; whatever is no frame is left out, and nothing grows without bound.
// Fed by NodeCollection chunk by chunk; feeds NodeFolder.

/// One command's frame, as its header says.
struct FrameHeader: Hashable, Sendable {
  enum Kind: String, Sendable {
    case root, namespace, ovs, bridge, file
  }
  let kind: Kind
  /// The namespace, the bridge or the file's path on the node; empty for the others.
  let name: [UInt8]
  /// One of the reviewed list's file names; empty for copied files.
  let file: [UInt8]
  let words: [[UInt8]]
  /// Of the node's clock since it booted; nil where it has no /proc/uptime.
  let uptime: Double?
}

enum FrameEvent: Hashable, Sendable {
  /// The first: when it was on the node's clocks, and who asks.
  case hello(uptime: Double?, epoch: Double?, userID: Int?)
  case begin(FrameHeader)
  case data([UInt8])
  /// `said` is the beginning of what the command wrote to standard error.
  case end(exitCode: Int32, said: [UInt8])
  case witness(stage: [UInt8], label: [UInt8], name: [UInt8], checksum: [UInt8])
  /// The node has something that the script would not touch.
  case refuse(kind: [UInt8], name: [UInt8], reason: [UInt8])
  /// The last: everything was read.
  case bye
}

/// Why a stream cannot be read further.
enum FrameError: Error, Hashable {
  case badHeader(String)
}

struct FrameReader {
  /// What a command says is cut after 60000 bytes, a path has at most 4096.
  private static let maximumFieldBytes = 1 << 16
  /// `ip -6 -j route show table all` has eight words.
  private static let maximumWords = 16

  /// The mark and the NUL behind it.
  private let mark: [UInt8]
  private var pending: [UInt8] = []
  private var isInBody = false

  init(mark: String) { self.mark = Array(mark.utf8) + [0] }

  /// Takes the next bytes of the stream and hands on what they complete.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer, _ body: (FrameEvent) throws -> Void
  ) throws {
    pending.append(contentsOf: bytes)
    var start = 0
    while let found = position(from: start) {
      if isInBody, found > start { try body(.data(Array(pending[start..<found]))) }
      var fields = Fields(pending, from: found + mark.count)
      guard let event = try event(&fields) else {
        // The header's other half is still on its way.
        pending.removeFirst(found)
        try checkPending()
        return
      }
      try body(event)
      start = fields.index
    }
    // A mark may have begun in the last bytes.
    let kept = min(pending.count - start, mark.count - 1)
    let end = pending.count - kept
    if isInBody, end > start { try body(.data(Array(pending[start..<end]))) }
    pending.removeFirst(end)
  }

  private func checkPending() throws {
    let most = Self.maximumFieldBytes * Self.maximumWords
    guard pending.count <= most else { throw FrameError.badHeader("a header without an end") }
  }

  /// Where the mark stands next. The NUL that ends it is rare, so that is what is looked for.
  private func position(from start: Int) -> Int? {
    pending.withUnsafeBufferPointer { buffer in
      var index = start + mark.count - 1
      while index < buffer.count {
        guard let end = buffer[index...].firstIndex(of: 0) else { return nil }
        let first = end - mark.count + 1
        // A stream of nothing but NULs must not cost a comparison of the whole mark each.
        if buffer[end - 1] == mark[mark.count - 2],
          mark.indices.allSatisfy({ buffer[first + $0] == mark[$0] })
        {
          return first
        }
        index = end + 1
      }
      return nil
    }
  }

  /// Nil where fields are still missing.
  private mutating func event(_ fields: inout Fields) throws -> FrameEvent? {
    guard let tag = try fields.next() else { return nil }
    switch String(decoding: tag, as: UTF8.self) {
    case "hello":
      guard let texts = try fields.next(3) else { return nil }
      let numbers = texts.map { Double(String(decoding: $0, as: UTF8.self)) }
      return .hello(
        uptime: numbers[0], epoch: numbers[1], userID: numbers[2].flatMap { Int(exactly: $0) })
    case "begin":
      guard let header = try header(&fields) else { return nil }
      isInBody = true
      return .begin(header)
    case "end":
      guard let said = try fields.next() else { return nil }
      isInBody = false
      return end(said)
    case "witness":
      guard let texts = try fields.next(4) else { return nil }
      return .witness(stage: texts[0], label: texts[1], name: texts[2], checksum: texts[3])
    case "refuse":
      guard let texts = try fields.next(3) else { return nil }
      return .refuse(kind: texts[0], name: texts[1], reason: texts[2])
    case "bye":
      guard try fields.next() != nil else { return nil }
      isInBody = false
      return .bye
    default: throw FrameError.badHeader("an unknown frame")
    }
  }

  private func header(_ fields: inout Fields) throws -> FrameHeader? {
    guard let texts = try fields.next(5) else { return nil }
    let strings = texts.map { String(decoding: $0, as: UTF8.self) }
    guard let kind = FrameHeader.Kind(rawValue: strings[1]), let count = Int(strings[4]),
      (0...Self.maximumWords).contains(count)
    else { throw FrameError.badHeader("a frame of no known kind") }
    guard let words = try fields.next(count) else { return nil }
    return FrameHeader(
      kind: kind, name: texts[2], file: texts[3], words: words, uptime: Double(strings[0]))
  }

  /// `mark exit 3;` stands somewhere in what the command said, for both share a pipe.
  private func end(_ said: [UInt8]) -> FrameEvent {
    let tag = mark.dropLast() + Array(" exit ".utf8)
    guard let start = said.firstRange(of: tag),
      let stop = said[start.upperBound...].firstIndex(of: 0x3b),
      let code = Int32(String(decoding: said[start.upperBound..<stop], as: UTF8.self))
    else { return .end(exitCode: 255, said: said) }
    return .end(exitCode: code, said: Array(said[..<start.lowerBound] + said[(stop + 1)...]))
  }

  /// NUL-terminated fields.
  private struct Fields {
    let bytes: [UInt8]
    var index: Int
    init(_ bytes: [UInt8], from index: Int) {
      self.bytes = bytes
      self.index = index
    }

    mutating func next() throws -> [UInt8]? {
      guard let end = bytes[index...].firstIndex(of: 0) else { return nil }
      guard end - index <= FrameReader.maximumFieldBytes else {
        throw FrameError.badHeader("a field of \(end - index) bytes")
      }
      defer { index = end + 1 }
      return Array(bytes[index..<end])
    }

    mutating func next(_ count: Int) throws -> [[UInt8]]? {
      var result: [[UInt8]] = []
      for _ in 0..<count {
        guard let field = try next() else { return nil }
        result.append(field)
      }
      return result
    }
  }
}
