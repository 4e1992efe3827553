// Why nothing is collected: one sentence for the operator.

public struct CollectionError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
