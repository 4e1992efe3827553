// A capture folder made of a replay by the same commands that made the one which was replayed.
import Facts
import Foundation
import NetworkTypes
import Replay

struct Recollection {
  let replay: Replay
  let recorded: CloudFacts
  init(_ replay: Replay, _ recorded: CloudFacts) {
    self.replay = replay
    self.recorded = recorded
  }

  /// Files whose facts a replay holds.
  private static let wanted = [
    "ip_-d_-j_link.json", "ip_-j_addr.json", "ip_-4_-j_route_table_all.json",
    "ip_-6_-j_route_table_all.json", "ip_-4_-j_rule.json", "ip_-6_-j_rule.json",
    "iptables-save_-c.txt", "ip6tables-save_-c.txt", "ipset_save.txt", "sysctl.txt",
    "ovsdb-client_dump.json", "ofctl_dump-flows.txt", "ofctl_dump-groups.txt",
    "ofctl_dump-ports-desc.txt",
  ]

  func facts() throws -> CloudFacts {
    let folder = "/tmp/ovsight-recollection-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for node in recorded.nodes { try collect(node.name, "\(folder)/\(node.name)") }
    return try LiveCloud.facts(folder)
  }

  private func collect(_ node: NodeName, _ folder: String) throws {
    var index = ""
    for file in recorded.files where file.node == node {
      guard let command = file.command, command.exitCode == 0,
        Self.wanted.contains(URL(filePath: file.path).lastPathComponent)
      else { continue }
      let output = try replay.run(words(command.commandLine), in: .node(node))
      let path = "\(folder)/\(file.path)"
      try FileManager.default.createDirectory(
        atPath: URL(filePath: path).deletingLastPathComponent().path(),
        withIntermediateDirectories: true)
      try filtered(output, file, command).write(toFile: path, atomically: false, encoding: .utf8)
      index += "\(file.path)\t0\t\(command.commandLine)\t\n"
    }
    try index.write(toFile: "\(folder)/commands.tsv", atomically: false, encoding: .utf8)
  }

  private func words(_ line: String) -> [String] {
    let words = line.split(separator: " ").map(String.init)
    guard let shell = words.firstIndex(of: "sh"), line.contains("sysctl") else { return words }
    return words[..<shell] + ["sysctl", "-a"]
  }

  /// `sysctl -a` tells more than the recorded command let through.
  private func filtered(_ output: String, _ file: CaptureFile, _ command: CapturedCommand)
    -> String
  {
    guard command.commandLine.contains("sysctl"), let node = file.node else { return output }
    let parts = file.path.split(separator: "/")
    let namespace = parts.first == "ns" ? NamespaceName(String(parts[1])) : .root
    let names = Set(
      recorded.node(node)?.namespaces[namespace]?.sysctls.records.map(\.name) ?? [])
    return output.split(separator: "\n").filter { line in
      names.contains(String(line.prefix { $0 != " " }))
    }.joined(separator: "\n") + "\n"
  }
}
