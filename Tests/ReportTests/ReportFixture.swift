// The shared healthy cloud, its model and traces, made once for all tests of the report.
import Audit
import DataPlane
import Facts
import Formats
import Foundation
import NetworkTypes
import Trace

@testable import LogicalModel
@testable import Report

enum ReportFixture {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let folder = Result { try ReportFolder(path: root.appendingPathComponent("Reports").path) }

  static func capture() throws -> Capture {
    try CaptureFolder.read([root.appendingPathComponent("Tests/Fixtures/healthy-cloud").path])
  }

  static let facts = Result { CloudFacts(parsing: try capture()) }

  static let tracer = Result { Tracer(DataPlaneModel(try facts.get())) }

  /// A server's only port, by the server's name.
  static func port(_ server: String, in model: LogicalModel.CloudModel) -> LogicalModel.Port? {
    model.ports.first { model.server($0.server)?.name == server }
  }

  static func probe(
    _ from: String, _ to: String, _ kind: ProbeProtocol, port: UInt16? = nil
  ) throws -> Probe? {
    let model = LogicalModel.CloudModel(try facts.get())
    let address = IPAddress(to) ?? Self.port(to, in: model)?.addresses.first
    guard let origin = Self.port(from, in: model), let address else { return nil }
    return Probe(
      origin: .port(origin.id), destination: address, kind: kind, destinationPort: port)
  }

  /// From a server behind a Linux bridge to the internet, over a tunnel, and to nowhere.
  static func traces() throws -> [TracedProbe] {
    let asked: [(String, String, ProbeProtocol)] = [
      ("a1", "8.8.8.8", .icmp), ("a1", "a4", .icmp), ("b2", "8.8.8.8", .tcp), ("a1", "c1", .icmp),
    ]
    let tracer = try tracer.get()
    return try asked.compactMap { from, to, kind in
      try probe(from, to, kind, port: kind == .tcp ? 443 : nil).map {
        TracedProbe(title: "\(from) to \(to), \(kind.rawValue)", result: tracer.trace($0))
      }
    }
  }

  static func input(_ facts: CloudFacts? = nil) throws -> ReportInput {
    let facts = try facts ?? Self.facts.get()
    return ReportInput(facts: facts, model: LogicalModel.CloudModel(facts))
  }

  static func site(_ input: ReportInput) throws -> [String: String] {
    try HTMLReport.site(input, folder: try folder.get()).files
  }

  /// The pages alone, by their names.
  static func pages(_ input: ReportInput) throws -> [(name: String, text: String)] {
    try site(input).filter { $0.key.hasSuffix(".html") }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  static func page(_ input: ReportInput, _ name: String = "index.html") throws -> String {
    try site(input)[name] ?? ""
  }

  /// With traces, findings and everything else that others plug in.
  static func fullInput(_ facts: CloudFacts? = nil, word: String = "web") throws -> ReportInput {
    var input = try input(facts)
    input.traces = try traces()
    input.traces[0].observations = [
      ReportObservation(place: word, predicted: word, observed: word, standing: .good),
      ReportObservation(place: word, predicted: word, observed: "", standing: .open),
    ]
    input.findings = ReportSamples.findings(word)
    input.diagnoses = [ReportSamples.diagnosis(word)]
    input.changes = ReportSamples.changes(word)
    input.tenancy = ReportSamples.tenancy(word)
    let capture = try capture()
    input.bytes = { id in
      let index = Int(id.rawValue)
      return capture.files.indices.contains(index) ? capture.files[index].bytes : nil
    }
    return input
  }
}
