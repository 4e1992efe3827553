// Names of a snapshot's things for the completion of `--from`, `--to`, VM and the like. Fed by the
// shell, which runs the program with the words that stand there so far.
import ArgumentParser
import Snapshot

enum NameCompletion {
  static let origins = CompletionKind.custom { words, _, _ in
    names(words) { try $0.originNames() }
  }
  static let targets = CompletionKind.custom { words, _, _ in
    names(words) { try $0.targetNames() + ["internet", "metadata"] }
  }
  static let nodes = CompletionKind.custom { words, _, _ in names(words) { try $0.nodeNames() } }

  /// The first word that is a snapshot is the one that is meant; none, none.
  private static func names(
    _ words: [String], _ names: (SnapshotFile) throws -> [String]
  ) -> [String] {
    for word in words.dropFirst() where !word.hasPrefix("-") {
      if let snapshot = try? SnapshotFile.open(path: word) {
        return (try? names(snapshot)) ?? []
      }
    }
    return []
  }
}
