// The JSON parser against RFC 8259: what it takes, what it refuses, and where it says it stopped.
import Dispatch
import Synchronization
import Testing

@testable import Formats

@Suite struct JSONParserTests {
  @Test(arguments: [
    ("null", "null"), (" true ", "true"), ("false", "false"), ("\"\"", "\"\""),
    ("0", "0"), ("-0", "-0"), ("-12.5e+3", "-12.5e+3"), ("1E5", "1E5"), ("0.1e-2", "0.1e-2"),
    ("123456789012345678901234567890", "123456789012345678901234567890"),
    ("[]", "[]"), ("[ 1 , [ ] , { } ]", "[1,[],{}]"), ("{}", "{}"),
    ("{\"a\":1,\"b\":{\"c\":[true,null]}}", "{a:1,b:{c:[true,null]}}"),
    ("{\"a\":1,\"a\":2}", "{a:1,a:2}"), ("\t[\r\n1]\n", "[1]"), ("{\"\":0}", "{:0}"),
  ])
  func takes(_ text: String, _ tree: String) throws {
    #expect(try JSONParser.document(Array(text.utf8)).sketch == tree)
  }

  @Test(arguments: [
    (#""\" \\ \/ \b\f\n\r\t""#, "\" \\ / \u{8}\u{c}\n\r\t"),
    (#""\u00e9\u20AC""#, "é€"), (#""\ud83d\ude00""#, "😀"), (#""é😀""#, "é😀"),
    // Half a surrogate pair has no scalar; what follows it is kept.
    (#""\ud83d""#, "\u{fffd}"), (#""\ud83dx""#, "\u{fffd}x"), (#""\ude00""#, "\u{fffd}"),
    (#""\ud83d\u0041""#, "\u{fffd}A"), (#""\u0000""#, "\u{0}"), ("\"\u{7f}\"", "\u{7f}"),
  ])
  func readsStrings(_ text: String, _ value: String) throws {
    #expect(try JSONParser.document(Array(text.utf8)).string == value)
  }

  @Test func repairsInvalidUTF8() throws {
    let node = try JSONParser.document([0x22, 0x61, 0xff, 0x22])
    #expect(node.string == "a\u{fffd}")
  }

  @Test(arguments: [
    ("", 0, 1, "a JSON value"), ("  ", 2, 1, "a JSON value"), ("nul", 0, 1, "a JSON value"),
    ("nulL", 0, 1, "a JSON value"), ("+1", 0, 1, "a JSON value"), ("-", 1, 1, "a JSON value"),
    (".5", 0, 1, "a JSON value"), ("01", 1, 1, "the end of the file"),
    ("1.", 2, 1, "a digit after '.'"), ("1.e5", 2, 1, "a digit after '.'"),
    ("1e", 2, 1, "a digit in the exponent"), ("1e+", 3, 1, "a digit in the exponent"),
    ("1-2", 1, 1, "the end of the file"), ("NaN", 0, 1, "a JSON value"),
    ("[1", 2, 1, "',' or ']'"), ("[1,]", 3, 1, "a JSON value"), ("[,1]", 1, 1, "a JSON value"),
    ("[1 2]", 3, 1, "',' or ']'"), ("]", 0, 1, "a JSON value"),
    ("[1]]", 3, 1, "the end of the file"),
    ("{", 1, 1, "a key in double quotes"), ("{a:1}", 1, 1, "a key in double quotes"),
    ("{\"a\"}", 4, 1, "':' after the key \"a\""), ("{\"a\":}", 5, 1, "a JSON value"),
    ("{\"a\":1", 6, 1, "',' or '}'"), ("{\"a\":1,}", 7, 1, "a key in double quotes"),
    ("{'a':1}", 1, 1, "a key in double quotes"), ("[\n\n1,\n", 6, 4, "a JSON value"),
    ("\"abc", 4, 1, "'\"' at the end of the string"),
    ("\"a\nb\"", 2, 1, "no control character inside a string"),
    ("\"\\", 2, 1, "an escape after '\\'"),
    ("\"\\x\"", 3, 1, "one of \" \\ / b f n r t u after '\\'"),
    ("\"\\u12\"", 3, 1, "four hexadecimal digits"),
    ("\"\\u12g4\"", 5, 1, "four hexadecimal digits"),
    ("\u{feff}1", 0, 1, "a JSON value"), ("1 // c", 2, 1, "the end of the file"),
  ])
  func refuses(_ text: String, _ offset: Int, _ line: Int, _ wanted: String) {
    #expect(throws: JSONError(offset: offset, line: line, wanted: wanted)) {
      try JSONParser.document(Array(text.utf8))
    }
  }

  @Test func knowsWhereValuesStand() throws {
    let text = "{\n  \"a\": [10,\n   {\"b\": \"x\"}],\n \"c\": -1.5 }"
    let root = try JSONParser.document(Array(text.utf8))
    let elements = try #require(root["a"]?.elements)
    let bytes = Array(text.utf8)
    func slice(_ node: JSONNode) -> String { String(decoding: bytes[node.range], as: UTF8.self) }
    #expect(slice(elements[0]) == "10")
    #expect(elements[0].line == 2)
    #expect(slice(elements[1]) == "{\"b\": \"x\"}")
    #expect(elements[1].line == 3)
    #expect(root["c"].map(slice) == "-1.5")
    #expect(root["c"]?.line == 4)
    #expect(root.range == 0..<bytes.count)
  }

  @Test func takesNumbersThatFit() throws {
    let node = try JSONParser.document(Array("[255, 256, -1, 1.5, \"7\"]".utf8))
    let numbers = (node.elements ?? []).map { $0.number(UInt8.self) }
    #expect(numbers == [255, nil, nil, nil, nil])
  }

  @Test(arguments: [199, 200, 201, 100_000])
  func boundsDepth(_ depth: Int) {
    for open in ["[", "{\"k\":"] {
      let close = open == "[" ? "]" : "}"
      let inner = open == "[" ? "" : "{}"
      let levels = open == "[" ? depth : depth - 1
      let text =
        String(repeating: open, count: levels) + inner + String(repeating: close, count: levels)
      let isTaken = (try? JSONParser.document(Array(text.utf8))) != nil
      #expect(isTaken == (depth <= JSONParser.maximumDepth))
    }
  }

  /// Parsers run on Dispatch's threads, whose stacks are smaller than the main thread's.
  @Test func deepestInputFitsAWorkerThreadsStack() {
    let depth = JSONParser.maximumDepth
    let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    let taken = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      if (try? JSONParser.document(Array(text.utf8))) != nil { taken.withLock { $0 += 1 } }
    }
    #expect(taken.withLock { $0 } == 4)
  }
}

@Suite struct JSONRecordsTests {
  private func records(_ text: String, under key: String? = nil) -> Parsed<Int> {
    parseJSONRecords(CaptureText(text), format: "test", under: key) { node, _, _ in
      node["n"]?.number(Int.self).map { [$0] }
    }
  }

  @Test(arguments: [
    ("", []), (" \n", []), ("[]", []), ("[ ]\n", []), ("[{}]", []), ("[{\"n\":1}]", [1]),
    ("[{\"n\":1},{},\n{\"n\":2}]\n", [1, 2]),
  ])
  func readsWholeFiles(_ text: String, _ wanted: [Int]) {
    let parsed = records(text)
    #expect(parsed.records == wanted)
    #expect(parsed.diagnostics.isEmpty)
    #expect(!parsed.isIncomplete)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test(arguments: [
    ("[{\"n\":1},{\"n\":2", [1], "the JSON breaks off at byte 15: wanted ',' or '}'"),
    ("[{\"n\":1}", [1], "the JSON breaks off at byte 8: wanted ',' or ']'"),
    ("[{\"n\":1},", [1], "the JSON breaks off at byte 9: wanted a JSON value"),
    ("[", [], "the JSON breaks off at byte 1: wanted a JSON value"),
    ("{\"n\":1}", [], "the JSON breaks off at byte 0: wanted '[' that opens the records"),
    ("[{\"n\":1}] x", [1], "the JSON breaks off at byte 10: wanted the end of the file"),
    ("[{\"n\":1} {\"n\":2}]", [1], "the JSON breaks off at byte 9: wanted ',' or ']'"),
  ])
  func keepsWhatStandsBeforeACut(_ text: String, _ wanted: [Int], _ message: String) {
    let parsed = records(text)
    #expect(parsed.records == wanted)
    #expect(parsed.diagnostics.map(\.message) == [message])
    #expect(parsed.diagnostics.map(\.id) == ["test/bad-json"])
    #expect(parsed.isIncomplete)
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func rejectsARecordAndGoesOn() {
    let parsed = records("[{\"n\":1},\n7,{\"m\":1},{\"n\":2}]")
    #expect(parsed.records == [1, 2])
    #expect(parsed.diagnostics.map(\.id) == ["test/bad-record", "test/bad-record"])
    #expect(parsed.diagnostics.map(\.evidence.line) == [2, 2])
    #expect(!parsed.isIncomplete)
    #expect(parsed.coverage.lostBytes == 0)
    #expect(parsed.coverage.diagnosedBytes == 8)
  }

  @Test(arguments: [
    ("{\"rows\": [{\"n\":1}]}\n", [1], false), ("{\"rows\": [{\"n\":1}]", [1], true),
    ("{\"rows\": [{\"n\":1}", [1], true), ("{\"other\": []}", [], true), ("{", [], true),
    ("[{\"n\":1}]", [], true), ("{\"rows\": []} {}", [], true),
  ])
  func readsRecordsUnderAKey(_ text: String, _ wanted: [Int], _ isIncomplete: Bool) {
    let parsed = records(text, under: "rows")
    #expect(parsed.records == wanted)
    #expect(parsed.isIncomplete == isIncomplete)
    #expect(parsed.diagnostics.isEmpty != isIncomplete)
    #expect(parsed.coverage.lostBytes == 0)
  }
}

extension JSONNode {
  /// The tree without white space and quotes around keys.
  fileprivate var sketch: String {
    switch value {
    case .object(let members):
      "{" + members.map { "\($0.key):\($0.value.sketch)" }.joined(separator: ",") + "}"
    case .array(let nodes): "[" + nodes.map(\.sketch).joined(separator: ",") + "]"
    case .string(let text): "\"\(text)\""
    case .number(let text): text
    case .bool(let flag): "\(flag)"
    case .null: "null"
    }
  }
}
