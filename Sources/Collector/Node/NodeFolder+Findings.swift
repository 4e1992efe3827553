// What a node's frames tell about the capture itself: who the node is, whether it changed while it
// was read, and which commands did not do their work.
import Formats
import Glibc

extension NodeFolder {
  /// What differs between the first and the last reading: `flows br-int`, `namespaces`.
  var changes: [String] {
    let changed = witnesses.filter { $0.value["first"] != $0.value["last"] }.keys
    return changed.map { $0.name.isEmpty ? $0.label : "\($0.label) of \($0.name)" }.sorted()
  }

  /// The kernel's boot and the namespace that the node lives in: containers share the one, machines
  /// the other.
  var identity: String? {
    guard let boot = firstLine("root/boot_id.txt"), let namespace = firstLine("root/netns_self.txt")
    else { return nil }
    return "\(boot) \(namespace)"
  }

  var hostName: String? { firstLine("root/hostname.txt") }

  private func firstLine(_ relative: String) -> String? {
    guard let file = fopen("\(path)/\(relative)", "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    guard fgets(&buffer, 256, file) != nil else { return nil }
    let line = String(
      decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return line.isEmpty ? nil : line
  }

  /// Commands that hung, were cut, or that answers depend on and that failed.
  var commandProblems: [String] {
    refusals
      + failures.filter { row in
        !row.path.hasPrefix("collection")
          && ([124, 137, 141].contains(row.exitCode) || FormatCatalogue.isExpected(path: row.path))
      }.map {
        "\($0.path): exit code \($0.exitCode)\($0.standardError.isEmpty ? "" : ": \($0.standardError)")"
      }
  }
}
