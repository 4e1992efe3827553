// A target for each row of the format catalogue, and for the parsers beneath them.
import Facts
import Foundation
import NetworkTypes
import OpenFlow

@testable import Formats

enum Fixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures").path()

  /// The captured cloud, with no file packed: the sanitizer does not see the pointers to those, for
  /// their high bits say so, and takes them for leaks.
  static let cloud: Capture = {
    guard let read = try? CaptureFolder.read(["\(folder)/healthy-cloud"]) else {
      return Capture(sources: [], nodes: [], files: [], unreadable: [])
    }
    let files = read.files.map { RawFile(description: $0.description, bytes: $0.bytes) }
    return Capture(
      sources: read.sources, nodes: read.nodes, files: files, unreadable: read.unreadable)
  }()

  static let byFormat: [String: [RawFile]] = Dictionary(
    grouping: cloud.files.filter { !$0.bytes.isEmpty },
    by: { FormatCatalogue.row(for: $0.description)?.name ?? "" })
}

extension FuzzTarget {
  static let formats: [FuzzTarget] = FormatCatalogue.rows.map { row in
    FuzzTarget("format-\(row.name)", seeds: seeds(of: row)) { bytes in
      let path = Fixtures.byFormat[row.name]?.first?.description.path ?? row.canonicalName
      let file = CaptureFile(
        id: CaptureFileID(0), node: NodeName("n1"), path: path, sizeBytes: bytes.count,
        command: nil)
      let text = CaptureText(file: file.id, bytes: bytes)
      let parsed = row.parseNamed?(text, file, names) ?? row.parse(text, file)
      precondition(parsed.coverage.lostBytes == 0, "bytes are lost")
    }
  }

  private static let names = SwitchNames(
    ports: ["patch-tun": OpenFlowPort(1), "tap0": OpenFlowPort(2)], tables: ["drop": 1])

  /// Whole files; of long ones the beginning too, cut at a line's end.
  private static func seeds(of row: CaptureFormat) -> [[UInt8]] {
    (Fixtures.byFormat[row.name] ?? []).map { file in
      guard file.bytes.count > 6_000 else { return file.bytes }
      let head = file.bytes.prefix(4_000)
      return Array(head[..<(head.lastIndex(of: 0x0a) ?? head.endIndex)])
    }
  }

  static let json = FuzzTarget(
    "json", seeds: (Fixtures.byFormat["ip-link"] ?? []).map(\.bytes)
  ) { bytes in _ = try? JSONParser.document(bytes) }

  static let xml = FuzzTarget(
    "xml", maximumSeedBytes: 20_000,
    seeds: (Fixtures.byFormat["libvirt-domain"] ?? []).map(\.bytes)
  ) { bytes in _ = try? XMLDocument.root(of: bytes) }

  static let flow = FuzzTarget(
    "trace-flow",
    seeds: [
      "in_port=1,tcp,dl_src=02:00:00:00:00:01,nw_src=10.0.0.5,nw_dst=10.0.0.6,tp_dst=80",
      "in_port=\"tap0\",icmp6,ipv6_src=fe80::1/64,dl_vlan=3,ct_state=+trk-new,reg5=0x1/0xff",
    ].map { Array($0.utf8) }
  ) { bytes in _ = TraceFlowFormat.parse(bytes.text, names: names) }
}
