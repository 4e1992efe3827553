// One node's bridge of a captured cloud, put up on a real switch: its ports and its flows.
import Facts
import Formats
import Foundation
import SwitchLab

struct TracedNode {
  private let flowsPath: String
  private let portsPath: String

  /// The node whose bridge has the longest dump.
  static func largest(in cloud: String, bridge: String) throws -> TracedNode {
    let dumps = Corpus.files(cloud, named: ["ofctl_dump-flows.txt"]).filter {
      $0.hasSuffix("/\(bridge)/ofctl_dump-flows.txt")
    }
    func size(_ path: String) -> Int {
      (try? URL(fileURLWithPath: path).resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    }
    guard let dump = dumps.max(by: { size($0) < size($1) }) else {
      throw BenchmarkError("\(cloud): no node has flows of \(bridge)")
    }
    let folder = dump.dropLast("ofctl_dump-flows.txt".count)
    return TracedNode(flowsPath: dump, portsPath: folder + "ofctl_dump-ports-desc.txt")
  }

  func install(on live: LiveSwitch, bridge: String) throws {
    try live.vsctl([
      "--", "add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=dummy",
      "fail_mode=secure", "protocols=OpenFlow10,OpenFlow13,OpenFlow14,OpenFlow15",
    ])
    let ports = try ports().filter { $0.name.rawValue != bridge }
    // The switch answers when the last of a call's ports is there: not too many a call.
    for start in stride(from: 0, to: ports.count, by: 200) {
      try live.vsctl(
        ports[start..<min(start + 200, ports.count)].flatMap { port in
          [
            "--", "add-port", bridge, "p\(port.number)", "--", "set", "interface",
            "p\(port.number)", "type=dummy", "ofport_request=\(port.number)",
          ]
        })
    }
    // `add-flows` takes what `dump-flows` prints, but for its heading.
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: flowsPath)))
    let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { $0.first == 0x20 }
    let path = "\(live.folder.path)/flows"
    try Data(lines.joined(separator: [UInt8(ascii: "\n")])).write(to: URL(fileURLWithPath: path))
    _ = try live.ofctl("OpenFlow15", "add-flows", bridge, [path])
  }

  private func ports() throws -> [OpenFlowPortDescription] {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: portsPath)))
    return OpenFlowPortsFormat.parse(CaptureText(file: CaptureFileID(0), bytes: bytes)).records
  }
}
