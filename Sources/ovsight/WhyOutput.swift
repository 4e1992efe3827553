// What `why` prints: three lines of the leg that decides, the legs, then the details.
import Confirm
import Diagnosis
import Facts
import Formats
import NetworkTypes
import Trace

struct WhyOutput {
  let facts: CloudFacts
  let isBrief: Bool
  private let capture: Capture
  init(_ facts: CloudFacts, _ capture: Capture, isBrief: Bool) {
    self.facts = facts
    self.capture = capture
    self.isBrief = isBrief
  }

  func text(_ walk: Walk) -> [String] {
    guard let deciding = walk.deciding else { return ["UNKNOWN: nothing to ask about"] }
    let text = DiagnosisText(facts, quote: quote)
    var lines = text.head(deciding.diagnosis)
    if isBrief { return lines }
    lines += ["", "Walk"]
    lines += walk.legs.map { leg in
      let name = leg.name.padding(to: 18)
      return "  \(name)\(leg.diagnosis.verdict.rawValue)"
        + (leg.diagnosis.verdict != .works
          ? ": \(leg.diagnosis.summary)" : leg.diagnosis.isDoubtful ? ", on an assumption" : "")
    }
    return lines + text.details(deciding.diagnosis)
  }

  private func quote(_ evidence: Evidence) -> String? {
    let index = Int(evidence.file.rawValue)
    guard capture.files.indices.contains(index) else { return nil }
    let bytes = capture.files[index].bytes
    let range = evidence.bytes.clamped(to: 0..<bytes.count)
    return range.isEmpty ? nil : String(decoding: bytes[range], as: UTF8.self)
  }

  /// What people call a receiver of a probe.
  func name(_ receiver: String) -> String {
    facts.neutron.ports.records.first { $0.id == PortID(receiver) && !$0.name.isEmpty }?.name
      ?? receiver
  }

  /// `confirm` is there where the wire was asked about the leg that decides.
  func json(_ walk: Walk, _ report: ConfirmReport? = nil) -> JSONText {
    let deciding = walk.deciding
    let confirm = report.map { [JSONText.Member("confirm", $0.json)] } ?? []
    return .object(
      [
        .init("verdict", .optional(deciding?.diagnosis.verdict.rawValue)),
        .init("cause", .optional(deciding?.diagnosis.causes.first?.deviation.code.rawValue)),
        .init("deciding_leg", .optional(deciding?.name)),
        .init(
          "legs",
          .array(
            walk.legs.map { leg in
              .object([
                .init("leg", .string(leg.name)), .init("is_target", .bool(leg.isTarget)),
                .init("answer", leg.diagnosis.json(facts)),
              ])
            })),
      ] + confirm)
  }

  static func codes(_ format: TextOrJSON) -> [String] {
    let causes = CauseCode.allCases.map { ($0.rawValue, $0.meaning) }
    let premises = Premise.Code.allCases.map { ($0.rawValue, $0.meaning) }
    switch format {
    case .text:
      return ["Causes, in the order in which they are mended:"]
        + causes.map { "  \($0.0.padding(to: 26))\($0.1)" }
        + ["", "Why it works as configured:"]
        + IntentDenial.codes.map { "  \($0.code.padding(to: 26))\($0.meaning)" }
        + ["", "What an answer may take for granted:"]
        + premises.map { "  \($0.0.padding(to: 26))\($0.1)" }
    case .json:
      func list(_ pairs: [(String, String)]) -> JSONText {
        .array(
          pairs.map { .object([.init("code", .string($0.0)), .init("meaning", .string($0.1))]) })
      }
      return [
        JSONText.object([
          .init("causes", list(causes)),
          .init("works_as_configured", list(IntentDenial.codes.map { ($0.code, $0.meaning) })),
          .init("assumed", list(premises)),
        ]).rendered
      ]
    }
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
