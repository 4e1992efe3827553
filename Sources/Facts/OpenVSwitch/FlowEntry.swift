// Stub: replaced by the typed flow entry.
public struct FlowEntry: Hashable, Sendable {}
public struct GroupEntry: Hashable, Sendable {}
