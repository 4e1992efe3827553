// Errors of the command line itself: one line each.
import Foundation

/// Something that the user can mend; printed behind `ovsight: `.
struct CommandError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A file's bytes, or standard input's for `-`.
func readFile(_ path: String) throws -> [UInt8] {
  if path == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
  guard let data = FileManager.default.contents(atPath: path) else {
    throw CommandError("\(path): cannot be read: wanted a readable file")
  }
  return Array(data)
}
