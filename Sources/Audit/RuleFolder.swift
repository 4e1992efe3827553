// Where rules come from: a folder of SQL files, given or found beside the program.
import Foundation

public enum RuleFolder {
  /// The rules of a folder and of the folders in it, one an area, by id.
  public static func rules(in folder: String) throws(RuleError) -> [AuditRule] {
    guard let names = try? FileManager.default.subpathsOfDirectory(atPath: folder) else {
      throw RuleError(folder, "no such folder: wanted a folder of rule files (*.sql)")
    }
    let files = names.filter { $0.hasSuffix(".sql") }.sorted()
    guard !files.isEmpty else {
      throw RuleError(folder, "holds no rule: wanted rule files (*.sql)")
    }
    var rules: [String: (path: String, rule: AuditRule)] = [:]
    for path in files {
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(path)") else {
        throw RuleError(path, "cannot be read")
      }
      let name = URL(fileURLWithPath: path).lastPathComponent
      let rule = try RuleFile.parse(String(decoding: data, as: UTF8.self), name: name)
      if let other = rules[rule.id] {
        throw RuleError(path, "has the name of \(other.path): wanted one rule of a name")
      }
      rules[rule.id] = (path, rule)
    }
    return rules.values.map(\.rule).sorted { $0.id < $1.id }
  }

  /// The program's own rules; nil where there are none.
  public static func builtIn() -> String? { ProgramFolder.named("Rules", where: isRuleFolder) }

  private static func isRuleFolder(_ path: String) -> Bool {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
    return names.contains { $0.hasSuffix(".sql") }
  }
}
