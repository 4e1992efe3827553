// Whole captures, archives and snapshots: everything that `import` and the commands behind it read.
import DataPlane
import Facts
import Foundation
import LogicalModel
import NetworkTypes
import Trace

@testable import Formats
@testable import Snapshot

extension FuzzTarget {
  /// The captured cloud with one file more, or another in its place, through all that is made of it.
  /// An input is `NODE PATH` (`- PATH` for Neutron's), a line feed and the file.
  static let capture = FuzzTarget(
    "capture", maximumSeedBytes: 20_000,
    seeds: Fixtures.byFormat.values.compactMap { files in
      files.min { $0.bytes.count < $1.bytes.count }.map { file in
        Array("\(file.description.node?.rawValue ?? "-") \(file.description.path)\n".utf8)
          + file.bytes
      }
    }
  ) { bytes in
    let facts = CloudFacts(parsing: edited(bytes))
    let model = CloudModel(facts)
    _ = Drift.report(model, facts)
    let tracer = Tracer(DataPlaneModel(facts))
    for guest in tracer.cloud.guests.prefix(2) {
      _ = tracer.trace(
        Probe(
          origin: .port(guest.port), destination: .v4(IPv4Address(rawValue: 0x0808_0808)),
          kind: .icmp))
    }
  }

  /// A compute node and Neutron are enough; of a node's files not those that are large and change
  /// no model that these guests' packets meet.
  private static let base: [RawFile] = Fixtures.cloud.files.filter { file in
    guard let node = file.description.node?.rawValue else { return true }
    return node == "cmp1" && !dull.contains { file.description.path.contains($0) }
  }

  private static let dull = [
    "nft_-j", "ip6tables-save", "sysctl", "conntrack", "ip_-s_-j_link", "/usr/", "ps.txt",
    "bridge_-j_fdb", "ip_-6_-j_route", "extensions.json", "security-groups.json",
  ]

  private static func edited(_ bytes: [UInt8]) -> Capture {
    let end = bytes.firstIndex(of: 0x0a) ?? bytes.endIndex
    let words = Array(bytes[..<end]).text.split(separator: " ", maxSplits: 1).map(String.init)
    let node = words.first.flatMap { $0 == "-" ? nil : NodeName($0) }
    let path = words.count > 1 ? words[1] : ""
    let old = base.first { $0.description.node == node && $0.description.path == path }
    let file = RawFile(
      node: node, path: path, bytes: Array(bytes[end...].dropFirst()),
      command: old?.description.command)
    let others = base.filter { $0.description.node != node || $0.description.path != path }
    let nodes = Set((others + [file]).compactMap(\.description.node))
    return Capture(sources: [], nodes: Array(nodes), files: others + [file], unreadable: [])
  }

  static let sosreport = FuzzTarget(
    "sosreport", maximumSeedBytes: 30_000,
    seeds: Archive.seeds
  ) { bytes in
    ScratchFile.with(bytes, named: "sosreport-n1-2024-02-29-abcdefg.tar.xz") { path in
      _ = try? CaptureFolder.read([path])
    }
  }

  static let snapshot = FuzzTarget(
    "snapshot", maximumSeedBytes: 2 << 20,
    seeds: [SmallSnapshot.bytes].compactMap { $0 }
  ) { bytes in
    ScratchFile.with(bytes, named: "a.db") { path in
      guard let file = try? SnapshotFile.open(path: path) else { return }
      _ = try? file.loadFacts()
    }
  }
}

/// Archives of one file or two, plain and packed, as the system's `tar` makes them.
private enum Archive {
  static let seeds: [[UInt8]] = {
    let folder = "/dev/shm/ovsight-fuzz-tar-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let report = "\(folder)/sosreport-n1/sos_commands/host"
    try? FileManager.default.createDirectory(atPath: report, withIntermediateDirectories: true)
    _ = FileManager.default.createFile(
      atPath: "\(report)/hostname", contents: Data("n1\n".utf8))
    symlink("hostname", "\(report)/link")
    return ["c", "cz", "cJ", "c --format=pax", "c --format=gnu"].compactMap { way in
      let words = way.split(separator: " ").map(String.init)
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/tar")
      process.arguments =
        words.dropFirst() + ["-\(words[0])f", "\(folder)/a.tar"]
        + ["-b1", "-C", folder, "sosreport-n1"]
      guard (try? process.run()) != nil else { return nil }
      process.waitUntilExit()
      return FileManager.default.contents(atPath: "\(folder)/a.tar").map { Array($0) }
    }
  }()
}

/// A snapshot of a node with one file.
private enum SmallSnapshot {
  static let bytes: [UInt8]? = {
    let path = "/dev/shm/ovsight-fuzz-seed-\(getpid()).db"
    defer { unlink(path) }
    let file = RawFile(
      node: NodeName("n1"), path: "root/hostname.txt", bytes: Array("n1\n".utf8),
      command: CapturedCommand(commandLine: "hostname", exitCode: 0, standardError: ""))
    let capture = Capture(
      sources: ["a"], nodes: [NodeName("n1")], files: [file], unreadable: [])
    try? SnapshotFile.write(
      capture, CloudFacts(parsing: capture), to: path, toolVersion: "fuzz")
    return FileManager.default.contents(atPath: path).map { Array($0) }
  }()
}
