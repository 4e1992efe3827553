// What flows of one kind have in common: the fields that they ask for and the masks, without values.

/// The fields and masks of a match. Its values lie apart, as words: one a field of up to 64 bits, two
/// (the high one first) a wider one.
public struct MatchShape: Hashable, Sendable {
  /// In the catalogue's order, each at most once.
  public let fields: [OpenFlowField]
  /// One a field; never zero.
  public let masks: [UInt128]
  /// How many words the values take.
  public let wordCount: Int

  public init(fields: [OpenFlowField], masks: [UInt128]) {
    self.fields = fields
    self.masks = masks
    wordCount = fields.reduce(0) { $0 + $1.wordCount }
  }
  public init(_ match: FlowMatch) {
    self.init(fields: match.fields.map(\.field), masks: match.fields.map(\.mask))
  }

  /// Where the field's words begin; nil where the shape does not ask for it.
  public func offset(of field: OpenFlowField) -> Int? {
    var offset = 0
    for candidate in fields {
      if candidate == field { return offset }
      offset += candidate.wordCount
    }
    return nil
  }
}

extension OpenFlowField {
  /// Words of a value: 1, or 2 above 64 bits.
  @inlinable public var wordCount: Int { Self.wordCounts[Int(rawValue)] }

  @usableFromInline static let wordCounts: [Int] = allCases.map { $0.valueBits > 64 ? 2 : 1 }
}
