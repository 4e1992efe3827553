// The answer to why: verdict, causes in the order in which an expert mends them, fix and proof.
import Facts
import NetworkTypes
import Trace

/// A cause with what the search found out about it.
public struct Cause: Sendable {
  /// What mending it was seen to do.
  public enum Standing: Hashable, Sendable {
    /// Mended alone, the packet arrives and is answered.
    case alone
    /// It takes all causes of the answer.
    case together
    /// The packet gets further, and is stopped again by what was not found.
    case first
    /// What mends it cannot be tried on a model.
    case untried

    /// For people.
    public var words: String {
      switch self {
      case .alone: "mended alone, the packet arrives and is answered"
      case .together: "needed together with the others"
      case .first: "mended, the packet gets further and is stopped again: ask again then"
      case .untried: "it stops the packet; what mends it cannot be tried on a model"
      }
    }
  }
  public let deviation: Deviation
  public let standing: Standing
  /// Nil where it cannot be tried.
  public var mendsAlone: Bool? { standing == .untried ? nil : standing == .alone }
  /// What of the control plane is behind it: the agent that would keep it right does not run.
  public let behind: String?
  init(_ deviation: Deviation, _ standing: Standing, behind: String? = nil) {
    self.deviation = deviation
    self.standing = standing
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
  /// What the verdict takes for granted, the most doubtful first.
  public var premises: [Premise] = []
  /// What intent could not judge.
  public var note: String?

  init(probe: Probe, before: TraceResult) {
    self.probe = probe
    self.before = before
  }
}
