// What an answer takes for granted: state that decides and that no capture holds. An answer that rests
// on it says so.
import Facts
import NetworkTypes
import Trace

/// One thing that is taken for granted.
public struct Premise: Hashable, Sendable {
  /// Stable; `ovsight why --codes` lists these.
  public enum Code: String, Hashable, Sendable, CaseIterable, Comparable {
    case guestNeighbours = "guest-neighbours"
    case metadataBackend = "metadata-backend"
    case guestAddresses = "guest-addresses"
    case cachedState = "cached-state"

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    /// First what the capture gives reason to doubt.
    public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
  }

  public let code: Code
  /// What follows "assuming that …".
  public let text: String
  /// What gives reason to doubt it.
  public let evidence: [Evidence]
  /// The cause, should it not hold; nil where that is nothing that `why` names.
  public let cause: CauseCode?
  /// The place and the command that show whether it holds: `NODE# …`.
  public let check: String?

  init(
    _ code: Code, _ text: String, evidence: [Evidence] = [], cause: CauseCode? = nil,
    check: String? = nil
  ) {
    self.code = code
    self.text = text
    self.evidence = evidence
    self.cause = cause
    self.check = check
  }

  /// The capture itself gives reason to doubt it.
  public var isDoubtful: Bool { !evidence.isEmpty }
}

extension Premise.Code {
  /// One sentence without a final stop.
  public var meaning: String {
    switch self {
    case .guestNeighbours: "a guest's own neighbour cache holds what is answered now"
    case .metadataBackend: "the metadata agent hears Nova and Neutron, whatever they send"
    case .guestAddresses: "a guest that may use any address uses none of its neighbours'"
    case .cachedState: "a cache or a connection is still what it was when captured"
    }
  }
}
