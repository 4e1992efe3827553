// Lines of a capture file by byte offset, without making a String of each.
import Glibc

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
      let end = lineFeed(from: start)
      let wholeEnd = end < bytes.count ? end + 1 : end
      var contentEnd = end
      if contentEnd > start, bytes[contentEnd - 1] == UInt8(ascii: "\r") { contentEnd -= 1 }
      number += 1
      defer { start = wholeEnd }
      return Line(number: number, content: start..<contentEnd, whole: start..<wholeEnd)
    }

    /// Where the next line feed stands; the end without one.
    private func lineFeed(from start: Int) -> Int {
      bytes.withUnsafeBufferPointer { (buffer: UnsafeBufferPointer<UInt8>) -> Int in
        guard let base = buffer.baseAddress,
          let found = memchr(base + start, Int32(UInt8(ascii: "\n")), buffer.count - start)
        else { return buffer.count }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
      }
    }
  }
  public func makeIterator() -> Iterator { Iterator(bytes: bytes) }
}
