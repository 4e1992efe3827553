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

  private static func findings(_ input: ReportInput) -> [ReportObject: [Int]] {
    var result: [ReportObject: [Int]] = [:]
    for (position, finding) in (input.findings?.findings ?? []).enumerated() {
      for object in objects(of: finding, input.model) {
        result[object, default: []].append(position)
      }
    }
    return result
  }

  /// What is found about a port shows on the pages of its server, router and network too.
  private static func objects(
    of finding: ReportFinding, _ model: CloudModel
  ) -> Set<ReportObject> {
    var objects = Set(finding.objects)
    for object in finding.objects where object.kind == .port {
      guard let port = model.port(PortID(object.id)) else { continue }
      objects.formUnion(
        [
          port.server.map { ReportObject(.server, $0.rawValue) },
          port.router.map { ReportObject(.router, $0.rawValue) },
          port.network.map { ReportObject(.network, $0.rawValue) },
        ].compactMap { $0 })
    }
    return objects
  }

  /// Findings about the same things, causes before what packets show, then those that share most; a
  /// server's networks count as the server does.
  func related(to position: Int, limit: Int = 6) -> [Int] {
    guard let set = input.findings, let finding = set.findings[safe: position] else { return [] }
    var objects = Self.objects(of: finding, model)
    for object in objects where object.kind == .server {
      let ports = index.portsByServer[ServerID(object.id)] ?? []
      objects.formUnion(ports.compactMap(\.network).map { ReportObject(.network, $0.rawValue) })
    }
    var shared: [Int: Int] = [:]
    for object in objects {
      // What half the cloud has in common says nothing about this one.
      for other in (findingsByObject[object] ?? []).prefix(Self.relatedLimit)
      where other != position {
        shared[other, default: 0] += 1
      }
    }
    func rank(_ other: Int) -> (Int, Int, Int) {
      (set.findings[other].isEffect ? 1 : 0, -(shared[other] ?? 0), other)
    }
    return Array(shared.keys.sorted { rank($0) < rank($1) }.prefix(limit))
  }
  private static let relatedLimit = 200

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
