// Lines of a capture file by byte offset, without making a String of each.

/// A line: its number from 1, its bytes without the line feed, and with it.
public struct Line: Hashable, Sendable {
  public let number: Int
  public let content: Range<Int>
  public let whole: Range<Int>
}

/// The lines of a file; a last line without line feed counts, an empty rest does not.
public struct Lines: Sequence, Sendable {
  let bytes: [UInt8]
  public init(_ text: CaptureText) { bytes = text.bytes }

  public struct Iterator: IteratorProtocol {
    let bytes: [UInt8]
    var start = 0
    var number = 0
    public mutating func next() -> Line? {
      guard start < bytes.count else { return nil }
      var end = start
      while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
      let wholeEnd = end < bytes.count ? end + 1 : end
      var contentEnd = end
      if contentEnd > start, bytes[contentEnd - 1] == UInt8(ascii: "\r") { contentEnd -= 1 }
      number += 1
      defer { start = wholeEnd }
      return Line(number: number, content: start..<contentEnd, whole: start..<wholeEnd)
    }
  }
  public func makeIterator() -> Iterator { Iterator(bytes: bytes) }
}
