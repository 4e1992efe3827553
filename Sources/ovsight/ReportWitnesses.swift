// Packets that show what a look at all packets found, as traces of the report: findings and the cells
// of the tenants' matrix lead to them.
import Audit
import Isolation
import Report

struct ReportWitnesses {
  private let run: IsolationRun
  private(set) var traces: [TracedProbe]
  private var known: [String: Int] = [:]
  /// A trace is a page of up to 300 KB: a cloud with one fault has a few, one with more findings than
  /// anyone reads hop by hop shows the gravest.
  private var room = 100

  init(_ run: IsolationRun, after traces: [TracedProbe]) {
    self.run = run
    self.traces = traces
  }

  /// The position of the trace that shows it; nil where there are too many.
  mutating func trace(_ finding: ReportFinding) -> Int? {
    guard let position = finding.witness, run.findings.indices.contains(position) else {
      return nil
    }
    return add(run.findings[position].witness, title: finding.example)
  }

  mutating func trace(_ leak: ConfirmedLeak, ends: String) -> Int? {
    add(.leak(leak), title: ends)
  }

  private mutating func add(_ witness: IsolationWitness, title: String) -> Int? {
    let key = key(witness)
    if let position = known[key] { return position }
    guard room > 0 else { return nil }
    room -= 1
    known[key] = traces.count
    traces.append(TracedProbe(title: title, result: run.check.trace(witness), role: .witness))
    return traces.count - 1
  }

  private func key(_ witness: IsolationWitness) -> String {
    switch witness {
    case .leak(let item): "\(item.leak.origin) \(item.leak.place) \(item.leak.witness)"
    case .breakage(let item): "\(item.expectation)"
    }
  }
}
