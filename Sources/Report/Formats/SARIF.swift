// Findings as SARIF 2.1.0 (OASIS), with the cited capture files as artifacts. What could not be told
// is a result too, of kind `open`, so that silence is never read as all clear.
import Audit
import Facts

enum SARIF {
  static func document(_ input: ReportInput) -> String {
    let set = input.findings
    let files = files(set)
    let positions = Dictionary(
      files.enumerated().map { ($1.uri, $0) }, uniquingKeysWith: { first, _ in first })
    let rules = rules(set)
    let ruleIndex = Dictionary(
      rules.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    let results =
      (set?.findings ?? []).map { result($0, ruleIndex, positions) }
      + (set?.rules ?? []).filter { !$0.missing.isEmpty }.map { open($0, ruleIndex) }
    let run = JSONText.object([
      .init("tool", .object([.init("driver", driver(input, rules))])),
      .init(
        "originalUriBaseIds",
        .object([
          .init(
            "CAPTURE",
            .object([
              .init("description", message("The capture's folder, which holds a folder a node."))
            ]))
        ])),
      .init("artifacts", .array(files.map(artifact))),
      .init("results", .array(results)),
      .init("columnKind", .string("unicodeCodePoints")),
    ])
    return JSONText.object([
      .init("$schema", .string("https://json.schemastore.org/sarif-2.1.0.json")),
      .init("version", .string("2.1.0")), .init("runs", .array([run])),
    ]).rendered + "\n"
  }

  private static func message(_ text: String) -> JSONText {
    .object([.init("text", .string(text))])
  }

  // MARK: rules

  private static func driver(_ input: ReportInput, _ rules: [FindingSet.Rule]) -> JSONText {
    .object([
      .init("name", .string("Ovsight")),
      .init("version", .string(input.toolVersion.isEmpty ? "unknown" : input.toolVersion)),
      .init("rules", .array(rules.map(descriptor))),
    ])
  }

  /// Also those of findings that no rule of the set made.
  private static func rules(_ set: FindingSet?) -> [FindingSet.Rule] {
    var rules = set?.rules ?? []
    var known = Set(rules.map(\.id))
    for finding in set?.findings ?? [] where known.insert(finding.rule).inserted {
      rules.append(
        FindingSet.Rule(
          id: finding.rule, title: finding.title, severity: finding.severity, why: finding.why,
          fix: finding.fix.joined(separator: " "), references: finding.references,
          verdict: .findings))
    }
    return rules
  }

  private static func descriptor(_ rule: FindingSet.Rule) -> JSONText {
    var members: [JSONText.Member] = [
      .init("id", .string(rule.id)), .init("shortDescription", message(rule.title)),
    ]
    if !rule.why.isEmpty { members.append(.init("fullDescription", message(rule.why))) }
    if !rule.fix.isEmpty { members.append(.init("help", message(rule.fix))) }
    if let address = rule.references.lazy.compactMap({ PublicReference($0)?.address }).first {
      members.append(.init("helpUri", .string(address)))
    }
    members.append(
      .init("defaultConfiguration", .object([.init("level", .string(level(rule.severity)))])))
    members.append(
      .init(
        "properties",
        .object([
          .init("severity", .string(rule.severity.rawValue)),
          .init("references", .strings(PublicReference.addresses(rule.references))),
        ])))
    return .object(members)
  }

  static func level(_ severity: RuleSeverity) -> String {
    switch severity {
    case .critical, .high: "error"
    case .medium: "warning"
    case .low, .info: "note"
    }
  }

  // MARK: results

  private static func result(
    _ finding: ReportFinding, _ rules: [String: Int], _ files: [String: Int]
  ) -> JSONText {
    let words = "\(finding.subject): \(finding.message)"
    var members: [JSONText.Member] = [
      .init("ruleId", .string(finding.rule)),
      .init("ruleIndex", .number(rules[finding.rule] ?? -1)),
      .init("kind", .string("fail")), .init("level", .string(level(finding.severity))),
      .init("message", message(words)),
      .init("locations", .array(finding.evidence.prefix(1).map { location($0, files, finding) })),
      .init(
        "relatedLocations",
        .array(finding.evidence.dropFirst().map { location($0, files, nil) })),
      .init(
        "partialFingerprints",
        .object([.init("ruleAndSubject/v1", .string(fingerprint(finding)))])),
    ]
    if let waiver = finding.waiver {
      let suppression = JSONText.object([
        .init("kind", .string("external")), .init("status", .string("accepted")),
        .init("justification", .string(waiver.reason)),
      ])
      members.append(.init("suppressions", .array([suppression])))
    }
    members.append(
      .init(
        "properties",
        .object([
          .init("severity", .string(finding.severity.rawValue)),
          .init("node", .optional(finding.node)), .init("fix", .strings(finding.fix)),
          .init("who", .string(finding.who)), .init("whom", .string(finding.whom)),
          .init("packets", .string(finding.packets)),
        ])))
    return .object(members)
  }

  private static func open(_ rule: FindingSet.Rule, _ rules: [String: Int]) -> JSONText {
    let more = rule.missing.count - 5
    let words =
      "Could not tell: lacks \(rule.missing.prefix(5).joined(separator: "; "))"
      + (more > 0 ? " and \(more) more" : "")
    return .object([
      .init("ruleId", .string(rule.id)), .init("ruleIndex", .number(rules[rule.id] ?? -1)),
      .init("kind", .string("open")), .init("level", .string("none")),
      .init("message", message(words)),
    ])
  }

  /// The same for the same fault of the same thing, whatever else changes.
  static func fingerprint(_ finding: ReportFinding) -> String {
    SHA256.digest(Array("\(finding.rule)\0\(finding.subject)".utf8)).prefix(16)
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func location(
    _ place: ReportPlace, _ files: [String: Int], _ finding: ReportFinding?
  ) -> JSONText {
    let uri = File(place).uri
    var region: [JSONText.Member] = [.init("startLine", .number(max(1, place.line)))]
    if let bytes = place.bytes {
      region.append(.init("byteOffset", .number(bytes.lowerBound)))
      region.append(.init("byteLength", .number(bytes.count)))
    }
    var members: [JSONText.Member] = [
      .init(
        "physicalLocation",
        .object([
          .init(
            "artifactLocation",
            .object([
              .init("uri", .string(uri)), .init("uriBaseId", .string("CAPTURE")),
              .init("index", .number(files[uri] ?? -1)),
            ])), .init("region", .object(region)),
        ]))
    ]
    if let finding {
      members.append(
        .init(
          "logicalLocations",
          .array([.object([.init("name", .string(finding.subject))])])))
    }
    return .object(members)
  }

  // MARK: artifacts

  private struct File: Hashable {
    let uri: String
    init(_ place: ReportPlace) {
      uri = SARIF.encoded((place.node.map { "\($0)/" } ?? "") + place.file)
    }
  }

  private static func files(_ set: FindingSet?) -> [File] {
    Set((set?.findings ?? []).flatMap(\.evidence).map(File.init)).sorted { $0.uri < $1.uri }
  }

  private static func artifact(_ file: File) -> JSONText {
    .object([
      .init(
        "location",
        .object([.init("uri", .string(file.uri)), .init("uriBaseId", .string("CAPTURE"))])),
      .init("roles", .strings(["analysisTarget"])),
    ])
  }

  /// A relative reference of RFC 3986: what is not unreserved, and a colon, which would make the
  /// first part a scheme, as `%3a`.
  static func encoded(_ path: String) -> String {
    var result = ""
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}
