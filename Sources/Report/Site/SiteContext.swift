// What every page of a report may ask: the cloud, names and addresses of pages, findings of a thing,
// evidence.
import Facts
import LogicalModel
import NetworkTypes

struct SiteContext {
  let input: ReportInput
  let index: CloudIndex
  let map: SiteMap
  let book: EvidenceBook
  let catalogue: ElementCatalogue
  let logical: LogicalDiagram
  let writer: PageWriter
  /// Positions in `input.findings`.
  private let findingsByObject: [ReportObject: [Int]]

  var model: CloudModel { input.model }

  init(_ input: ReportInput, writer: PageWriter) {
    self.input = input
    self.writer = writer
    index = CloudIndex(input.model, input.facts)
    map = SiteMap(index)
    book = EvidenceBook(input)
    catalogue = ElementCatalogue(input.facts, input.model)
    logical = LogicalDiagram(input.model)
    findingsByObject = Self.findings(input)
  }

  /// What is found about a port shows on the pages of its server, router and network too.
  private static func findings(_ input: ReportInput) -> [ReportObject: [Int]] {
    var result: [ReportObject: [Int]] = [:]
    for (position, finding) in (input.findings?.findings ?? []).enumerated() {
      var objects = finding.objects
      for object in finding.objects where object.kind == .port {
        guard let port = input.model.port(PortID(object.id)) else { continue }
        objects += [
          port.server.map { ReportObject(.server, $0.rawValue) },
          port.router.map { ReportObject(.router, $0.rawValue) },
          port.network.map { ReportObject(.network, $0.rawValue) },
        ].compactMap { $0 }
      }
      for object in Set(objects) { result[object, default: []].append(position) }
    }
    return result
  }

  func findings(of object: ReportObject) -> [Int] { findingsByObject[object] ?? [] }

  static func findingPath(_ position: Int) -> String { "finding-\(position + 1).html" }
  static func tracePath(_ position: Int) -> String { "trace-\(position + 1).html" }
  static func diagnosisPath(_ position: Int) -> String { "why-\(position + 1).html" }

  /// Severity, subject and message of a finding, leading to its page.
  func finding(_ position: Int) -> Markup {
    guard let finding = input.findings?.findings[safe: position] else { return .empty }
    return .group([
      Icon.severityTag(finding.severity.rawValue), .text(" "),
      .link(Self.findingPath(position), text: "\(finding.subject): \(finding.message)"),
    ])
  }

  /// `2 findings`, leading to the thing's page; nothing for none.
  func tally(_ object: ReportObject) -> Markup {
    let positions = findings(of: object)
    guard let first = positions.first, let gravest = input.findings?.findings[safe: first] else {
      return .empty
    }
    return .group([
      Icon.severity(gravest.severity.rawValue), .text(" "),
      .link(
        positions.count == 1 ? Self.findingPath(first) : map.path(object) ?? "findings.html",
        text: count(positions.count, "finding")),
    ])
  }
}
