// Why the machine refused.

/// What was tried, and what the kernel or a program said.
public struct NamespaceError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
