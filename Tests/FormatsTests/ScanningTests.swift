// The ground under all line formats: lines, cursor, numbers, and that each byte counts once.
import Facts
import Testing

@testable import Formats

@Suite struct ScanningTests {
  @Test(arguments: [
    ("", []), ("a", ["a"]), ("a\n", ["a"]), ("\n", [""]), ("a\n\nb", ["a", "", "b"]),
    ("a\r\nb\r", ["a", "b"]), ("\r\n", [""]), ("a\rb\n", ["a\rb"]),
  ])
  func splitsLines(_ text: String, _ wanted: [String]) {
    let capture = CaptureText(text)
    let lines = Array(Lines(capture))
    #expect(lines.map { capture.string($0.content) } == wanted)
    #expect(lines.map(\.number) == Array(1..<(wanted.count + 1)))
    #expect(lines.reduce(0) { $0 + $1.whole.count } == capture.bytes.count)
  }

  @Test(arguments: [
    ("0", 0), ("42", 42), ("0x2a", 42), ("0XFF", 255), ("18446744073709551615", UInt64.max),
    ("0xffffffffffffffff", UInt64.max), ("007", 7),
  ])
  func readsNumbers(_ text: String, _ value: UInt64) { #expect(parseNumber(text) == value) }

  @Test(arguments: [
    "", "0x", "x", "-1", "+1", "1a", "0xg", " 1", "1 ", "18446744073709551616",
    "0x10000000000000000", "1.0",
  ])
  func refusesNumbers(_ text: String) { #expect(parseNumber(text) == nil) }

  @Test func cursorWalksOverWords() {
    var cursor = ByteCursor(Array("  ab \t c=d".utf8), 0..<10)
    let word = cursor.wordText()
    cursor.skipSpaces()
    let skipped = [cursor.skip("c="), cursor.skip("dd")]
    let rest = cursor.rest
    let byteSkips = [cursor.skip(UInt8(ascii: "d")), cursor.skip(UInt8(ascii: "d"))]
    let atEnd = cursor.wordText()
    #expect(word == "ab")
    #expect(skipped == [true, false])
    #expect(rest == "d")
    #expect(byteSkips == [true, false])
    #expect(cursor.isAtEnd)
    #expect(cursor.current == nil)
    #expect(atEnd.isEmpty)
  }

  @Test func cursorKeepsInsideItsRange() {
    var cursor = ByteCursor(Array("abc def".utf8), 0..<2)
    let word = cursor.wordText()
    let isSkipped = cursor.skip("c")
    #expect(word == "ab")
    #expect(!isSkipped)
  }

  @Test func logCountsEveryByteOnce() {
    var log = ParseLog(CaptureText("head\nfact\nbad\n"))
    log.structure(0..<5)
    log.fact(5..<10)
    #expect(log.coverage.lostBytes == 4)
    log.remark("t/odd", .warning, line: 2, 5..<7, "kept")
    #expect(log.coverage.lostBytes == 4)
    log.reject("t/bad", line: 3, 10..<14, column: 2, "not read")
    let parsed = log.parsed([1])
    #expect(parsed.coverage.lostBytes == 0)
    #expect(parsed.coverage.records == 1)
    #expect(parsed.diagnostics.map(\.severity) == [.warning, .error])
    #expect(parsed.diagnostics.last?.evidence.bytes == 10..<14)
  }

  @Test func captureTextRepairsAndClamps() {
    let text = CaptureText(file: CaptureFileID(3), bytes: [0x61, 0xff, 0x62])
    #expect(text.string(0..<3) == "a\u{fffd}b")
    #expect(text.string(2..<99) == "b")
  }

  @Test(arguments: [
    ("a\nb\n", ["a", "b"], false), ("a\nb", ["a"], true), ("", [], false), ("\n", [], false),
    ("a\n#x\nb\n", ["a", "b"], false),
  ])
  func lineRecordsRefuseACutLine(_ text: String, _ wanted: [String], _ isIncomplete: Bool) {
    let parsed: Parsed<String> = parseLineRecords(CaptureText(text), format: "t") { line, log in
      let content = log.text.string(line.content)
      return content.isEmpty || content.hasPrefix("#") ? .structure : .record(content)
    }
    #expect(parsed.records == wanted)
    #expect(parsed.isIncomplete == isIncomplete)
    #expect(parsed.coverage.lostBytes == 0)
    #expect(parsed.diagnostics.map(\.id) == (isIncomplete ? ["t/cut-line"] : []))
  }

  @Test func lineRecordsNameABadLine() {
    let parsed: Parsed<Int> = parseLineRecords(CaptureText("1\nx\n2\n"), format: "t") { line, log in
      Int(log.text.string(line.content)).map { .record($0) } ?? .bad("a number")
    }
    #expect(parsed.records == [1, 2])
    #expect(parsed.diagnostics.map(\.message) == ["x: wanted a number"])
    #expect(parsed.diagnostics.map(\.evidence.line) == [2])
    #expect(parsed.coverage.diagnosedBytes == 2)
  }
}
