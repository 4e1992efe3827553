// Findings that somebody has looked at and answers for, until a date.
import Foundation

/// One waiver of a waiver file, a JSON array of objects.
public struct Waiver: Hashable, Sendable, Codable {
  /// A rule's id; `*` at its end stands for anything.
  public var rule: String
  /// A finding's subject; `*` at its end stands for anything.
  public var subject: String
  public var owner: String
  public var reason: String
  /// `2027-01-31`: the last day on which it holds.
  public var expires: String

  func covers(_ finding: Finding) -> Bool {
    covers(rule: finding.rule.id, subject: finding.subject)
  }
  public func covers(rule: String, subject: String) -> Bool {
    Self.matches(self.rule, rule) && Self.matches(self.subject, subject)
  }
  private static func matches(_ pattern: String, _ text: String) -> Bool {
    pattern.hasSuffix("*") ? text.hasPrefix(pattern.dropLast()) : text == pattern
  }
}

public struct Waivers: Sendable {
  public let list: [Waiver]

  /// Throws a RuleError that names the file for one that is no list of waivers, or has a waiver
  /// without owner, reason or day.
  public init(_ bytes: [UInt8], file: String) throws {
    do {
      list = try JSONDecoder().decode([Waiver].self, from: Data(bytes))
    } catch {
      throw RuleError(
        file, "wanted a JSON array of objects with rule, subject, owner, reason and expires")
    }
    for (index, waiver) in list.enumerated() {
      guard !waiver.owner.isEmpty, !waiver.reason.isEmpty else {
        throw RuleError(file, "waiver \(index + 1) has no owner or no reason")
      }
      guard Self.isDay(waiver.expires) else {
        throw RuleError(file, "waiver \(index + 1): expires '\(waiver.expires)': wanted 2027-01-31")
      }
    }
  }

  /// The day on which waivers are judged: the one asked for, else that of the latest of `captured`.
  ///
  /// Throws a RuleError for what is no day, and where there is none: every waiver would hold.
  public static func day(_ asked: String?, captured: [String?]) throws -> String {
    if let asked {
      guard isDay(asked) else { throw RuleError("--today", "'\(asked)': wanted 2027-01-31") }
      return asked
    }
    let days = captured.compactMap { $0.map { String($0.prefix(10)) } }
    guard let day = days.filter(isDay).max() else {
      throw RuleError(
        "--waivers", "the capture does not tell its day: wanted --today, as 2027-01-31")
    }
    return day
  }

  private static func isDay(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return text.count == 10 && parts.map(\.count) == [4, 2, 2]
      && parts.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isNumber } }
  }

  /// The report without what is waived on `day`, and a line for each finding left out and each waiver
  /// that covers nothing or has expired.
  public func applied(to report: AuditReport, on day: String) -> (AuditReport, [String]) {
    var notes: [String] = []
    var used: Set<Waiver> = []
    let valid = valid(on: day)
    let results = report.results.map { result in
      var result = result
      result.findings.removeAll { finding in
        guard let waiver = valid.first(where: { $0.covers(finding) }) else { return false }
        used.insert(waiver)
        notes.append(
          "waived: \(finding.rule.id) \(finding.subject): \(waiver.reason) (\(waiver.owner), until \(waiver.expires))"
        )
        return true
      }
      return result
    }
    return (AuditReport(results: results), notes + idle(on: day, used: used))
  }

  public func valid(on day: String) -> [Waiver] { list.filter { $0.expires >= day } }

  /// A line for each waiver that is not `used`.
  public func idle(on day: String, used: Set<Waiver>) -> [String] {
    list.filter { !used.contains($0) }.map { waiver in
      let why = waiver.expires < day ? "expired on \(waiver.expires)" : "covers nothing"
      return "waiver of \(waiver.owner) for \(waiver.rule) \(waiver.subject): \(why)"
    }
  }
}
