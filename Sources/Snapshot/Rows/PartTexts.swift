// Texts that many rows have, numbered within a part of a capture; the writer knows which of them the
// snapshot has already. Feeds the table `shared_text`.

/// Texts in the order in which they came, each once.
struct PartTexts: Sendable {
  private(set) var texts: [String] = []
  private var numbers: [String: Int] = [:]

  /// The text's number, from 0.
  mutating func number(_ text: String) -> Int64 {
    if let number = numbers[text] { return Int64(number) }
    let number = texts.count
    numbers[text] = number
    texts.append(text)
    return Int64(number)
  }
}
