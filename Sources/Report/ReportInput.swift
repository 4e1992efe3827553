// All that a report is made of. Put together by the command; pure values, so that one input always
// gives the same site.
import Facts
import LogicalModel
import NetworkTypes
import Trace

/// A question and its answer.
public struct TracedProbe: Sendable {
  public enum Role: Hashable, Sendable {
    /// Somebody asked where it goes.
    case asked
    /// An answer to a question rests on it.
    case answer
    /// It shows a finding.
    case witness
  }
  /// As it was asked, in people's words: `web1 to 8.8.8.8, icmp`.
  public var title: String
  public var result: TraceResult
  /// What was seen on wires, place by place; empty where nobody looked.
  public var observations: [ReportObservation] = []
  public var role = Role.asked
  public init(
    title: String, result: TraceResult, observations: [ReportObservation] = [],
    role: Role = .asked
  ) {
    self.role = role
    self.title = title
    self.result = result
    self.observations = observations
  }
}

/// What a trace says of a place beside what was seen there.
public struct ReportObservation: Hashable, Sendable {
  /// `compute1 qvo0a1b2c3d-4e out`.
  public var place: String
  public var predicted: String
  public var observed: String
  /// Open where nothing can be told: nobody listened there.
  public var standing: Standing
  public init(place: String, predicted: String, observed: String, standing: Standing) {
    self.place = place
    self.predicted = predicted
    self.observed = observed
    self.standing = standing
  }
}

/// The input of a report.
public struct ReportInput: Sendable {
  public var title = "Cloud network report"
  /// What it was made from; a name, not a path.
  public var source = ""
  public var toolVersion = ""
  public var facts: CloudFacts
  public var model: CloudModel
  /// Nil where nothing was looked for, which the report says.
  public var findings: FindingSet?
  public var traces: [TracedProbe] = []
  public var diagnoses: [ReportDiagnosis] = []
  /// Nil without an older snapshot.
  public var changes: ReportChanges?
  /// Nil where no reachability was proved, which the report says.
  public var tenancy: TenantMatrix?
  /// A capture file's bytes; nil where they are not at hand.
  public var bytes: @Sendable (CaptureFileID) -> [UInt8]? = { _ in nil }

  public init(facts: CloudFacts, model: CloudModel) {
    self.facts = facts
    self.model = model
  }

  /// The capture's own times, `2026-11-30T10:00:00Z to …`; never the clock's.
  var capturedAt: String {
    let times = facts.nodes.compactMap(\.capturedAt).sorted()
    guard let first = times.first, let last = times.last else { return "at an unknown time" }
    return first == last ? first : "\(first) to \(last)"
  }
}
