// Packed files as a stream of chunks: gzip through zlib, xz through liblzma, and plain ones. Feeds
// TarArchive; nothing is ever unpacked as a whole.
import CLzma
import CZlib
import Glibc

/// Why an archive cannot be read.
struct ArchiveError: Error, Hashable {
  let problem: String
}

enum Decompression {
  private static let chunkBytes = 1 << 18
  /// LZMA_CONCATENATED, a macro that Swift does not see: `xz -T` writes several streams.
  private static let concatenated: UInt32 = 0x08

  /// Hands the unpacked bytes of the file at `path` to `body`, in order, until it gives false.
  ///
  /// What it is packed with is told by its first bytes.
  static func read(
    _ path: String, _ body: (UnsafeBufferPointer<UInt8>) throws(ArchiveError) -> Bool
  ) throws(ArchiveError) {
    guard let file = fopen(path, "rbe") else {
      throw ArchiveError(problem: "cannot be read: \(FileTree.lastError())")
    }
    defer { fclose(file) }
    var magic = [UInt8](repeating: 0, count: 6)
    let count = fread(&magic, 1, 6, file)
    rewind(file)
    switch Array(magic.prefix(count)) {
    case let bytes where bytes.starts(with: [0x1f, 0x8b]): try gzip(file, body)
    case [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]: try xz(file, body)
    default: try plain(file, body)
    }
  }

  private static func plain(
    _ file: UnsafeMutablePointer<FILE>,
    _ body: (UnsafeBufferPointer<UInt8>) throws(ArchiveError) -> Bool
  ) throws(ArchiveError) {
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: chunkBytes)
    defer { buffer.deallocate() }
    while true {
      let count = fread(buffer.baseAddress, 1, chunkBytes, file)
      if count == 0 { return }
      guard try body(UnsafeBufferPointer(rebasing: buffer[..<count])) else { return }
    }
  }

  private static func gzip(
    _ file: UnsafeMutablePointer<FILE>,
    _ body: (UnsafeBufferPointer<UInt8>) throws(ArchiveError) -> Bool
  ) throws(ArchiveError) {
    var stream = z_stream()
    // 32: gzip or zlib, as the header says.
    guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw ArchiveError(problem: "cannot be unpacked: no memory") }
    defer { inflateEnd(&stream) }
    let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: chunkBytes)
    let output = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: chunkBytes)
    defer {
      input.deallocate()
      output.deallocate()
    }
    var status = Z_OK
    repeat {
      if stream.avail_in == 0 {
        stream.avail_in = uInt(fread(input.baseAddress, 1, chunkBytes, file))
        stream.next_in = input.baseAddress
        if stream.avail_in == 0 { throw ArchiveError(problem: "ends before its end") }
      }
      stream.next_out = output.baseAddress
      stream.avail_out = uInt(chunkBytes)
      status = inflate(&stream, Z_NO_FLUSH)
      guard status == Z_OK || status == Z_STREAM_END else {
        throw ArchiveError(problem: "is damaged")
      }
      let count = chunkBytes - Int(stream.avail_out)
      if count > 0 {
        guard try body(UnsafeBufferPointer(rebasing: output[..<count])) else { return }
      }
    } while status != Z_STREAM_END
  }

  private static func xz(
    _ file: UnsafeMutablePointer<FILE>,
    _ body: (UnsafeBufferPointer<UInt8>) throws(ArchiveError) -> Bool
  ) throws(ArchiveError) {
    var stream = lzma_stream()
    // xz -9 needs 65 MiB; more than that is no archive of anybody's.
    guard lzma_stream_decoder(&stream, 256 << 20, concatenated) == LZMA_OK else {
      throw ArchiveError(problem: "cannot be unpacked: no memory")
    }
    defer { lzma_end(&stream) }
    let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: chunkBytes)
    let output = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: chunkBytes)
    defer {
      input.deallocate()
      output.deallocate()
    }
    var action = LZMA_RUN
    while true {
      if stream.avail_in == 0, action == LZMA_RUN {
        stream.avail_in = fread(input.baseAddress, 1, chunkBytes, file)
        stream.next_in = UnsafePointer(input.baseAddress)
        if stream.avail_in == 0 { action = LZMA_FINISH }
      }
      stream.next_out = output.baseAddress
      stream.avail_out = chunkBytes
      let status = lzma_code(&stream, action)
      let count = chunkBytes - stream.avail_out
      if count > 0 {
        guard try body(UnsafeBufferPointer(rebasing: output[..<count])) else { return }
      }
      if status == LZMA_STREAM_END { return }
      guard status == LZMA_OK else {
        throw ArchiveError(
          problem: status == LZMA_BUF_ERROR ? "ends before its end" : "is damaged")
      }
    }
  }
}
