// Flows of a dump: every field typed, beside what ovs-ofctl needs to read the same file.
import Facts
import Formats
import Foundation

enum FlowParsing {
  static func run(_ cloud: String, _ scratch: String) throws -> [Result] {
    let files = Corpus.files(cloud, named: ["ofctl_dump-flows.txt"])
    let (text, count) = try Corpus.lines(of: files, upTo: 1_000_000) {
      $0.first == UInt8(ascii: " ")
    }
    let path = "\(scratch)/flows.txt"
    try Data(text).write(to: URL(fileURLWithPath: path))
    let ours = try Times.of(7) {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      let parsed = OpenFlowFlowsFormat.parse(CaptureText(file: CaptureFileID(0), bytes: bytes))
      precondition(parsed.records.count == count, "a flow was lost")
    }
    let peers: [([String], String)] = [
      (["parse-flows", path], "≥ 10×"), (["diff-flows", path, path], "≥ 5×"),
    ]
    return peers.map { arguments, wanted in
      let peer = Times(
        (0..<3).compactMap { _ in
          Child.run("ovs-ofctl", ["-O", "OpenFlow15"] + arguments)?.processorSeconds
        })
      return Result(
        what: "parse flows, one thread, beside `ovs-ofctl \(arguments[0])`",
        amount: "\(count) flows, \(text.count >> 20) MiB",
        ours: "\(described(ours)), \(rounded(Double(count) / ours.median / 1e6, 2)) M flows/s",
        peer: "\(described(peer)) of process time", ratio: peer.median / ours.median, wanted: wanted
      )
    }
  }
}
