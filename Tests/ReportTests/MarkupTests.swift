// Text to HTML, and the hash that names the style.
import Testing

@testable import Report

@Suite struct MarkupTests {
  @Test(arguments: [
    ("web1", "web1"),
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("a\" onload='x' & b", "a&quot; onload=&#39;x&#39; &amp; b"),
    // One character for Swift, still the end of an attribute for a browser.
    ("a\"\u{301} onload=x", "a&quot;\u{301} onload=x"),
    ("<\u{301}b>", "&lt;\u{301}b&gt;"),
    ("bell\u{7}null\0", "bell\\x07null\\x00"),
    ("line\nfeed\r\t", "line\\x0afeed\\x0d\\x09"),
    ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
    ("zero\u{200b}width\u{2028}", "zero\\u{200b}width\\u{2028}"),
    ("&lt;", "&amp;lt;"),
    ("{{title}}", "{{title}}"),
    ("Zürich 東京", "Zürich 東京"),
  ])
  func escapes(_ text: String, _ expected: String) {
    #expect(HTMLText.escaped(text) == expected)
  }

  @Test func elementsEscapeWhatTheyHold() {
    let markup = Markup.tag(
      "a", "x\"y", [MarkupAttribute("title", "<&>")], [.text("'"), .tag("br")])
    #expect(
      markup.rendered == "<a class=\"x&quot;y\" title=\"&lt;&amp;&gt;\">&#39;<br></a>")
  }

  /// FIPS 180-4's examples, and one of each padding.
  @Test(arguments: [
    ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
    ("abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE="
    ),
    (String(repeating: "a", count: 55), "n0OQ+NMMLdkuyfCVtl4rmumwqSWlJY4kHJ8ekQ9zQxg="),
    (String(repeating: "a", count: 64), "/+BU/nrgy23GXDr5th1SCfQ5hR20PQulmXM33xVGaOs="),
  ])
  func hashes(_ text: String, _ expected: String) {
    #expect(SHA256.base64(Array(text.utf8)) == expected)
  }

  @Test(arguments: [
    (0.0, "0"), (1.0, "1"), (1.25, "1.3"), (-0.25, "-0.3"), (12.04, "12"), (-3.0, "-3"),
  ])
  func lengthsAreShort(_ value: Double, _ expected: String) {
    #expect(value.drawn == expected)
  }

  @Test func wideTextIsCut() {
    #expect(SVG.cut("short", room: 100, size: 10) == "short")
    #expect(SVG.cut("a rather long name", room: 60, size: 10) == "a rath…ame")
    #expect(SVG.cut("東京東京東京", room: 48, size: 10) == "東京…京")
  }
}
