// Texts to parse: the files of one kind of a capture folder, one behind the other.
import Foundation

enum Corpus {
  /// The files below `folder` whose names are one of `names`, sorted by path.
  static func files(_ folder: String, named names: Set<String>) -> [String] {
    guard let walk = FileManager.default.enumerator(atPath: folder) else { return [] }
    var found: [String] = []
    for case let path as String in walk
    where names.contains(path.split(separator: "/").last.map(String.init) ?? "") {
      found.append("\(folder)/\(path)")
    }
    return found.sorted()
  }

  /// Their lines that `isWanted` holds for, up to `limit` of them.
  static func lines(
    of files: [String], upTo limit: Int, where isWanted: (ArraySlice<UInt8>) -> Bool
  ) throws -> (text: [UInt8], count: Int) {
    var text: [UInt8] = []
    var count = 0
    for file in files where count < limit {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
      for line in bytes.split(separator: UInt8(ascii: "\n")) where isWanted(line) && count < limit {
        text += line
        text.append(UInt8(ascii: "\n"))
        count += 1
      }
    }
    return (text, count)
  }
}
