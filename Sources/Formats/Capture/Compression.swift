// zlib around the raw bytes of capture files.
import CZlib

package enum Compression {
  /// A zlib stream of `bytes`; nil where zlib fails.
  package static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
    var count = compressBound(uLong(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(count))
    // Level 6 is zlib's own balance; capture text shrinks by ten either way, and the large files by
    // less than a fifth more than at level 1, in twice the time.
    let level: Int32 = bytes.count > 1 << 18 ? 1 : 6
    let status = compress2(&result, &count, bytes, uLong(bytes.count), level)
    guard status == Z_OK else { return nil }
    return Array(result.prefix(Int(count)))
  }

  /// Nil where `bytes` is no zlib stream of exactly `count` bytes.
  package static func decompressed(_ bytes: [UInt8], count: Int) -> [UInt8]? {
    guard count > 0 else { return count == 0 ? [] : nil }
    var length = uLong(count)
    var result = [UInt8](repeating: 0, count: count)
    let status = uncompress(&result, &length, bytes, uLong(bytes.count))
    return status == Z_OK && length == uLong(count) ? result : nil
  }
}
