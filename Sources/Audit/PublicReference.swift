// What a rule refers to, for readers outside: a bug, an advisory, a standard, with its address. Rule
// files name them shortly (`LP1930414`); fed by RuleFile, feeds everything that shows findings.

/// A published text.
public struct PublicReference: Hashable, Sendable {
  /// `Launchpad bug 1930414`.
  public let title: String
  public let address: String

  /// Nil for what is none of the kinds that are known.
  public init?(_ name: String) {
    guard let kind = Self.kinds.first(where: { name.hasPrefix($0.prefix) }) else { return nil }
    let number = String(name.dropFirst(kind.prefix.count))
    guard !number.isEmpty, number.utf8.allSatisfy(Self.isPartOfNumber) else { return nil }
    title = kind.title + number
    address = kind.address + number + kind.ending
  }

  /// The addresses of those that have one, the others as they are.
  public static func addresses(_ names: [String]) -> [String] {
    names.map { PublicReference($0)?.address ?? $0 }
  }

  static let wanted = "LP1930414, OSSA-2016-009, OSSN-0018, CVE-2014-0056 or RFC5798"

  private static let kinds: [(prefix: String, title: String, address: String, ending: String)] = [
    ("LP", "Launchpad bug ", "https://bugs.launchpad.net/bugs/", ""),
    (
      "OSSA-", "OpenStack security advisory ", "https://security.openstack.org/ossa/OSSA-", ".html"
    ),
    ("OSSN-", "OpenStack security note ", "https://wiki.openstack.org/wiki/OSSN/OSSN-", ""),
    ("CVE-", "CVE-", "https://www.cve.org/CVERecord?id=CVE-", ""),
    ("RFC", "RFC ", "https://www.rfc-editor.org/rfc/rfc", ""),
  ]

  private static func isPartOfNumber(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }
}
