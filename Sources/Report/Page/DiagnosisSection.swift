// Why packets do not arrive: a page a question, the deciding cause first, then what mends it.
import LogicalModel

struct DiagnosisSection {
  let site: SiteContext

  func writePages() throws(ReportError) {
    for (position, item) in site.input.diagnoses.enumerated() {
      try site.writer.write(
        SiteContext.diagnosisPath(position), title: "Why: \(item.question)",
        section: "traces.html", "why", value(item),
        isScripted: item.trace != nil)
    }
  }

  private func value(_ item: ReportDiagnosis) -> PageValue {
    let trace = item.trace.flatMap { site.input.traces[safe: $0] }
    let path = item.trace.map(SiteContext.tracePath)
    let picture = trace.flatMap { TraceSection(site).picture($0, page: path ?? "") }
    return [
      "question": .text(item.question), "answer": .text(item.answer),
      "standing": .text(item.standing.rawValue), "icon": .markup(Icon.standing(item.standing)),
      "causes": .list(item.causes.map(value)), "has_causes": .flag(!item.causes.isEmpty),
      "remedies": .list(item.remedies.map(value)), "has_remedies": .flag(!item.remedies.isEmpty),
      "legs": .list(
        item.legs.map { leg in
          [
            "name": .text(leg.name), "icon": .markup(Icon.standing(leg.standing)),
            "text": .text(leg.text),
          ]
        }), "has_legs": .flag(!item.legs.isEmpty),
      "assumptions": .list(item.assumptions.map { .text($0) }),
      "has_assumptions": .flag(!item.assumptions.isEmpty),
      "path_picture": picture.map { .markup($0) } ?? .none,
      "trace": .text(trace == nil ? "" : path ?? ""),
    ]
  }

  private func value(_ cause: ReportDiagnosis.Cause) -> PageValue {
    let objects = cause.objects.filter { site.map.path($0) != nil }
    return [
      "code": .text(cause.code), "text": .text(cause.text),
      "places": .list(cause.evidence.map { .markup(site.book.cite($0)) }),
      "objects": .list(
        objects.map { object in
          [
            "kind": .text(FindingsSection.words(object.kind)),
            "link": .markup(site.map.link(object)),
          ]
        }),
    ]
  }

  private func value(_ remedy: ReportDiagnosis.Remedy) -> PageValue {
    [
      "text": .text(remedy.text), "node": .text(remedy.node ?? ""),
      "commands": .list(remedy.commands.map { .text($0) }),
      "has_commands": .flag(!remedy.commands.isEmpty), "proof": .text(remedy.proof),
    ]
  }
}
