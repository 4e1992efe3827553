// One capture file for all hops: each device an interface with its node's name, each packet with
// what the prediction says of it. libpcap writes no pcapng, so its few blocks are written here
// (draft-ietf-opsawg-pcapng).
import Facts
import Foundation
import NetworkTypes

public enum PcapngFile {
  /// Writes the seen frames of a confirmation in the order of time.
  public static func write(_ report: ConfirmReport, to path: String) throws(PcapError) {
    guard
      FileManager.default.createFile(
        atPath: path, contents: Data(bytes(report.hops)), attributes: [.posixPermissions: 0o600])
    else { throw PcapError(path: path, problem: "cannot be written") }
  }

  static func bytes(_ hops: [HopReport]) -> [UInt8] {
    let seen = hops.enumerated().filter { $0.element.sighting != nil }.sorted {
      ($0.element.microseconds ?? 0) < ($1.element.microseconds ?? 0)
    }
    let places = Set(seen.map(\.element.place)).sorted()
    var bytes = sectionHeader
    for place in places { bytes += interface(place.description) }
    for (number, hop) in seen {
      guard let frame = hop.sighting?.frame, let index = places.firstIndex(of: hop.place) else {
        continue
      }
      bytes += packet(frame, interface: UInt32(index), comment(number + 1, hop), isOut: hop.isOut)
    }
    return bytes
  }

  private static func comment(_ number: Int, _ hop: HopReport) -> String {
    var text = "hop \(number), \(hop.role.rawValue): "
    text += hop.status == .unpredicted ? "not predicted" : "predicted"
    if !hop.differences.isEmpty { text += "; " + hop.differences.joined(separator: "; ") }
    return text
  }

  // MARK: blocks

  private static var sectionHeader: [UInt8] {
    block(0x0a0d_0d0a, little(0x1a2b_3c4d, 4) + little(1, 2) + little(0, 2) + little(.max, 8))
  }

  private static func interface(_ name: String) -> [UInt8] {
    // Ethernet; if_name; if_tsresol: nanoseconds.
    block(
      1,
      little(1, 2) + little(0, 2) + little(0, 4) + option(2, text(name)) + option(9, [9])
        + option(0, []))
  }

  private static func packet(
    _ frame: CapturedFrame, interface: UInt32, _ comment: String, isOut: Bool
  ) -> [UInt8] {
    var body = little(UInt64(interface), 4) + little(frame.nanoseconds >> 32, 4)
    body += little(frame.nanoseconds & 0xffff_ffff, 4) + little(UInt64(frame.bytes.count), 4)
    body += little(UInt64(frame.length), 4) + padded(frame.bytes)
    // epb_flags: 1 inbound, 2 outbound.
    body += option(1, text(comment)) + option(2, little(isOut ? 2 : 1, 4)) + option(0, [])
    return block(6, body)
  }

  private static func block(_ type: UInt64, _ body: [UInt8]) -> [UInt8] {
    let length = little(UInt64(body.count + 12), 4)
    return little(type, 4) + length + body + length
  }
  /// Names are anyone's, and readers print them as they stand.
  private static func text(_ text: String) -> [UInt8] {
    var bytes = Array(TerminalText.escaped(text).utf8.prefix(maximumTextBytes))
    // A reader that meets half a character may refuse the file.
    while String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
    return bytes
  }
  /// An option's length has 16 bits.
  private static let maximumTextBytes = 4096

  private static func option(_ code: UInt64, _ value: [UInt8]) -> [UInt8] {
    little(code, 2) + little(UInt64(value.count), 2) + padded(value)
  }
  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }
  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }
}
