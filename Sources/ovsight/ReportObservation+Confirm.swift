// What the wire showed, as the report's observations.
import Confirm
import Report

extension TracedProbe {
  init(title: String, _ report: ConfirmReport) {
    self.init(title: title, result: report.result, observations: report.observations)
  }
}

extension ConfirmReport {
  fileprivate var observations: [ReportObservation] {
    if let refusal {
      return [
        ReportObservation(
          place: "the origin", predicted: "", observed: "not sent: \(refusal)", standing: .open)
      ]
    }
    let receivers =
      unreached.map {
        ReportObservation(place: $0, predicted: "gets it", observed: "got nothing", standing: .bad)
      }
      + intruders.map {
        ReportObservation(place: $0, predicted: "gets nothing", observed: "got it", standing: .bad)
      }
    let missing = gaps.map {
      ReportObservation(place: "", predicted: "", observed: $0, standing: .open)
    }
    return receivers + hops.map(\.observation) + missing
  }
}

extension HopReport {
  fileprivate var observation: ReportObservation {
    let shown = predicted.map { ($0.inner ?? $0.outer).summary } ?? "nothing"
    let time = microseconds.map { " after \(Int($0)) µs" } ?? ""
    let seen: String
    let standing: Standing
    switch status {
    case .seen:
      seen = (differences.isEmpty ? "the same" : differences.joined(separator: "; ")) + time
      standing = differences.isEmpty ? .good : .bad
    case .missing: (seen, standing) = ("nothing", .bad)
    case .unpredicted: (seen, standing) = ("a packet" + time, .bad)
    case .refusal: (seen, standing) = ("the refusal" + time, .good)
    case .unwatched: (seen, standing) = ("not watched", .open)
    case .entry: (seen, standing) = ("put in here", .good)
    case .assumed:
      (seen, standing) = ("nothing, as with an empty neighbour cache", .good)
    }
    return ReportObservation(
      place: "\(place) \(isOut ? "out" : "in")", predicted: shown, observed: seen,
      standing: standing)
  }
}
