// One thing that reads what others wrote: how it is run on bytes, and which bytes it starts from.
import Foundation

struct FuzzTarget: Sendable {
  let name: String
  /// Larger inputs find little more and take long.
  let maximumSeedBytes: Int
  let seeds: @Sendable () -> [[UInt8]]
  let run: @Sendable ([UInt8]) -> Void

  init(
    _ name: String, maximumSeedBytes: Int = 6_000,
    seeds: @autoclosure @escaping @Sendable () -> [[UInt8]],
    run: @escaping @Sendable ([UInt8]) -> Void
  ) {
    (self.name, self.maximumSeedBytes, self.seeds, self.run) = (name, maximumSeedBytes, seeds, run)
  }

  static let all: [FuzzTarget] =
    formats + [
      capture, sosreport, snapshot, packet, cookedFrame, captureFile, frames, inventoryINI,
      inventoryYAML, cloudSettings, host, rule, waivers, probes, flow, json, xml,
    ]

  /// At most so many, of different sizes.
  private static let maximumSeeds = 24

  func writeSeeds(below folder: String) {
    let own = "\(folder)/\(name)"
    try? FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
    let sorted = Set(seeds()).filter { $0.count <= maximumSeedBytes }
      .sorted { ($0.count, $0.lexicographicOrder) < ($1.count, $1.lexicographicOrder) }
    let step = max(1, sorted.count / Self.maximumSeeds)
    for index in stride(from: 0, to: sorted.count, by: step) {
      try? Data(sorted[index]).write(to: URL(fileURLWithPath: "\(own)/seed-\(index)"))
    }
  }
}

extension [UInt8] {
  fileprivate var lexicographicOrder: String { String(decoding: self, as: UTF8.self) }
  var text: String { String(decoding: self, as: UTF8.self) }
}

/// Where a target that reads files puts its input: in memory, private to this process.
enum ScratchFile {
  static func with(_ bytes: [UInt8], named name: String, _ body: (String) -> Void) {
    let folder = "/dev/shm/ovsight-fuzz-\(getpid())"
    mkdir(folder, 0o700)
    let path = "\(folder)/\(name)"
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { return }
    body(path)
    unlink(path)
    rmdir(folder)
  }
}
