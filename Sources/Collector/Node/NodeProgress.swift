// What is going on, for a terminal. Fed by NodeCollection.

/// A step of one node.
public struct NodeProgress: Sendable {
  public enum Step: Sendable {
    case reading(files: Int, bytes: Int)
    /// It changed while it was read, in these respects, and is read again.
    case reread([String])
    case done(NodeOutcome)
  }
  public let node: String
  public let step: Step
  init(_ node: String, _ step: Step) {
    self.node = node
    self.step = step
  }
}
