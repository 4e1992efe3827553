// `report --why`: questions as `ovsight why` takes them, in one word, and answers as the report's.
import DataPlane
import Diagnosis
import Facts
import LogicalModel
import NetworkTypes
import Report
import Trace

/// `VM [TARGET] [PROTO[/PORT]]` or `eip ADDRESS [PROTO[/PORT]]`; VM may hold blanks.
struct WhyRequest {
  let text: String
  private var words: [String]
  private var kind: ProbeProtocol?
  private var port: UInt16?

  init(_ text: String) throws {
    self.text = text
    words = text.split(separator: " ").map(String.init)
    let last = (words.last ?? "").split(separator: "/", maxSplits: 1).map(String.init)
    if words.count > 1, let kind = ProbeProtocol(rawValue: last.first ?? "") {
      guard last.count == 1 || UInt16(last[1]) != nil else {
        throw CommandError("--why '\(text)': wanted a port of 0 to 65535 behind the protocol")
      }
      self.kind = kind
      port = last.count == 1 ? nil : UInt16(last[1])
      words.removeLast()
    }
    guard !words.isEmpty else {
      throw CommandError("--why '\(text)': wanted 'VM [TARGET] [PROTO[/PORT]]'")
    }
  }

  func walk(_ diagnostician: Diagnostician) throws -> Walk {
    let known = WhyWords(diagnostician.model)
    if words.count == 2, words[0] == "eip" {
      return diagnostician.walk(
        toFloatingIP: try known.floatingIP(words[1]), kind: kind, port: port,
        from: WhyWords.internet)
    }
    let (guest, target) = try subject(known)
    return diagnostician.walk(
      from: guest, to: try known.target(target, isIPv6: kind == .icmp6),
      kind: kind ?? (port == nil ? .icmp : .tcp), port: port)
  }

  /// All words may be the VM's name; else the last is the target.
  private func subject(_ known: WhyWords) throws -> (PortID, String) {
    let whole = words.joined(separator: " ")
    if words.count == 1 { return (try known.guest(whole), "internet") }
    if let guest = try? known.guest(whole) { return (guest, "internet") }
    return (try known.guest(words.dropLast().joined(separator: " ")), words[words.count - 1])
  }
}

extension ReportInput {
  /// Adds the answer, and the traces that it rests on.
  mutating func add(_ request: WhyRequest, _ walk: Walk) {
    guard let deciding = walk.deciding else { return }
    let diagnosis = deciding.diagnosis
    var answer = ReportDiagnosis(
      question: request.text, standing: Standing(diagnosis),
      answer: "\(diagnosis.verdict.words): \(diagnosis.summary)")
    answer.causes = diagnosis.causes.map { ReportDiagnosis.Cause($0, facts) }
    if let denial = diagnosis.denial {
      answer.causes.append(
        ReportDiagnosis.Cause(
          code: denial.code, text: denial.text,
          evidence: denial.evidence.compactMap { ReportPlace($0, facts) }))
    }
    answer.remedies = diagnosis.causes.flatMap(ReportDiagnosis.Remedy.ways)
    if let change = diagnosis.denial?.change {
      answer.remedies.append(ReportDiagnosis.Remedy(text: "To allow it: \(change)"))
    }
    answer.remedies += diagnosis.missing(facts).map(ReportDiagnosis.Remedy.init)
    answer.legs = walk.legs.map { leg in
      ReportDiagnosis.Leg(
        name: leg.name, standing: Standing(leg.diagnosis), text: leg.diagnosis.summary)
    }
    answer.assumptions = diagnosis.premises.map { premise in
      premise.text + (premise.check.map { "; check: \($0)" } ?? "")
    }
    for text in diagnosis.before.assumptions where !answer.assumptions.contains(text) {
      answer.assumptions.append(text)
    }
    answer.trace = traces.count
    traces.append(TracedProbe(title: request.text, result: diagnosis.before, role: .answer))
    if let after = diagnosis.after {
      traces.append(
        TracedProbe(
          title: "\(request.text), with the cause mended", result: after, role: .answer))
    }
    diagnoses.append(answer)
  }
}

extension Diagnosis.Verdict {
  fileprivate var words: String {
    switch self {
    case .works: "Works"
    case .asConfigured: "Works as configured"
    case .broken: "Broken"
    case .unknown: "Not known"
    }
  }
}

extension Standing {
  /// What the capture gives reason to doubt is no plain "works".
  fileprivate init(_ diagnosis: Diagnosis) {
    switch diagnosis.verdict {
    case .works where diagnosis.isDoubtful: self = .open
    case .works, .asConfigured: self = .good
    case .broken: self = .bad
    case .unknown: self = .open
    }
  }
}

extension ReportDiagnosis.Cause {
  fileprivate init(_ cause: Cause, _ facts: CloudFacts) {
    let deviation = cause.deviation
    self.init(
      code: deviation.code.rawValue,
      text: deviation.text + (cause.behind.map { "; behind it: \($0)" } ?? ""),
      evidence: deviation.evidence.compactMap { ReportPlace($0, facts) })
    if let port = deviation.port { objects.append(ReportObject(.port, port.rawValue)) }
    if let node = deviation.node { objects.append(ReportObject(.node, node.rawValue)) }
  }
}

extension ReportDiagnosis.Remedy {
  /// One a way, the least invasive first.
  fileprivate static func ways(_ cause: Cause) -> [ReportDiagnosis.Remedy] {
    let fix = cause.deviation.fix
    return fix.ways.map { way in
      let nodes = Set(way.map(\.node))
      let isOnOne = nodes.count == 1
      return ReportDiagnosis.Remedy(
        text: fix.note.isEmpty ? "Mend: \(cause.deviation.text)" : fix.note,
        commands: way.map { command in
          (isOnOne ? "" : command.node.map { "\($0)# " } ?? "") + command.text
        }, node: isOnOne ? way.first?.node?.rawValue : nil, proof: cause.standing.words)
    }
  }

  /// What would decide a question that this capture does not.
  fileprivate init(_ gap: MissingCapture) {
    self.init(
      text: "Missing: \(gap.path): \(gap.reason)", commands: [gap.command].compactMap { $0 },
      node: gap.node?.rawValue, proof: "with it, ask again")
  }
}
