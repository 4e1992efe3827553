// Which modules may not be imported where, and why. The build refuses undeclared imports; this list
// keeps the declarations themselves honest.
import Foundation
import Testing

struct Boundary: Sendable, CustomTestStringConvertible {
  /// Modules of the package that must not import it; `*` for all but `except`.
  let modules: [String]
  let except: [String]
  let forbidden: [String]
  let reason: String
  init(_ modules: [String], except: [String] = [], never forbidden: [String], _ reason: String) {
    self.modules = modules
    self.except = except
    self.forbidden = forbidden
    self.reason = reason
  }
  var testDescription: String { reason }
}

extension Boundary {
  static let all: [Boundary] = [
    Boundary(
      ["*"], except: ["Snapshot", "Audit"], never: ["GRDB"],
      "Only the snapshot and the rules that query it know that it is SQLite."),
    Boundary(
      ["*"], except: ["Collector"], never: ["FoundationNetworking"],
      "Ovsight answers out of a snapshot; nothing but the collector opens a connection."),
    Boundary(
      ["Collector"], never: ["GRDB", "Snapshot", "DataPlane", "Trace", "LogicalModel"],
      "The collector writes capture folders and knows of nothing that is made of them."),
    Boundary(
      ["Formats"], never: ["Snapshot", "DataPlane", "Trace", "LogicalModel", "ArgumentParser"],
      "A parser turns bytes into facts and knows of nothing behind them."),
    Boundary(
      ["NetworkTypes", "Facts", "Conntrack"], never: ["Foundation", "Glibc", "Dispatch"],
      "Types and facts are plain values; they touch no system."),
    Boundary(
      ["*"], except: ["Formats"], never: ["CLibXML2"], "XML is read in one place, with limits."),
    Boundary(["*"], except: ["Confirm"], never: ["CLibPcap"], "Only Confirm sees packets."),
    Boundary(
      ["*"], except: ["Snapshot", "Formats"], never: ["CZlib"],
      "Only the snapshot compresses; sosreports are unpacked where they are read."),
    Boundary(
      ["*"], except: ["ovsight"], never: ["ArgumentParser"],
      "The command line is glue: no stage knows how it was asked."),
    Boundary(
      ["*"], except: ["Report"], never: ["Mustache"], "Pages are made in one place, escaped."),
    Boundary(
      ["OpenFlow", "Netfilter", "DataPlane", "Trace"], never: ["Formats", "Snapshot"],
      "The data plane is built of facts, wherever they came from."),
  ]
}

@Suite struct ImportBoundaryTests {
  private static let sources = Fixture.package.appending(path: "Sources").path()

  /// Each file of a module with the modules that it imports.
  private func imports(of module: String) throws -> [(file: String, imported: Set<String>)] {
    let folder = "\(Self.sources)/\(module)"
    let paths = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return try paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
      let text = try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
      let lines = text.split(separator: "\n").filter { $0.contains("import ") }
      let names = lines.compactMap { line -> String? in
        var words = line.split(separator: " ").map(String.init)
        while let first = words.first, first != "import" {
          guard first.hasPrefix("@") || ["public", "package", "internal"].contains(first) else {
            return nil
          }
          words.removeFirst()
        }
        guard words.count >= 2 else { return nil }
        let kinds = ["struct", "class", "enum", "protocol", "func", "typealias", "var", "let"]
        let name = kinds.contains(words[1]) ? words.dropFirst(2).first : words[1]
        return name?.split(separator: ".").first.map(String.init)
      }
      return ("\(module)/\(path)", Set(names))
    }
  }

  private func modules() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: Self.sources).sorted()
  }

  @Test(arguments: Boundary.all) func isKept(_ boundary: Boundary) throws {
    let names = boundary.modules == ["*"] ? try modules() : boundary.modules
    for module in names where !boundary.except.contains(module) {
      for (file, imported) in try imports(of: module) {
        let crossed = imported.intersection(boundary.forbidden)
        #expect(crossed.isEmpty, "\(file): \(boundary.reason)")
      }
    }
  }

  @Test func importsAreSeenAtAll() throws {
    let all = try modules().flatMap { try imports(of: $0) }
    #expect(all.contains { $0.imported.contains("GRDB") })
    #expect(all.contains { $0.imported.contains("ArgumentParser") })
    #expect(all.count > 50)
  }
}
