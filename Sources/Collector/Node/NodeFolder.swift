// A node's capture folder while its frames come in: one file a frame, secrets masked once more
// before anything is written, and at the end `commands.tsv`. Fed by FrameReader through
// NodeCollection; read again by Formats' CaptureFolder.
import Formats

/// Writes the folder of one node; used by one task.
struct NodeFolder {
  let path: String
  let limits: NodeLimits
  private var rows: [CommandRow] = []
  private var written: Set<String> = []
  private var current: CurrentFile?
  private(set) var byteCount = 0
  /// What the node's clock said at first.
  private var clock: (uptime: Double, epoch: Double)?
  private(set) var userID: Int?
  private(set) var witnesses: [WitnessKey: [String: String]] = [:]
  private(set) var isWhole = false
  /// What the node has and was not read, a line each.
  private(set) var refusals: [String] = []
  /// A node of more hostile names than these is told of in one word more.
  private static let maximumRefusals = 100

  /// The script sends a few a namespace.
  private static let maximumWitnesses = 100_000

  struct WitnessKey: Hashable {
    let label: String
    let name: String
  }

  init(path: String, limits: NodeLimits) throws(DiskError) {
    self.path = path
    self.limits = limits
    try Folders.make(path)
  }

  /// How many commands and copied files it holds.
  var fileCount: Int { written.count }
  /// Why something that was asked for is not there or not whole, by file.
  var failures: [CommandRow] { rows.filter { $0.exitCode != 0 } }

  mutating func take(_ event: FrameEvent) throws {
    switch event {
    case .hello(let uptime, let epoch, let userID):
      if let uptime, let epoch { clock = (uptime, epoch) }
      self.userID = userID
    case .begin(let header): try begin(header)
    case .data(let bytes): try append(bytes)
    case .end(let exitCode, let said): try end(exitCode, said)
    case .witness(let stage, let label, let name, let checksum):
      guard witnesses.count < Self.maximumWitnesses else { return }
      let key = WitnessKey(label: SafeName.line(label), name: SafeName.line(name))
      witnesses[key, default: [:]][SafeName.line(stage)] = SafeName.line(checksum)
    case .refuse(let kind, let name, let reason):
      try refuse("\(SafeName.line(kind)) '\(SafeName.line(name))'", SafeName.line(reason))
    case .bye: isWhole = true
    }
  }

  private mutating func refuse(_ what: String, _ reason: String) throws(DiskError) {
    guard refusals.count < Self.maximumRefusals else { return }
    refusals.append("\(what) not read: \(reason)")
    try note(refusals[refusals.count - 1])
    if refusals.count == Self.maximumRefusals { try note("more names than these not read") }
  }

  /// What the collector itself has to say: a file of its own, so that it is a gap by name.
  mutating func note(_ reason: String, exitCode: Int32 = 1) throws(DiskError) {
    let count = rows.count { $0.path.hasPrefix("collection") } + 1
    let file = count == 1 ? "collection.txt" : "collection-\(count).txt"
    _ = try FileOutput(creating: "\(path)/\(file)")
    rows.append(
      CommandRow(
        path: file, exitCode: exitCode, commandLine: "ovsight collect", standardError: reason))
  }

  /// Ends the last frame where it was cut off, and writes the index.
  mutating func close(cut reason: String?) throws(DiskError) {
    if var file = current {
      file.said = Array((reason ?? "cut off").utf8)
      try finish(file, exitCode: 255)
    }
    let index = try FileOutput(creating: "\(path)/commands.tsv")
    try index.write(Array(rows.map(\.line).joined().utf8))
  }
}

extension NodeFolder {
  private struct CurrentFile {
    let relativePath: String
    let words: [[UInt8]]
    let startedAt: String?
    let limitBytes: Int
    /// Held back until the end, to mask what may be a secret; nil where it is written at once.
    var held: [UInt8]?
    var output: OpenFile?
    var count = 0
    var said: [UInt8] = []
    /// Nobody wants it: its name is not one to write to.
    var isRefused = false
  }

  /// FileOutput in a struct that is copied: a reference to it.
  private final class OpenFile {
    let file: FileOutput
    init(_ path: String) throws(DiskError) { file = try FileOutput(creating: path) }
  }

  private mutating func begin(_ header: FrameHeader) throws {
    if let file = current { try finish(file, exitCode: 255) }
    let limit = header.kind == .file ? limits.fileBytes : limits.outputBytes
    guard let relative = relativePath(header) else {
      current = CurrentFile(
        relativePath: "", words: header.words, startedAt: nil, limitBytes: limit, isRefused: true)
      try refuse("\(header.kind.rawValue) '\(SafeName.line(header.name))'", "no name for a file")
      return
    }
    var file = CurrentFile(
      relativePath: relative, words: header.words, startedAt: time(header.uptime),
      limitBytes: limit)
    if SecretMask.applies(to: relative) {
      file.held = []
    } else {
      file.output = try open(relative)
    }
    written.insert(relative)
    current = file
  }

  private func open(_ relative: String) throws(DiskError) -> OpenFile {
    if let slash = relative.lastIndex(of: "/") {
      try Folders.make(relative[..<slash], below: path)
    }
    return try OpenFile("\(path)/\(relative)")
  }

  private mutating func append(_ bytes: [UInt8]) throws {
    guard var file = current, !file.isRefused else { return }
    let room = max(0, file.limitBytes - file.count)
    let kept = bytes.count <= room ? bytes : Array(bytes.prefix(room))
    file.count += bytes.count
    byteCount += kept.count
    if file.held != nil {
      file.held?.append(contentsOf: kept)
    } else {
      try file.output?.file.write(kept)
    }
    current = file
  }

  private mutating func end(_ exitCode: Int32, _ said: [UInt8]) throws {
    guard var file = current else { return }
    file.said = said
    try finish(file, exitCode: exitCode)
  }

  private mutating func finish(_ file: CurrentFile, exitCode: Int32) throws(DiskError) {
    current = nil
    guard !file.isRefused else { return }
    if let held = file.held {
      try open(file.relativePath).file.write(SecretMask.masked(held, in: file.relativePath))
    }
    // A copied file that is whole needs no row: it has no command.
    let isCopy = file.relativePath.hasPrefix("files/")
    let (code, text) = outcome(file, exitCode)
    guard !isCopy || code != 0 else { return }
    let line = file.words.map { SafeName.line($0) }.joined(separator: " ")
    rows.append(
      CommandRow(
        path: file.relativePath, exitCode: code, commandLine: line, standardError: text,
        startedAt: file.startedAt))
  }

  /// What the shell's exit codes mean, in words.
  private func outcome(_ file: CurrentFile, _ exitCode: Int32) -> (Int32, String) {
    if file.count > file.limitBytes {
      return (exitCode == 0 ? 141 : exitCode, "cut after \(file.limitBytes) bytes")
    }
    let said = SafeName.firstLine(file.said)
    if exitCode == 124 || exitCode == 137 {
      return (exitCode, "did not end within \(limits.commandSeconds) s, killed")
    }
    return (exitCode, said)
  }

  /// Nil where a name of the node's would leave the folder, or is none of the list's files.
  private func relativePath(_ header: FrameHeader) -> String? {
    if header.kind == .file { return copyPath(header) }
    let file = String(decoding: header.file, as: UTF8.self)
    guard CommandList.fileNames.contains(file) else { return nil }
    let folder: String
    switch header.kind {
    case .root: folder = "root"
    case .ovs, .file: folder = "ovs"
    case .namespace, .bridge:
      guard let name = SafeName.component(header.name) else { return nil }
      folder = (header.kind == .bridge ? "ovs/" : "ns/") + name
    }
    let path = "\(folder)/\(file)"
    return written.contains(path) ? nil : path
  }

  /// Two containers may have a file of one name: the second goes by its path on the host.
  private func copyPath(_ header: FrameHeader) -> String? {
    let candidates = [header.name] + header.words.dropFirst().prefix(1)
    return candidates.lazy.compactMap(SafeName.absolutePath).map { "files" + $0 }
      .first { !written.contains($0) }
  }

  private func time(_ uptime: Double?) -> String? {
    guard let clock, let uptime else { return nil }
    return Clock.utc(clock.epoch + uptime - clock.uptime)
  }
}

extension CommandList {
  /// The names that the list's commands write to.
  static let fileNames: Set<String> = {
    func names(_ command: ReviewedCommand) -> [String] {
      [command.file] + command.otherwise.flatMap(names)
    }
    return Set((namespace + host + ofNamespace + openVSwitch + bridge).flatMap(names))
  }()
}
