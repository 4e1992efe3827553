// Why a snapshot cannot be read or written: one sentence for the operator, with what was wanted.

/// An error about a snapshot file; its description holds no data of the cloud.
public struct SnapshotError: Error, Hashable, Sendable, CustomStringConvertible {
  public let path: String
  public let problem: String
  public let wanted: String
  public init(_ path: String, _ problem: String, wanted: String) {
    self.path = path
    self.problem = problem
    self.wanted = wanted
  }
  public var description: String { "\(path): \(problem): wanted \(wanted)" }
}
