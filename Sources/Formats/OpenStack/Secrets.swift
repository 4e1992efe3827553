// What must not leave a capture: passwords, shared secrets, tokens and credentials in URLs.

enum Secrets {
  static let mask = "***"

  /// Parts of an option's name that make its value a secret.
  private static let parts = [
    "password", "passwd", "passphrase", "secret", "auth_pass", "auth_key", "token",
    "private_key", "credential", "api_key", "apikey", "encryption_key",
  ]
  /// Names that hold such a part and are no secret.
  private static let harmless = ["auth_pass_type", "token_cache", "secret_file"]

  static func isSecret(key: String) -> Bool {
    let name = key.lowercased()
    if name.hasSuffix("_file") || name.hasSuffix("_time") || harmless.contains(name) {
      return false
    }
    return name == "pass" || parts.contains { name.hasPart($0) }
  }

  /// Masks a whole value where its key says so, else the credentials of the URLs in it.
  static func masked(_ value: String, key: String) -> String {
    if isSecret(key: key) { return value.isEmpty ? "" : mask }
    return maskedURLs(value)
  }

  /// Replaces what stands between `://` and the last `@` of a word, and secrets of its query.
  ///
  /// Up to the last `@`, because a password may hold one; a second host's name may go with it.
  static func maskedURLs(_ value: String) -> String {
    guard value.hasPart("://") else { return value }
    let words = value.split(omittingEmptySubsequences: false) { $0 == " " || $0 == "\n" }
    guard words.count == 1 else {
      return words.map { maskedURLs(String($0)) }.joined(separator: " ")
    }
    guard let scheme = value.firstRange(of: "://") else { return value }
    let rest = value[scheme.upperBound...]
    let tail = rest.lastIndex(of: "@").map { mask + rest[$0...] } ?? String(rest)
    return value[..<scheme.upperBound] + maskedQuery(tail)
  }

  private static func maskedQuery(_ text: String) -> String {
    guard let mark = text.firstIndex(of: "?") else { return text }
    let pairs = text[text.index(after: mark)...].split(
      separator: "&", omittingEmptySubsequences: false)
    let shown = pairs.map { pair -> String in
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, isSecret(key: String(parts[0])) else { return String(pair) }
      return "\(parts[0])=\(mask)"
    }
    return text[...mark] + shown.joined(separator: "&")
  }
}
