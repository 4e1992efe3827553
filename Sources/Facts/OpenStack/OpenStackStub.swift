// Stub: replaced by the typed records.
public struct NeutronFacts: Sendable { public init() {} }
public struct NodeFileFacts: Sendable { public init() {} }
