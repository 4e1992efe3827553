// Reads the files of one part of a capture: a node's folder, a sosreport, the Neutron API's answers. Pure
// file input: nothing is interpreted but `commands.tsv`. Feeds CaptureListing.
import Facts
import NetworkTypes

/// A file as it was read, below its node's folder.
private struct ReadFile: Sendable {
  let path: String
  let content: FileContent
}

/// Collects the files of one part and the gaps of those that could not be read.
struct PartReader {
  /// Nil for the Neutron API's answers.
  let node: NodeName?
  var files: [RawFile] = []
  var unreadable: [Gap] = []

  init(node: NodeName?) { self.node = node }

  mutating func read(folder: String) {
    guard let node else {
      files += rawFiles(in: folder, prefix: "neutron/").map { file in
        RawFile(node: nil, path: file.path, content: file.content)
      }
      return
    }
    let raw = rawFiles(in: folder, prefix: "")
    let commands = commands(in: raw)
    files += raw.map { file in
      RawFile(node: node, path: file.path, content: file.content, command: commands[file.path])
    }
    reportMissing(commands, among: raw, node)
  }

  mutating func add(_ report: Sosreport) {
    files += report.files.map { file in
      RawFile(
        node: node, path: file.path, bytes: SecretMask.masked(file.bytes, in: file.path),
        command: file.command)
    }
    unreadable += report.unreadable.map { Gap(node: node, path: $0.path, reason: $0.reason) }
  }

  private func commands(in files: [ReadFile]) -> [String: CapturedCommand] {
    guard let index = files.first(where: { $0.path == "commands.tsv" }) else { return [:] }
    let text = CaptureText(file: CaptureFileID(0), bytes: index.content.bytes)
    let pairs = CommandIndexFormat.parse(text).records.map { ($0.path, $0.command) }
    return Dictionary(pairs, uniquingKeysWith: { _, last in last })
  }

  /// A command that ran and whose file is not there was lost on the way.
  private mutating func reportMissing(
    _ commands: [String: CapturedCommand], among files: [ReadFile], _ node: NodeName
  ) {
    let present = Set(files.map(\.path))
    let known = Set(unreadable.filter { $0.node == node }.map(\.path))
    for path in commands.keys where !present.contains(path) && !known.contains(path) {
      unreadable.append(
        Gap(node: node, path: path, reason: "in commands.tsv, but the file is missing"))
    }
  }

  private mutating func rawFiles(in root: String, prefix: String) -> [ReadFile] {
    var found: [ReadFile] = []
    var pending = [(path: "", depth: 0)]
    while let (relative, depth) = pending.popLast() {
      for name in FileTree.names(in: root + "/" + relative) ?? [] {
        let path = relative.isEmpty ? name : "\(relative)/\(name)"
        switch FileTree.kind(of: "\(root)/\(path)") {
        case .directory where depth < CaptureFolder.maximumDepth:
          pending.append((path, depth + 1))
        case .regular:
          // The folders above it were no links either, so it is below the root.
          guard let bytes = contents(of: "\(root)/\(path)", path, prefix) else { continue }
          found.append(ReadFile(path: prefix + path, content: .plain(bytes)))
        case .symbolicLink:
          guard let target = FileTree.resolved("\(root)/\(path)"), target.hasPrefix(root + "/")
          else {
            refuse(prefix + path, "a symbolic link out of the folder, not followed")
            continue
          }
          guard let bytes = contents(of: target, path, prefix) else { continue }
          found.append(ReadFile(path: prefix + path, content: .plain(bytes)))
        default:
          refuse(prefix + path, "neither a file nor a folder to read")
        }
      }
    }
    return found
  }

  /// Records a gap and gives nil where the file cannot be read.
  private mutating func contents(
    of file: String, _ path: String, _ prefix: String
  ) -> [UInt8]? {
    do throws(FileTree.ReadError) {
      let bytes = try FileTree.contents(of: file, limitBytes: CaptureFolder.maximumFileBytes)
      return SecretMask.masked(bytes, in: path)
    } catch {
      switch error {
      case .tooLarge:
        refuse(prefix + path, "larger than \(CaptureFolder.maximumFileBytes >> 20) MiB, not read")
      case .failed(let text): refuse(prefix + path, "cannot be read: \(text)")
      }
      return nil
    }
  }

  private mutating func refuse(_ path: String, _ reason: String) {
    unreadable.append(Gap(node: node, path: path, reason: reason))
  }
}
