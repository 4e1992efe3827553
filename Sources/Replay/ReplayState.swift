// What a running replay keeps in its folder: enough to find one's way in it again. Which processes
// belong to it is not kept, for they say so themselves.
import Foundation
import Namespaces
import NetworkTypes

struct ReplayState: Codable {
  var snapshot: String
  /// False while it is being built, or after a builder that died.
  var isComplete = false
  /// Ports of guests that stand here, with their namespaces.
  var guests: [String: String] = [:]
  /// Namespaces of outside hosts, in the model's order.
  var outside: [String] = []
  var namespaces: [String: [String]] = [:]
  var notes: [Note] = []

  struct Note: Codable {
    var node: String?
    var namespace: String?
    var text: String
    init(_ note: ReplayNote) {
      node = note.node?.rawValue
      namespace = note.namespace?.rawValue
      text = note.text
    }
    var note: ReplayNote {
      ReplayNote(
        node: node.map { NodeName($0) }, namespace: namespace.map { NamespaceName($0) }, text)
    }
  }

  static let fileName = "state.json"
  private static func path(_ folder: String) -> String { "\(folder)/\(fileName)" }

  static func load(_ folder: String) -> ReplayState? {
    guard let data = FileManager.default.contents(atPath: path(folder)) else { return nil }
    return try? JSONDecoder().decode(ReplayState.self, from: data)
  }

  func save(_ folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let temporary = Self.path(folder) + ".new"
    guard
      FileManager.default.createFile(
        atPath: temporary, contents: try encoder.encode(self),
        attributes: [.posixPermissions: 0o600])
    else { throw NamespaceError("\(temporary): cannot be written") }
    guard rename(temporary, Self.path(folder)) == 0 else {
      throw NamespaceError("\(Self.path(folder)): \(systemMessage())")
    }
  }
}
