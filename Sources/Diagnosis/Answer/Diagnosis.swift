// The answer to why: verdict, causes in the order in which an expert mends them, fix and proof.
import Facts
import NetworkTypes
import Trace

/// A cause with what the search found out about it.
public struct Cause: Sendable {
  public let deviation: Deviation
  /// Mended alone, the packet arrives and is answered; false: it takes all causes of the answer;
  /// nil: what mends it cannot be tried on a model.
  public let mendsAlone: Bool?
  /// What of the control plane is behind it: the agent that would keep it right does not run.
  public let behind: String?
  init(_ deviation: Deviation, mendsAlone: Bool?, behind: String? = nil) {
    self.deviation = deviation
    self.mendsAlone = mendsAlone
    self.behind = behind
  }
}

/// The answer for one probe.
public struct Diagnosis: Sendable {
  public enum Verdict: String, Hashable, Sendable {
    case works
    /// It does not arrive, and tenants' own configuration does not let it.
    case asConfigured = "works-as-configured"
    case broken
    case unknown
  }

  public let probe: Probe
  public let before: TraceResult
  public var verdict: Verdict = .unknown
  public var denial: IntentDenial?
  /// The first is the one to mend; empty where none was found.
  public var causes: [Cause] = []
  /// Deviations on the way that do not decide.
  public var suspects: [Deviation] = []
  /// The trace with the first cause mended (or all of a set).
  public var after: TraceResult?
  /// What intent could not judge.
  public var note: String?

  init(probe: Probe, before: TraceResult) {
    self.probe = probe
    self.before = before
  }
}
