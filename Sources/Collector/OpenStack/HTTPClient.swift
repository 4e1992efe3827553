// HTTP through the system's own `curl`, whose library every start of the program would load
// otherwise. What is secret goes to its standard input: command lines are everyone's to read. Feeds
// OpenStackSession.
import Foundation
import Glibc
import Subprocess

/// Requests with what clouds.yaml says of certificates; follows no redirection, which would take the
/// token elsewhere.
struct HTTPClient: Sendable {
  struct Answer: Sendable {
    /// By name in lower case; of several the last.
    let headers: [String: String]
    let body: Data
  }
  /// The answer of a large cloud's ports is some ten megabytes a page.
  private static let maximumBytes = 256 << 20
  private static let maximumSaidBytes = 1 << 14
  private let settings: [String]

  init(_ settings: CloudSettings) {
    if !settings.isVerified {
      self.settings = ["insecure"]
    } else {
      self.settings = settings.caFile.map { ["cacert = \(Self.quoted($0))"] } ?? []
    }
  }

  /// A POST where there is a body.
  ///
  /// Throws for anything but success, with the address but without its query.
  func send(to url: URL, headers: [String: String], body: Data? = nil) async throws -> Answer {
    let shown = Self.shown(url)
    let lines = configuration(url, headers, body)
    // -q: no ~/.curlrc, which could say anything.
    let result: ExecutionResult<Void, BytesOutput, StringOutput<UTF8>>
    do {
      result = try await Subprocess.run(
        .name("curl"), arguments: ["-q", "--config", "-"],
        input: .fileDescriptor(
          .init(rawValue: try Self.pipe(holding: lines)), closeAfterSpawningProcess: true),
        output: .bytes(limit: Self.maximumBytes), error: .string(limit: Self.maximumSaidBytes))
    } catch let error as SubprocessError where error.code == .executableNotFound {
      throw CollectionError("curl: not found here: wanted curl, to ask OpenStack's API")
    } catch let error as SubprocessError where error.code == .outputLimitExceeded {
      throw CollectionError("\(shown): answered more than \(Self.maximumBytes) bytes, not read")
    }
    guard result.terminationStatus.isSuccess else {
      let said = SafeName.firstLine(Array(result.standardError.utf8))
      throw CollectionError(
        "\(shown): no answer: \(said.isEmpty ? "curl failed and said nothing" : said)")
    }
    return try Self.answer(result.standardOutput, shown)
  }

  /// The end to read of a pipe that holds the lines already: a curl that ends before it has read them
  /// would end us too, by SIGPIPE, and Subprocess by a descriptor that it does not close.
  private static func pipe(holding lines: [String]) throws(CollectionError) -> Int32 {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else {
      throw CollectionError("curl: no pipe to it: wanted more files (ulimit -n)")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    defer { close(ends[1]) }
    // What is written here fits a pipe's 64 KB many times; a token is some hundred bytes.
    let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
    guard write(ends[1], bytes, bytes.count) == bytes.count else {
      close(ends[0])
      throw CollectionError("curl: is asked more than a pipe holds")
    }
    return ends[0]
  }

  private func configuration(
    _ url: URL, _ headers: [String: String], _ body: Data?
  ) -> [String] {
    let fixed = [
      "silent", "show-error", "include", "suppress-connect-headers", "proto = \"=http,https\"",
      "connect-timeout = 60", "speed-limit = 1", "speed-time = 60", "globoff",
      // No answer of two parts.
      "header = \"Expect:\"",
    ]
    return fixed + settings + ["url = \(Self.quoted(url.absoluteString))"]
      + headers.sorted { $0.key < $1.key }.map { "header = \(Self.quoted("\($0): \($1)"))" }
      + (body.map { ["data-raw = \(Self.quoted(String(decoding: $0, as: UTF8.self)))"] } ?? [])
  }

  /// As curl's configuration files quote: what would end a line or a word is escaped.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0": continue
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A status line, headers, an empty line, the body.
  static func answer(_ bytes: [UInt8], _ shown: String) throws -> Answer {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
      throw CollectionError("\(shown): no HTTP: wanted an OpenStack API")
    }
    // By bytes: `\r\n` is one character.
    let lines = bytes[..<end.lowerBound].split(separator: 0x0a).map {
      String(decoding: $0.filter { $0 != 0x0d }, as: UTF8.self)
    }
    let words = (lines.first ?? "").split(separator: " ")
    guard words.count > 1, words[0].hasPrefix("HTTP/"), let status = Int(words[1]) else {
      throw CollectionError("\(shown): no HTTP: wanted an OpenStack API")
    }
    guard (200..<300).contains(status) else {
      throw HTTPStatusError(address: shown, status: status)
    }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      headers[line[..<colon].lowercased()] = String(value)
    }
    return Answer(headers: headers, body: Data(bytes[end.upperBound...]))
  }

  /// Without query, user and password.
  static func shown(_ url: URL) -> String {
    let port = url.port.map { ":\($0)" } ?? ""
    return "\(url.scheme ?? "")://\(url.host ?? "")\(port)\(url.path)"
  }
}

struct HTTPStatusError: Error, Hashable, CustomStringConvertible {
  let address: String
  let status: Int
  var description: String {
    let meaning = [401: "not logged in", 403: "not allowed", 404: "not there"][status]
    return "\(address): HTTP \(status)\(meaning.map { " (\($0))" } ?? "")"
  }
}
