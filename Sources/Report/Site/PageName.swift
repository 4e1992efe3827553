// Names of the site's files, all in one folder: letters, digits and hyphens whatever an id holds.

enum PageName {
  /// `network-3f2a….html` for an id that is a plain word, else a hash of it: no id leads elsewhere,
  /// and no two to one file.
  static func object(_ kind: String, _ id: String) -> String { "\(kind)-\(slug(id)).html" }

  /// A page of several: `ports.html`, `ports-2.html`.
  static func part(_ name: String, _ index: Int) -> String {
    index == 0 ? "\(name).html" : "\(name)-\(index + 1).html"
  }

  static func slug(_ id: String) -> String {
    let isPlain =
      !id.isEmpty && id.utf8.count <= 64
      && id.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
      }
    // Upper case would meet lower case on some file systems; a hash is told from ids by its `x`.
    if isPlain, !id.hasPrefix("x-") { return id }
    let digits = SHA256.digest(Array(id.utf8)).prefix(12)
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "x-" + digits.joined()
  }
}
