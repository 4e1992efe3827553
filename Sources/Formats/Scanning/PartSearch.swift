// Whether a text holds another, by bytes: the standard library's `contains(_: String)` weighs Unicode's
// equivalences and costs a hundred times as much, which whole captures feel.

extension StringProtocol {
  /// True where the UTF-8 of `part` stands in that of the text.
  func hasPart(_ part: String) -> Bool {
    let bytes = part.utf8
    guard let first = bytes.first else { return true }
    var rest = utf8[...]
    while let index = rest.firstIndex(of: first) {
      rest = rest[index...]
      if rest.starts(with: bytes) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
