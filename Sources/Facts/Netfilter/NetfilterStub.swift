// Stub: replaced by the typed rules.
public struct IPTablesTable: Hashable, Sendable {}
public struct NFTObject: Hashable, Sendable {}
public struct IPSet: Hashable, Sendable {}
public struct EBTable: Hashable, Sendable {}
public struct ConntrackEntry: Hashable, Sendable {}
