// A tar archive as a stream: members that are wanted are kept in memory, all others are passed over,
// nothing is written anywhere. Reads ustar, GNU's long names and pax headers. Feeds Sosreport.

struct TarArchive {
  /// Bytes of an unpacked archive; a real one has some gigabytes, a bomb has no end.
  static let maximumBytes = 64 << 30
  /// GNU's and pax's headers about the next member.
  private static let maximumHeaderBytes = 1 << 20

  private struct Member {
    let name: String
    let isWanted: Bool
    let isHeader: UInt8?
    var remaining: Int
    var padding: Int
    var bytes: [UInt8] = []
  }

  private var pending: [UInt8] = []
  private var current: Member?
  private var longName: String?
  private var paxPath: String?
  private var paxSize: Int?
  private var total = 0
  private(set) var isEnded = false

  /// Reads the archive at `path`: `wants` is asked for each regular file, `found` gets those it wants.
  static func read(
    _ path: String, wants: (_ name: String, _ sizeBytes: Int) -> Bool,
    found: (_ name: String, _ bytes: [UInt8]) -> Void
  ) throws(ArchiveError) {
    var archive = TarArchive()
    try Decompression.read(path) { (chunk) throws(ArchiveError) in
      try archive.take(chunk, wants, found)
      return !archive.isEnded
    }
    guard archive.isEnded || archive.current == nil && archive.pending.isEmpty && archive.total > 0
    else {
      throw ArchiveError(problem: "ends before its end")
    }
  }

  private mutating func take(
    _ chunk: UnsafeBufferPointer<UInt8>, _ wants: (String, Int) -> Bool,
    _ found: (String, [UInt8]) -> Void
  ) throws(ArchiveError) {
    total += chunk.count
    guard total <= Self.maximumBytes else {
      throw ArchiveError(problem: "unpacks to more than \(Self.maximumBytes >> 30) GiB")
    }
    var rest = chunk[...]
    while !rest.isEmpty, !isEnded {
      if current != nil {
        takeContent(&rest, found)
        continue
      }
      let missing = 512 - pending.count
      pending += rest.prefix(missing)
      rest = rest.dropFirst(missing)
      guard pending.count == 512 else { return }
      try takeHeader(wants)
      pending = []
      if let member = current, member.remaining == 0, member.padding == 0 { finish(found) }
    }
  }

  private mutating func takeContent(
    _ rest: inout Slice<UnsafeBufferPointer<UInt8>>, _ found: (String, [UInt8]) -> Void
  ) {
    guard var member = current else { return }
    let count = min(member.remaining, rest.count)
    if member.isWanted || member.isHeader != nil { member.bytes += rest.prefix(count) }
    member.remaining -= count
    rest = rest.dropFirst(count)
    let skipped = min(member.padding, rest.count)
    if member.remaining == 0 {
      member.padding -= skipped
      rest = rest.dropFirst(skipped)
    }
    current = member
    if member.remaining == 0, member.padding == 0 { finish(found) }
  }

  private mutating func takeHeader(_ wants: (String, Int) -> Bool) throws(ArchiveError) {
    if pending.allSatisfy({ $0 == 0 }) {
      isEnded = true
      return
    }
    guard isChecked, let size = paxSize ?? number(124..<136), size >= 0 else {
      throw ArchiveError(problem: "is no tar archive")
    }
    let kind = pending[156]
    let header: UInt8? = [0x4c, 0x78].contains(kind) ? kind : nil
    guard header == nil || size <= Self.maximumHeaderBytes else {
      throw ArchiveError(problem: "is damaged")
    }
    let name = paxPath ?? longName ?? fieldName
    let isFile = kind == 0x30 || kind == 0
    if header == nil {
      longName = nil
      paxPath = nil
      paxSize = nil
    }
    // Links and folders have no content, whatever their size says.
    let hasContent = isFile || header != nil || kind == 0x67 || kind == 0x4b
    let content = hasContent ? size : 0
    current = Member(
      name: name, isWanted: isFile && wants(name, size), isHeader: header, remaining: content,
      padding: (512 - content % 512) % 512)
  }

  private mutating func finish(_ found: (String, [UInt8]) -> Void) {
    guard let member = current else { return }
    current = nil
    switch member.isHeader {
    case 0x4c: longName = String(decoding: member.bytes.prefix { $0 != 0 }, as: UTF8.self)
    case .some: readPax(member.bytes)
    case nil: if member.isWanted { found(member.name, member.bytes) }
    }
  }

  /// `LENGTH KEY=VALUE\n`, repeated.
  private mutating func readPax(_ bytes: [UInt8]) {
    var index = 0
    while let space = bytes[index...].firstIndex(of: 0x20),
      let length = Int(String(decoding: bytes[index..<space], as: UTF8.self)),
      // With the space and the line feed.
      length >= space - index + 2, length <= bytes.count - index
    {
      let record = String(decoding: bytes[(space + 1)..<(index + length - 1)], as: UTF8.self)
      let parts = record.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2, parts[0] == "path" { paxPath = String(parts[1]) }
      if parts.count == 2, parts[0] == "size" { paxSize = Int(parts[1]) }
      index += length
    }
  }

  private var fieldName: String {
    let name = text(0..<100)
    let isUstar = pending[257..<262].elementsEqual(Array("ustar".utf8)) && pending[262] == 0
    let prefix = isUstar ? text(345..<500) : ""
    return prefix.isEmpty ? name : "\(prefix)/\(name)"
  }
  private func text(_ range: Range<Int>) -> String {
    String(decoding: pending[range].prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Octal digits, or GNU's base 256 for what is larger.
  private func number(_ range: Range<Int>) -> Int? {
    if pending[range.lowerBound] & 0x80 != 0 {
      let bytes = pending[(range.upperBound - 7)..<range.upperBound]
      return bytes.reduce(0) { $0 << 8 | Int($1) }
    }
    let digits = text(range).filter { $0 != " " }
    return digits.isEmpty ? 0 : Int(digits, radix: 8)
  }

  /// The sum of the header's bytes, those of the sum itself counted as blanks.
  private var isChecked: Bool {
    let sum = pending.enumerated().reduce(0) { sum, pair in
      sum + ((148..<156).contains(pair.offset) ? 0x20 : Int(pair.element))
    }
    return number(148..<156) == sum
  }
}
