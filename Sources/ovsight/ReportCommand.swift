// `ovsight report SNAPSHOT --output FOLDER`.
import ArgumentParser
import Audit
import DataPlane
import Diagnosis
import Facts
import Formats
import Foundation
import LogicalModel
import Report
import Snapshot
import Trace

extension ReportFormat: ExpressibleByArgument {}

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Publish a snapshot as a static site, or in other formats.",
    discussion: """
      Writes a site into FOLDER, which opens from disk (FOLDER/index.html) and from any web server \
      and loads nothing from elsewhere. A trace is given as for `ovsight trace`, in one word:

        ovsight report cloud.db --output site --trace 'web1 8.8.8.8 icmp' --trace 'web1 db1 tcp/5432'

      A question is given as for `ovsight why`:

        ovsight report cloud.db --output site --why 'web1 internet' --why 'eip 203.0.113.20 tcp/22'

      With --confirm each traced packet is really sent in the snapshot's replay, which must be up, \
      and what was seen stands beside what was predicted.

      The site's files are yours alone (mode 0600, folders 0700): `chmod -R a+rX site` publishes it.

      Other formats go to standard output, or into the file that --output names: text, json, sarif, \
      junit and prometheus hold the findings, dot and svg the topology.
      """)

  @Argument(help: "A snapshot file made by `ovsight import`.", completion: .file())
  var snapshot: String

  @Option(
    name: .shortAndLong,
    help: "The folder to write into, made where it does not exist; of other formats the file.")
  var output: String?

  @Option(help: "html, text, json, sarif, junit, prometheus, dot or svg.")
  var format = ReportFormat.html

  @Option(help: "The report's title.")
  var title: String?

  @Option(help: "A packet to trace, as 'FROM TO PROTO[/PORT]'. May be given several times.")
  var trace: [String] = []

  @Option(help: "Leave out findings less grave than this: critical, high, medium, low or info.")
  var severity = RuleSeverity.low

  @Flag(inversion: .prefixedNo, help: "Prove isolation over all packets, tenant by tenant.")
  var isolation = true

  @Option(help: OriginLimit.help)
  var origins = OriginLimit.standard

  @Option(
    help: "A file of waivers, as `ovsight audit` takes them; what they cover is shown as waived.")
  var waivers: String?

  @Option(help: "The day on which waivers are judged, as 2027-01-31; the capture's own without it.")
  var today: String?

  @Option(help: "A question, as 'VM [TARGET] [PROTO[/PORT]]'. May be given several times.")
  var why: [String] = []

  @OptionGroup var confirm: ConfirmOptions

  @Option(help: "An older snapshot; what changed since becomes a page.")
  var diff: String?

  @Flag(help: "Say at the end what took how long.")
  var times = false

  @Option(help: "A folder of rule files; the program's own without it.")
  var rules: String?

  @Option(help: "A folder of templates and style; the program's own `Reports` without it.")
  var templates: String?

  func validate() throws {
    if confirm.isAsked, trace.isEmpty {
      throw ValidationError("--confirm: wanted a packet to send, by --trace")
    }
    if format == .html, output == nil {
      throw ValidationError("Missing option '--output <folder>'")
    }
  }

  func run() throws {
    let folder = try ReportFolder(path: try templateFolder())
    let file = try SnapshotFile.open(path: snapshot)
    let progress = AuditProgress()
    defer { progress.finish() }
    progress.begin("reading the snapshot")
    let (capture, facts) = try file.load()
    progress.begin("building the logical view")
    var input = ReportInput(facts: facts, model: LogicalModel.CloudModel(facts))
    if let title { input.title = title }
    input.source = URL(fileURLWithPath: snapshot).lastPathComponent
    input.toolVersion = Ovsight.version
    input.traces = try traces(facts)
    try addAnswers(&input)
    try addFindings(&input, file, progress)
    progress.begin("writing the report")
    input.changes = try changes(facts)
    input.bytes = { id in capture.bytes(of: id) }
    if let document = try format.document(input, folder: folder) {
      try write(document)
    } else if let output {
      try HTMLReport.write(input, folder: folder, to: output)
    }
    progress.finish()
    if times { progress.tellTimes() }
  }

  private func addFindings(
    _ input: inout ReportInput, _ file: SnapshotFile, _ progress: AuditProgress
  ) throws {
    progress.begin("comparing nodes with Neutron")
    let drift = Drift.report(input.model, input.facts)
    let run =
      isolation
      ? IsolationRun(
        input.facts, scope: origins.scope, drift: drift, progress: progress.isolation) : nil
    let names = ObjectNames(input.model)
    if var report = try audit(
      file, DerivedRows(drift: drift, isolation: run), progress)
    {
      if let run { report.add(run, input.facts) }
      input.findings = FindingSet(report.showing(severity), names: names)
      input.findings?.leftOut = report.leftOut(below: severity) ?? ""
    }
    input.findings?.add(drift, facts: input.facts, names: names)
    if let waivers {
      let day = try Waivers.day(today, captured: input.facts.nodes.map(\.capturedAt))
      input.findings?.waive(try Waivers(try readFile(waivers), file: waivers), on: day)
    }
    if let run { addWitnesses(of: run, to: &input) }
  }

  private func addWitnesses(of run: IsolationRun, to input: inout ReportInput) {
    var witnesses = ReportWitnesses(run, after: input.traces)
    input.findings?.addTraces { witnesses.trace($0) }
    input.tenancy = TenantMatrix(run.check, run.report, input.model) { leak, ends in
      witnesses.trace(leak, ends: ends)
    }
    input.traces = witnesses.traces
  }

  private func write(_ document: String) throws {
    guard let output else { return print(document, terminator: "") }
    do {
      try Data(document.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
    } catch {
      throw ReportError(output, "cannot be written")
    }
  }

  private func templateFolder() throws -> String {
    if let templates { return templates }
    guard let folder = ReportFolder.builtIn() else {
      throw ReportError("Reports", "not found beside the program: wanted --templates FOLDER")
    }
    return folder
  }

  /// Nil where the program came without rules, which the report says.
  private func audit(
    _ file: SnapshotFile, _ derived: DerivedRows, _ progress: AuditProgress
  ) throws -> AuditReport? {
    guard let folder = rules ?? RuleFolder.builtIn() else { return nil }
    let rules = try RuleFolder.rules(in: folder)
    return try Auditor.audit(
      file, rules: isolation ? rules : rules.filter { !$0.needs.contains(["reach"]) },
      derived: derived, progress: progress.rule)
  }

  private func addAnswers(_ input: inout ReportInput) throws {
    guard !why.isEmpty else { return }
    let diagnostician = Diagnostician(input.facts)
    for text in why {
      let request = try WhyRequest(text)
      input.add(request, try request.walk(diagnostician))
    }
  }

  private func changes(_ facts: CloudFacts) throws -> ReportChanges? {
    guard let diff else { return nil }
    let old = try SnapshotFile.open(path: diff).loadFacts()
    return ReportChanges(
      from: URL(fileURLWithPath: diff).lastPathComponent, SnapshotDiff(before: old, after: facts))
  }

  private func traces(_ facts: CloudFacts) throws -> [TracedProbe] {
    guard !trace.isEmpty else { return [] }
    let resolver = ProbeResolver(facts)
    let tracer = Tracer(DataPlaneModel(facts))
    let run = confirm.isAsked ? try confirm.run(tracer, of: snapshot) : nil
    return try trace.map { text in
      let request = try TraceRequest(text)
      let probe = try request.probe(resolver)
      guard let run else {
        return TracedProbe(title: request.title, result: tracer.trace(probe))
      }
      return TracedProbe(title: request.title, try run.confirm(probe))
    }
  }
}

/// `FROM TO PROTO[/PORT]`; FROM may hold blanks.
struct TraceRequest {
  let origin: String
  let destination: String
  let kind: ProbeProtocol
  let port: UInt16?

  init(_ text: String) throws {
    let words = text.split(separator: " ").map(String.init)
    let last = (words.last ?? "").split(separator: "/", maxSplits: 1).map(String.init)
    guard words.count >= 3, let kind = ProbeProtocol(rawValue: last.first ?? "") else {
      throw CommandError("--trace '\(text)': wanted 'FROM TO PROTO[/PORT]'")
    }
    if last.count > 1 {
      guard let port = UInt16(last[1]) else {
        throw CommandError("--trace '\(text)': wanted a port of 0 to 65535 behind the protocol")
      }
      self.port = port
    } else {
      port = nil
    }
    self.kind = kind
    destination = words[words.count - 2]
    origin = words.dropLast(2).joined(separator: " ")
  }

  var title: String {
    "\(origin) to \(destination), \(kind.rawValue)" + (port.map { " port \($0)" } ?? "")
  }

  func probe(_ resolver: ProbeResolver) throws -> Probe {
    var probe = Probe(
      origin: try resolver.origin(origin),
      destination: try resolver.destination(destination, for: kind), kind: kind)
    probe.destinationPort = port ?? (destination == "metadata" ? 80 : nil)
    if probe.destination.family == .ipv6, probe.kind == .icmp { probe.kind = .icmp6 }
    return probe
  }
}

extension Capture {
  /// A file's bytes; nil where there is no such file.
  func bytes(of id: CaptureFileID) -> [UInt8]? {
    let index = Int(id.rawValue)
    return files.indices.contains(index) ? files[index].bytes : nil
  }
}
