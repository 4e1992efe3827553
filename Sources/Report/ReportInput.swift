// All that a report is made of. Put together by the command; pure values, so that one input always
// gives the same site.
import Audit
import Facts
import LogicalModel
import NetworkTypes
import Trace

/// A question and its answer.
public struct TracedProbe: Sendable {
  /// As it was asked, in people's words: `web1 to 8.8.8.8, icmp`.
  public var title: String
  public var result: TraceResult
  public init(title: String, result: TraceResult) {
    self.title = title
    self.result = result
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
  /// Nil where no rules were run, which the report says.
  public var audit: AuditReport?
  public var traces: [TracedProbe] = []
  /// The cited bytes of a capture; nil where they are not at hand.
  public var quote: @Sendable (Evidence) -> String? = { _ in nil }

  public init(facts: CloudFacts, model: CloudModel) {
    self.facts = facts
    self.model = model
  }
}
