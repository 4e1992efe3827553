// A flow's match as words and masks of a key.
import Facts
import NetworkTypes

/// The words that a match looks at, with what they must be.
struct CompiledMatch: Hashable, Sendable {
  /// Indices of words with a nonzero mask, rising.
  var indices: [UInt8] = []
  var masks: [UInt64] = []
  var values: [UInt64] = []
  /// Keys that are not understood, or fields that are not modelled.
  var unmodelled: [String] = []

  init(_ match: FlowMatch) {
    var mask = FlowKey()
    var value = FlowKey()
    for part in match.fields {
      guard let slot = part.field.slot else {
        unmodelled.append(part.field.name)
        continue
      }
      mask[wide: slot] |= part.mask
      value[wide: slot] |= part.value
    }
    unmodelled += match.unrecognised.map(\.key)
    for index in 0..<FlowKey.wordCount where mask.words[index] != 0 {
      indices.append(UInt8(index))
      masks.append(mask.words[index])
      values.append(value.words[index] & mask.words[index])
    }
  }

  func matches(_ key: borrowing FlowKey) -> Bool {
    for position in indices.indices
    where key.words[Int(indices[position])] & masks[position] != values[position] {
      return false
    }
    return true
  }
}
