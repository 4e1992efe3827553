// Findings and topology in other forms: each parses, says the same, and tells what it could not.
import Facts
import Foundation
import Testing

@testable import Audit
@testable import Report

@Suite struct FormatTests {
  static func document(_ format: ReportFormat, word: String = "web") throws -> String {
    try #require(
      try format.document(
        try ReportFixture.fullInput(word: word), folder: try ReportFixture.folder.get()))
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func textTells() throws {
    let text = try Self.document(.text)
    for line in [
      "HIGH      web [web]", "  web: web", "  fix: web", "  waived: web, until web",
      "  at cmp1 root/iptables-save_-c.txt:12", "unknown   web [open]", "  lacks web",
    ] { #expect(text.contains(line + "\n"), "\(line)") }
  }

  @Test func jsonHasWhatItsSchemaAsksFor() throws {
    let answer = try object(try Self.document(.json))
    let url = ReportFixture.root.appendingPathComponent("Reports/findings.schema.json")
    let schema = try object(String(contentsOf: url, encoding: .utf8))
    try Self.check(answer, schema, root: schema, at: "$")
  }

  @Test func schemaKnowsEverySeverity() throws {
    let url = ReportFixture.root.appendingPathComponent("Reports/findings.schema.json")
    let schema = try String(contentsOf: url, encoding: .utf8)
    let all = RuleSeverity.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    #expect(schema.matches(of: /"enum": \["critical"[^\]]*\]/).count == 2)
    #expect(schema.components(separatedBy: "\"enum\": [\(all)]").count == 3)
  }

  /// The part of JSON Schema that ours uses; every property that is written is in the schema.
  private static func check(
    _ value: Any, _ schema: [String: Any], root: [String: Any], at path: String
  ) throws {
    if let reference = schema["$ref"] as? String {
      let definitions = try #require(root["$defs"] as? [String: [String: Any]])
      let name = try #require(reference.split(separator: "/").last.map(String.init))
      return try check(value, try #require(definitions[name]), root: root, at: path)
    }
    let types = (schema["type"] as? [String]) ?? (schema["type"] as? String).map { [$0] } ?? []
    switch value {
    case is NSNull: #expect(types.contains("null"), "\(path)")
    case let members as [String: Any]:
      #expect(types.contains("object"), "\(path)")
      let properties = try #require(schema["properties"] as? [String: [String: Any]], "\(path)")
      for required in schema["required"] as? [String] ?? [] {
        #expect(members[required] != nil, "\(path).\(required)")
      }
      for (key, member) in members {
        try check(
          member, try #require(properties[key], "\(path).\(key)"), root: root, at: "\(path).\(key)")
      }
    case let items as [Any]:
      #expect(types.contains("array"), "\(path)")
      let item = try #require(schema["items"] as? [String: Any])
      for (index, element) in items.enumerated() {
        try check(element, item, root: root, at: "\(path)[\(index)]")
      }
    case let text as String:
      #expect(types.contains("string"), "\(path)")
      if let allowed = schema["enum"] as? [String] { #expect(allowed.contains(text), "\(path)") }
    default: #expect(types.contains("integer") || types.contains("boolean"), "\(path)")
    }
  }

  /// SARIF 2.1.0's rules that its schema states and those that its text adds (§3.27.9, §3.52.4).
  @Test func sarifHoldsToItsRules() throws {
    let log = try object(try Self.document(.sarif))
    #expect(log["version"] as? String == "2.1.0")
    let run = try #require((log["runs"] as? [[String: Any]])?.first)
    let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
    let rules = try #require(driver["rules"] as? [[String: Any]])
    let artifacts = try #require(run["artifacts"] as? [[String: Any]])
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.count == 3)
    #expect(Set(rules.compactMap { $0["id"] as? String }).count == rules.count)
    for result in results {
      let index = try #require(result["ruleIndex"] as? Int)
      #expect(rules[index]["id"] as? String == result["ruleId"] as? String)
      let kind = try #require(result["kind"] as? String)
      #expect((kind == "fail") != (result["level"] as? String == "none"))
      let places =
        (result["locations"] as? [[String: Any]] ?? [])
        + (result["relatedLocations"] as? [[String: Any]] ?? [])
      for place in places {
        let physical = try #require(place["physicalLocation"] as? [String: Any])
        let location = try #require(physical["artifactLocation"] as? [String: Any])
        let artifact = artifacts[try #require(location["index"] as? Int)]
        let other = try #require(artifact["location"] as? [String: Any])
        #expect(location["uri"] as? String == other["uri"] as? String)
        let region = try #require(physical["region"] as? [String: Any])
        #expect(try #require(region["startLine"] as? Int) > 0)
      }
    }
    #expect(results.count { $0["suppressions"] != nil } == 1)
    #expect(results.count { $0["kind"] as? String == "open" } == 1)
  }

  @Test(arguments: [
    ("cmp1/root/a.txt", "cmp1/root/a.txt"), ("a b:c", "a%20b%3Ac"), ("é%", "%C3%A9%25"),
    ("<\"\n", "%3C%22%0A"),
  ])
  func artifactsAreReferences(_ path: String, _ expected: String) {
    #expect(SARIF.encoded(path) == expected)
  }

  @Test func junitCounts() throws {
    let text = try Self.document(.junit)
    let xml = XMLReader(text)
    #expect(xml.isSound)
    #expect(xml.count("testcase") == 3)
    #expect(xml.count("failure") == 1)
    #expect(xml.count("skipped") == 1)
    #expect(text.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""))
  }

  /// Each line of the exposition format is a comment or a sample.
  @Test(arguments: ["web", "a\"b\\c\nd\re", "{}", "\u{2028}"])
  func prometheusParses(_ word: String) throws {
    let text = try Self.document(.prometheus, word: word)
    #expect(text.hasSuffix("\n"))
    let sample =
      /[a-z_]+(\{([a-z]+="([^"\\\n]|\\["\\n])*",?)*\})? -?[0-9]+/
    for line in text.split(separator: "\n") {
      let isComment = line.hasPrefix("# HELP ovsight_") || line.hasPrefix("# TYPE ovsight_")
      #expect(isComment || line.wholeMatch(of: sample) != nil, "\(line)")
    }
    #expect(text.contains("severity=\"high\"} 1\n"))
  }

  @Test func topologyIsAGraphAndAPicture() throws {
    let dot = try Self.document(.dot)
    #expect(dot.hasPrefix("graph topology {\n") && dot.hasSuffix("}\n"))
    #expect(dot.contains("label=\"a-router\\nDVR"))
    let svg = try Self.document(.svg)
    let xml = XMLReader(svg)
    #expect(xml.isSound)
    #expect(xml.count("rect") > 5)
  }

  @Test(arguments: [
    (["a\"b"], "\"a\\\"b\""), (["a\\"], "\"a\\\\\""), (["a", "", "b"], "\"a\\nb\""),
    (["x\ny"], "\"x\\\\x0ay\""),
  ])
  func graphvizStringsEndWhereTheyShould(_ lines: [String], _ expected: String) {
    #expect(TopologyDot.quoted(lines) == expected)
  }
}

/// Whether a text is well-formed XML, and its elements.
private final class XMLReader {
  private(set) var isSound = true
  private var open: [Substring] = []
  private var names: [Substring: Int] = [:]

  init(_ text: String) {
    var rest = text[...]
    if rest.hasPrefix("<?xml "), let end = rest.range(of: "?>") { rest = rest[end.upperBound...] }
    let tag = /<(\/?)([a-z]+)((?: [a-zA-Z:-]+="[^"<]*")*)(\/?)>/
    while let start = rest.firstIndex(of: "<") {
      guard let found = rest[start...].prefixMatch(of: tag) else {
        isSound = false
        return
      }
      let name = found.2
      if found.1 == "/" {
        if open.popLast() != name { isSound = false }
      } else {
        names[name, default: 0] += 1
        if found.4 != "/" { open.append(name) }
      }
      rest = rest[found.range.upperBound...]
    }
    isSound = isSound && open.isEmpty
  }

  func count(_ name: String) -> Int { names[name[...]] ?? 0 }
}
