// The isolation audit's proof, tenant by tenant, as the report's matrix.
import DataPlane
import Isolation
import LogicalModel
import NetworkTypes
import Reachability
import Report

extension TenantMatrix {
  /// Nil where no guest's tenant is known.
  init?(_ check: IsolationCheck, _ isolation: IsolationReport, _ model: CloudModel) {
    let guests = check.audit.reach.cloud.guests
    let projects = guests.map { model.port($0.port)?.project?.rawValue }
    let tenants = Set(projects.compactMap { $0 }).sorted()
    guard !tenants.isEmpty else { return nil }
    var leaks: [Pair: [ConfirmedLeak]] = [:]
    for item in isolation.leaks where item.leak.severity > .info {
      guard case .guest(let sender) = item.leak.origin, case .guest(let taker) = item.leak.place,
        let from = projects[sender], let to = projects[taker]
      else { continue }
      leaks[Pair(from: from, to: to), default: []].append(item)
    }
    self.init(
      tenants: tenants,
      cells: tenants.flatMap { from in
        tenants.map { to in
          Self.cell(from, to, leaks[Pair(from: from, to: to)] ?? [], isolation.unknowns, guests)
        }
      },
      remarks: [
        "Proved over all packets that \(isolation.originCount) origins can send; what Neutron's "
          + "objects allow counts as asked for."
      ] + isolation.unknowns.map { "Not known: \($0)" })
  }

  private struct Pair: Hashable {
    let from: String
    let to: String
  }

  private static let proof = "of all packets that its guests can send, none arrives unasked for"

  private static func cell(
    _ from: String, _ to: String, _ leaks: [ConfirmedLeak], _ unknowns: [String],
    _ guests: [Guest]
  ) -> Cell {
    if let leak = leaks.first(where: { $0.verdict == .confirmed }) {
      return Cell(
        from: from, to: to, verdict: .leak,
        text: "\(leak.leak.border.rawValue): \(name(leak, guests)); \(leaks.count) in all")
    }
    if let open = leaks.first {
      return Cell(
        from: from, to: to, verdict: .unknown,
        text: "\(open.leak.border.rawValue): the packet's trace does not agree")
    }
    guard let reason = unknowns.first else {
      return Cell(from: from, to: to, verdict: from == to ? .allowed : .isolated, text: proof)
    }
    return Cell(from: from, to: to, verdict: .unknown, text: "not known: \(reason)")
  }

  private static func name(_ item: ConfirmedLeak, _ guests: [Guest]) -> String {
    guard case .guest(let sender) = item.leak.origin, case .guest(let taker) = item.leak.place
    else {
      return ""
    }
    return "from \(guests[sender].name) to \(guests[taker].name)"
  }
}
