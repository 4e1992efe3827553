// A sosreport, as a folder or as a tarball, made into a node's capture files. Fed by CaptureFolder;
// its names are SosreportMapping's.
import Facts
import NetworkTypes

/// What was read of one sosreport.
struct Sosreport {
  let node: String
  /// By path within the node's folder.
  let files: [(path: String, bytes: [UInt8], command: CapturedCommand?)]
  /// Files that are there and could not be read.
  let unreadable: [(path: String, reason: String)]

  /// Larger files are a gap: a flow table of a million entries prints 200 MB.
  private static let maximumFileBytes = CaptureFolder.maximumFileBytes

  /// All that is kept of an archive, in memory: the largest networks' is some hundred MB, and a few
  /// MB of xz may unpack to anything.
  static let maximumBytes = 4 << 30

  /// What makes a folder a sosreport's.
  static func isFolder(_ path: String) -> Bool { FileTree.isDirectory("\(path)/sos_commands") }

  /// By its name; nothing but an archive has such a one.
  static func isArchive(_ path: String) -> Bool {
    FileTree.kind(of: path) == .regular
      && [".tar.xz", ".tar.gz", ".tgz", ".tar"].contains { path.hasSuffix($0) }
  }

  /// The node that the sosreport in `folder` is of.
  static func node(ofFolder folder: String) -> String {
    let host = Collected.hostNames.lazy.compactMap { name -> String? in
      let path = "\(folder)/\(name)"
      // Of this host's own file no link may make another's name.
      guard FileTree.resolved(path) == path else { return nil }
      return (try? FileTree.contents(of: path, limitBytes: Self.maximumFileBytes))
        .flatMap(firstWord)
    }.first
    return host ?? hostName(ofFolder: CaptureFolder.lastComponent(folder))
  }

  static func reading(folder: String) -> Sosreport {
    var collected = Collected()
    var pending = [(path: "", depth: 0)]
    while let (relative, depth) = pending.popLast() {
      for name in FileTree.names(in: "\(folder)/\(relative)") ?? [] {
        let path = relative.isEmpty ? name : "\(relative)/\(name)"
        switch FileTree.kind(of: "\(folder)/\(path)") {
        case .directory where depth < CaptureFolder.maximumDepth:
          pending.append((path, depth + 1))
        case .regular where collected.wants(path):
          do throws(FileTree.ReadError) {
            collected.add(
              path,
              try FileTree.contents(of: "\(folder)/\(path)", limitBytes: Self.maximumFileBytes))
          } catch {
            collected.refuse(path, Self.reason(error))
          }
        default: continue
        }
      }
    }
    return collected.report(named: CaptureFolder.lastComponent(folder))
  }

  static func reading(
    archive: String, keeping maximumBytes: Int = maximumBytes
  ) throws(ArchiveError) -> Sosreport {
    var collected = Collected()
    var isSosreport = false
    var kept = 0
    try TarArchive.read(
      archive,
      wants: { name, size in
        let path = withoutTop(name)
        isSosreport = isSosreport || path.hasPrefix("sos_commands/")
        guard collected.wants(path) else { return false }
        guard size <= Self.maximumFileBytes else {
          collected.refuse(path, Self.reason(.tooLarge))
          return false
        }
        guard kept + size <= maximumBytes else {
          collected.refuse(path, "the archive holds more than \(maximumBytes) bytes, not read")
          return false
        }
        kept += size
        return true
      }, found: { name, bytes in collected.add(withoutTop(name), bytes) })
    guard isSosreport else { throw ArchiveError(problem: "holds no sos_commands") }
    let name = CaptureFolder.lastComponent(archive)
    return collected.report(named: String(name.prefix(upTo: name.range(of: ".t") ?? name.endIndex)))
  }

  /// `sosreport-compute1-2024-02-29-abcdefg/etc/hosts` → `etc/hosts`.
  private static func withoutTop(_ name: String) -> String {
    let parts = name.split(separator: "/").filter { $0 != "." }
    guard !parts.contains("..") else { return "" }
    return parts.dropFirst().joined(separator: "/")
  }

  private static func reason(_ error: FileTree.ReadError) -> String {
    switch error {
    case .tooLarge: "larger than \(maximumFileBytes >> 20) MiB, not read"
    case .failed(let text): "cannot be read: \(text)"
    }
  }
}

extension String {
  fileprivate func range(of text: String) -> Index? { firstRange(of: text)?.lowerBound }
}

extension Sosreport {
  /// Files while they come in, in any order.
  private struct Collected {
    private struct Entry {
      let source: String
      let rank: Int
      let bytes: [UInt8]
    }
    private static let manifestPath = "sos_reports/manifest.json"
    static let hostNames = ["sos_commands/host/hostname", "etc/hostname"]

    private var entries: [String: Entry] = [:]
    private var manifest: [UInt8] = []
    private var names: [String: String] = [:]
    private var unreadable: [(path: String, reason: String)] = []

    func wants(_ path: String) -> Bool {
      path == Self.manifestPath || Self.hostNames.contains(path)
        || SosreportMapping.file(path) != nil
    }

    mutating func add(_ path: String, _ bytes: [UInt8]) {
      if path == Self.manifestPath { manifest = bytes }
      if Self.hostNames.contains(path) { names[path] = Sosreport.firstWord(bytes) }
      guard let file = SosreportMapping.file(path) else { return }
      if let entry = entries[file.path], entry.rank >= file.rank { return }
      entries[file.path] = Entry(source: path, rank: file.rank, bytes: bytes)
    }

    mutating func refuse(_ path: String, _ reason: String) {
      guard let file = SosreportMapping.file(path) else { return }
      unreadable.append((file.path, reason))
    }

    func report(named name: String) -> Sosreport {
      let commands = SosreportManifest.commands(manifest)
      var files: [(path: String, bytes: [UInt8], command: CapturedCommand?)] = []
      for (path, entry) in entries.sorted(by: { $0.key < $1.key }) {
        files.append((path, entry.bytes, commands[entry.source]))
        if let links = links(besides: path) {
          files.append((links, LinkLines.of(entry.bytes), nil))
        }
      }
      let host = Self.hostNames.lazy.compactMap { names[$0] }.first
      return Sosreport(
        node: host ?? Sosreport.hostName(ofFolder: name), files: files, unreadable: unreadable)
    }

    /// sos asks namespaces for addresses only; `ip -d address` tells of the links too.
    private func links(besides path: String) -> String? {
      let address = "/ip_-d_address.txt"
      guard path.hasSuffix(address) else { return nil }
      let folder = path.dropLast(address.count)
      let others = ["\(folder)/ip_-d_link.txt", "\(folder)/ip_-s_-d_link.txt"]
      return others.contains { entries[$0] != nil } ? nil : others[0]
    }
  }

  fileprivate static func firstWord(_ bytes: [UInt8]) -> String? {
    let words = String(decoding: bytes.prefix(256), as: UTF8.self).split { $0.isWhitespace }
    guard let word = words.first, !word.contains("/"), word != ".", word != ".." else { return nil }
    return String(word)
  }

  /// `sosreport-compute1-2024-02-29-abcdefg` → `compute1`: what is before the date.
  static func hostName(ofFolder name: String) -> String {
    let parts = name.split(separator: "-").map(String.init)
    guard parts.first == "sosreport", parts.count > 2 else { return name }
    let rest = parts.dropFirst()
    let year = rest.firstIndex { $0.count == 4 && $0.allSatisfy(\.isNumber) } ?? rest.endIndex
    let host = rest[..<year].joined(separator: "-")
    return host.isEmpty ? name : host
  }
}

/// The lines of `ip address` that are about links; the others are left empty, so that line numbers
/// still point at the sosreport's file.
private enum LinkLines {
  static func of(_ bytes: [UInt8]) -> [UInt8] {
    let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
    let kept = lines.map { line in isOfAddress(line) ? [] : Array(line) }
    return Array(kept.joined(separator: [0x0a]))
  }

  private static func isOfAddress(_ line: ArraySlice<UInt8>) -> Bool {
    let content = line.drop { $0 == 0x20 }
    guard content.count < line.count else { return false }
    return ["inet ", "inet6 ", "valid_lft "].contains { content.starts(with: Array($0.utf8)) }
  }
}
