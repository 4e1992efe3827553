// The grammar of rule files. A file is SQL all through, so `sqlite3` runs it as it is:
//
//     -- title: One sentence
//     -- severity: critical | high | medium | low | info
//     -- precision: certain | likely | possible
//     -- population: what it looks at, in the plural: SELECT count(*) FROM …
//     -- why: What happens, and what makes it happen; further lines
//     --   are indented.
//     -- fix: What to do.
//     -- false-positives: Where a finding is none.   (may be left out)
//     -- references: LP1930414, OSSA-2016-009   (published; see PublicReference)
//     -- needs: ovsdb-dump, ip-route-4|ip-route   (either of two), drift:port-vlan, reach
//     SELECT … AS subject, … AS message, file, line FROM …;
//
//     /* test: what the case shows
//     INSERT INTO …;
//     expect: subject of a finding
//     */
//
// `expect:` may stand several times; `expect: nothing` and `expect: unknown` stand alone.

enum RuleFile {
  private static let fields = [
    "title", "severity", "precision", "population", "why", "fix", "false-positives", "references",
    "needs",
  ]
  private static let optionalFields: Set = ["references", "false-positives"]

  /// Reads a rule out of its file's text; `name` is the file's name.
  static func parse(_ text: String, name: String) throws(RuleError) -> AuditRule {
    var parser = Parser(name: name)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      try parser.take(String(line), number: index + 1)
    }
    return try parser.rule()
  }

  private struct Parser {
    let name: String
    var header: [String: String] = [:]
    var lastField: String?
    var query: [String] = []
    var tests: [RuleTest] = []
    var test: OpenTest?

    init(name: String) { self.name = name }

    mutating func take(_ line: String, number: Int) throws(RuleError) {
      if test != nil {
        try takeInTest(line, number)
      } else if let title = line.value(after: "/* test:") {
        guard !title.isEmpty else { throw RuleError(name, line: number, "the test has no name") }
        test = OpenTest(name: title, line: number)
      } else if query.isEmpty, line.hasPrefix("--") {
        try takeHeader(String(line.dropFirst(2)), number)
      } else if !line.isBlank || !query.isEmpty {
        query.append(line)
      }
    }

    private mutating func takeHeader(_ text: String, _ number: Int) throws(RuleError) {
      if text.hasPrefix("   "), let lastField {
        header[lastField, default: ""] += " " + text.trimmed
        return
      }
      guard let colon = text.firstIndex(of: ":") else {
        throw RuleError(name, line: number, "wanted 'field: value': \(text.trimmed)")
      }
      let field = String(text[..<colon]).trimmed
      guard fields.contains(field) else {
        throw RuleError(
          name, line: number,
          "unknown field '\(field)': wanted one of \(fields.joined(separator: ", "))")
      }
      guard header[field] == nil else {
        throw RuleError(name, line: number, "field '\(field)' stands twice")
      }
      header[field] = String(text[text.index(after: colon)...]).trimmed
      lastField = field
    }

    private mutating func takeInTest(_ line: String, _ number: Int) throws(RuleError) {
      guard var open = test else { return }
      if line.trimmed == "*/" {
        tests.append(try open.finished(in: name))
        test = nil
        return
      }
      if let expected = line.value(after: "expect:") {
        open.expected.append(expected)
      } else {
        open.given.append(line)
      }
      test = open
    }

    func rule() throws(RuleError) -> AuditRule {
      if let test { throw RuleError(name, line: test.line, "the test is not closed: wanted */") }
      for field in fields
      where !optionalFields.contains(field) && header[field, default: ""].isEmpty {
        throw RuleError(name, "field '\(field)' is missing")
      }
      guard let severity = RuleSeverity(rawValue: header["severity", default: ""]) else {
        let wanted = RuleSeverity.allCases.map(\.rawValue).joined(separator: ", ")
        throw RuleError(name, "unknown severity: wanted one of \(wanted)")
      }
      let sql = query.joined(separator: "\n").trimmed
      guard !sql.isEmpty else { throw RuleError(name, "no query: wanted one SELECT") }
      var rule = AuditRule(
        id: name.hasSuffix(".sql") ? String(name.dropLast(4)) : name,
        title: header["title", default: ""], severity: severity, why: header["why", default: ""],
        fix: header["fix", default: ""])
      rule.precision = try precision()
      rule.population = try population()
      rule.falsePositives = header["false-positives", default: ""]
      rule.references = try references()
      rule.needs = list("needs").map { $0.split(separator: "|").map(String.init) }
      rule.query = sql
      rule.tests = tests
      return rule
    }

    private func precision() throws(RuleError) -> RulePrecision {
      guard let precision = RulePrecision(rawValue: header["precision", default: ""]) else {
        let wanted = RulePrecision.allCases.map(\.rawValue).joined(separator: ", ")
        throw RuleError(name, "unknown precision: wanted one of \(wanted)")
      }
      return precision
    }

    private func population() throws(RuleError) -> RulePopulation {
      let text = header["population", default: ""]
      guard let colon = text.firstIndex(of: ":") else {
        throw RuleError(
          name, "wanted 'population: what it looks at: SELECT count(*) …', found: \(text)")
      }
      return RulePopulation(
        noun: String(text[..<colon]).trimmed,
        query: String(text[text.index(after: colon)...]).trimmed)
    }

    /// A reader has to be able to look them up.
    private func references() throws(RuleError) -> [String] {
      let names = list("references")
      if let name = names.first(where: { PublicReference($0) == nil }) {
        throw RuleError(
          self.name, "unknown reference '\(name)': wanted one like \(PublicReference.wanted)")
      }
      return names
    }

    private func list(_ field: String) -> [String] {
      header[field, default: ""].split(separator: ",").map { String($0).trimmed }
        .filter { !$0.isEmpty }
    }
  }

  private struct OpenTest {
    let name: String
    let line: Int
    var given: [String] = []
    var expected: [String] = []

    func finished(in file: String) throws(RuleError) -> RuleTest {
      guard !expected.isEmpty else {
        throw RuleError(file, line: line, "the test expects nothing: wanted 'expect:'")
      }
      let alone = ["nothing", "unknown"].filter(expected.contains)
      guard alone.isEmpty || expected.count == 1 else {
        throw RuleError(file, line: line, "'expect: \(alone[0])' stands alone")
      }
      let expectation: RuleTest.Expectation =
        switch expected[0] {
        case "nothing": .findings([])
        case "unknown": .unknown
        default: .findings(expected.sorted())
        }
      return RuleTest(name: name, given: given.joined(separator: "\n"), expected: expectation)
    }
  }
}

extension String {
  /// Without white space at both ends.
  fileprivate var trimmed: String {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
  fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
  fileprivate func value(after prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)).trimmed : nil
  }
}
