// Tenants choose names. Whatever they choose stays text, in every field of every section.
import Facts
import NetworkTypes
import Testing

@testable import Audit
@testable import LogicalModel
@testable import Report
@testable import Trace

@Suite struct HostileNameTests {
  static let names = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)", "\"\u{301} onmouseover=\"alert(1)", "</text></svg><script>",
    "</style><script>alert(1)</script>", "<!--", "]]>", "&lt;b&gt;", "{{title}}{{{style}}}",
    "{{> page}}", "javascript:alert(1)", "\u{202e}gnp.exe", "a\u{0}b\u{1b}[31mred", "line\nbreak",
    "tab\tquote\"apostrophe'", "\u{200b}\u{feff}", "\u{2028}", "e\u{301}\u{302}\u{303}\u{304}",
    String(repeating: "W", count: 300), "-->", "<a href=\"http://evil.example\">x</a>", "\u{e000}",
    "`${alert(1)}`", "%3Cscript%3E", "\u{1f468}\u{200d}\u{1f469}", "</title>", "<plaintext>", "\\",
  ]

  @Test(arguments: names)
  func nameStaysText(_ name: String) throws {
    let shown = TerminalText.escaped(name)
    let tame = try Self.tame.get()
    let pages = try Self.pages(name)
    var occurrences = 0
    for (page, text) in pages {
      let reader = PageReader(text)
      #expect(reader.problems == [], "\(page)")
      if !Self.occurrences(of: shown, in: reader.text, atLeast: 1) { continue }
      occurrences += 1
    }
    // Every page's title is the name.
    #expect(occurrences == pages.count)
    // Nothing that a name could have made: as many elements of each kind as with a tame one. Only
    // pictures may differ, where a long name leaves no room for the words beside it; and the index
    // sorts and splits names.
    let read = Dictionary(uniqueKeysWithValues: pages.map { ($0.name, PageReader($0.text)) })
    for page in ["index.html", "findings.html", "finding-1.html", "why-1.html", "tenants.html"] {
      let own = try #require(read[page])
      var (made, wanted) = (Self.kinds(own), try #require(tame[page]))
      // A rule's fix has what is typed between backticks: still text.
      if name.contains("`") { (made["code"], wanted["code"]) = (nil, nil) }
      #expect(made == wanted, "\(page)")
    }
  }

  @Test(arguments: names)
  func nameStaysTextInOtherFormats(_ name: String) throws {
    let input = try Self.input(name)
    let folder = try ReportFixture.folder.get()
    for format in ReportFormat.allCases where format != .html {
      let text = try #require(try format.document(input, folder: folder))
      for scalar in text.unicodeScalars where scalar != "\n" {
        let category = scalar.properties.generalCategory
        let isHidden = category == .control || category == .format && format != .json
        #expect(!isHidden || format == .sarif, "\(format): U+\(String(scalar.value, radix: 16))")
      }
      if format == .svg || format == .junit {
        #expect(!text.contains("<script") && !text.contains("onload=\""), "\(format)")
      }
    }
  }

  static let tame = Result {
    Dictionary(
      uniqueKeysWithValues: try pages("tame").map { ($0.name, kinds(PageReader($0.text))) })
  }

  private static func kinds(_ reader: PageReader) -> [String: Int] {
    let drawn: Set<String> = ["text", "path", "circle"]
    return reader.elements.reduce(into: [:]) { counts, element in
      if !drawn.contains(element.name) { counts[element.name, default: 0] += 1 }
    }
  }

  /// By scalars: a mark at a name's end joins what stands before it.
  private static func occurrences(of name: String, in text: String, atLeast number: Int) -> Bool {
    let (name, text) = (Array(name.unicodeScalars), Array(text.unicodeScalars))
    guard !name.isEmpty, text.count >= name.count else { return false }
    return (0...text.count - name.count).contains { start in
      text[start] == name[0] && text[start..<start + name.count].elementsEqual(name)
    }
  }

  /// Of a site on which everything that people name has this name, the first page of each kind.
  private static func pages(_ name: String) throws -> [(name: String, text: String)] {
    var kinds: Set<Substring> = []
    return try ReportFixture.pages(try input(name))
      .sorted { ($0.name.count, $0.name) < ($1.name.count, $1.name) }
      .filter { page in
        kinds.insert(page.name.prefix { $0 != "-" && $0 != "." }).inserted
      }
  }

  static func input(_ name: String) throws -> ReportInput {
    var facts = renamed(try ReportFixture.facts.get(), name)
    facts.nodes = facts.nodes.filter { ["cmp1", "net2"].contains($0.name.rawValue) }
    var input = try ReportFixture.input(facts)
    input.title = name
    input.source = name
    input.toolVersion = name
    input.findings = FindingSet(audit(name), names: ObjectNames(input.model))
    input.findings?.add(ReportSamples.findings(name).findings)
    input.diagnoses = [ReportSamples.diagnosis(name)]
    input.changes = ReportSamples.changes(name)
    input.tenancy = ReportSamples.tenancy(name)
    input.bytes = { _ in Array(name.utf8) }
    input.traces = [TracedProbe(title: name, result: trace(name, facts))]
    return input
  }

  // MARK: names everywhere

  static func renamed(_ facts: CloudFacts, _ name: String) -> CloudFacts {
    var facts = facts
    for index in facts.neutron.networks.records.indices {
      facts.neutron.networks.records[index].name = name
      facts.neutron.networks.records[index].status = name
    }
    for index in facts.neutron.routers.records.indices {
      facts.neutron.routers.records[index].name = name
    }
    for index in facts.neutron.ports.records.indices {
      facts.neutron.ports.records[index].name = name
      facts.neutron.ports.records[index].status = name
    }
    for index in facts.nodes.indices {
      facts.nodes[index].capturedAt = name
      facts.nodes[index].openVSwitch.version = name
      for key in facts.nodes[index].files.domains.keys.sorted() {
        guard var section = facts.nodes[index].files.domains[key] else { continue }
        for record in section.records.indices { section.records[record].nova?.name = name }
        facts.nodes[index].files.domains[key] = section
      }
    }
    facts.gaps = [Gap(node: NodeName(name), path: name, reason: name)]
    if let evidence = facts.neutron.networks.records.first?.evidence {
      facts.diagnostics = [Diagnostic(name, .error, at: evidence, name)]
    }
    return facts
  }

  static func audit(_ name: String) -> AuditReport {
    var rule = AuditRule(id: name, title: name, severity: .critical, why: name, fix: name)
    rule.references = [name]
    rule.falsePositives = name
    rule.population = RulePopulation(noun: name, query: "")
    let place = FindingPlace(node: name, file: name, line: 1)
    return AuditReport(results: [
      RuleResult(
        rule: rule,
        findings: [Finding(rule: rule, subject: name, message: name, evidence: [place])],
        missing: [], lookedAt: 1),
      RuleResult(rule: rule, findings: [], missing: [name]),
    ])
  }

  /// A trace through a device, a bridge and a guest of that name.
  static func trace(_ name: String, _ facts: CloudFacts) -> TraceResult {
    let node = NodeName(name)
    var packet = Packet(ethSrc: .zero, ethDst: .zero, etherType: EtherType.ipv4)
    packet.source = IPAddress("10.0.0.1")
    packet.destination = IPAddress("10.0.0.2")
    let evidence = facts.neutron.networks.records.first.map { [$0.evidence] } ?? []
    func step(_ parent: Int?, _ place: Place, _ event: StepEvent) -> Step {
      Step(
        parent: parent, place: place, event: event, packet: packet, inner: nil, evidence: evidence)
    }
    let steps = [
      step(nil, .guest(node: node, name: name), .originated(name)),
      step(0, .device(DeviceKey(node, .root, InterfaceName(name))), .sent),
      step(1, .segment(name), .encapsulated(name)),
      step(2, .namespace(NamespaceKey(node, NamespaceName(name))), .received),
      step(3, .bridge(BridgeKey(node, BridgeName(name))), .decapsulated(name)),
      step(
        4, .outside(name), .dropped(Reason(code: name, text: name, evidence: evidence))),
    ]
    return TraceResult(
      probe: Probe(origin: .port(PortID(name)), destination: .v4(.any), kind: .icmp),
      outcome: .dropped, receivedBy: [name], overheardBy: [name], seen: nil, isReplied: nil,
      path: [], steps: steps, replyPath: [], replySteps: steps,
      reason: Reason(code: name, text: name, evidence: evidence),
      replyReason: Reason(code: name, text: name, evidence: evidence), assumptions: [name])
  }
}
