// The captured healthy cloud, for the tests of Neutron's API, of the nodes' files and of libvirt.
import Facts
import Foundation
import NetworkTypes

@testable import Formats

enum OpenStackFixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/healthy-cloud").path

  static let capture = Result { try CaptureFolder.read([folder]) }

  static func facts() throws -> CloudFacts { CloudFacts(parsing: try capture.get()) }

  /// The files that a row of OpenStackCatalogue reads.
  static func files() throws -> [(file: RawFile, format: CaptureFormat)] {
    let names = Set(FormatCatalogue.openStack.map(\.name))
    return try capture.get().files.compactMap { file in
      guard let format = FormatCatalogue.row(for: file.description), names.contains(format.name)
      else { return nil }
      return (file, format)
    }
  }

  static func parse(_ bytes: [UInt8], of file: RawFile, _ format: CaptureFormat) -> ParsedFile {
    format.parse(CaptureText(file: file.description.id, bytes: bytes), file.description)
  }
}

/// A generator whose sequence is the same in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
