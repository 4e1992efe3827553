// The isolation audit's proof, tenant by tenant, as the report's matrix.
import DataPlane
import Isolation
import LogicalModel
import NetworkTypes
import Reachability
import Report

extension TenantMatrix {
  /// Nil where no guest's tenant is known.
  /// `witness` gives the trace of a packet that shows what a cell says.
  init?(
    _ check: IsolationCheck, _ isolation: IsolationReport, _ model: CloudModel,
    witness: (ConfirmedLeak, String) -> Int?
  ) {
    let guests = check.audit.reach.cloud.guests
    let tenants = TenantsOfGuests(guests, model)
    guard !tenants.all.isEmpty else { return nil }
    var pairs: [TenantPair: TenantCrossing] = [:]
    for (origin, places) in isolation.reached {
      for place in places {
        if let pair = tenants.pair(origin, place) { pairs[pair, default: .init()].isReached = true }
      }
    }
    for item in isolation.leaks {
      if let pair = tenants.pair(item.leak.origin, item.leak.place) {
        pairs[pair, default: .init()].leaks.append(item)
      }
    }
    self.init(
      tenants: tenants.all,
      cells: tenants.all.flatMap { from in
        tenants.all.map { to in
          let crossing = pairs[TenantPair(from: from, to: to)] ?? TenantCrossing()
          let (verdict, text, leak) = crossing.verdict(unknowns: isolation.unknowns, guests)
          let trace = leak.flatMap { witness($0, crossing.ends($0, guests)) }
          return Cell(from: from, to: to, verdict: verdict, text: text, trace: trace)
        }
      },
      remarks: [
        "From guest to guest, over all packets that \(isolation.originCount) origins can send; "
          + "routers, DHCP, metadata and hosts are among the findings."
      ] + isolation.unknowns.map { "Not known: \($0)" })
  }
}

private struct TenantPair: Hashable {
  let from: String
  let to: String
}

private struct TenantsOfGuests {
  private let projects: [String?]
  /// Sorted.
  let all: [String]

  init(_ guests: [Guest], _ model: CloudModel) {
    projects = guests.map { model.port($0.port)?.project?.rawValue }
    all = Set(projects.compactMap { $0 }).sorted()
  }

  /// Nil where one of them is no guest of a known tenant, and for a guest and itself.
  func pair(_ origin: ReachOrigin, _ place: ReachPlace) -> TenantPair? {
    guard case .guest(let sender) = origin, case .guest(let taker) = place, sender != taker,
      let from = projects[sender], let to = projects[taker]
    else { return nil }
    return TenantPair(from: from, to: to)
  }
}

/// What of one tenant's guests comes to another's.
private struct TenantCrossing {
  var isReached = false
  var leaks: [ConfirmedLeak] = []

  /// With the packet that shows it.
  func verdict(
    unknowns: [String], _ guests: [Guest]
  ) -> (TenantMatrix.Verdict, String, ConfirmedLeak?) {
    let grave = leaks.filter { $0.leak.severity > .info }
    if let leak = grave.first(where: { $0.verdict == .confirmed }) {
      return (.leak, "\(words(leak, guests)); \(grave.count) in all", leak)
    }
    if let open = leaks.first(where: { $0.verdict != .confirmed }) {
      return (.unknown, "\(words(open, guests)): the packet's trace does not agree", open)
    }
    if let reason = unknowns.first { return (.unknown, "not known: \(reason)", nil) }
    if let leak = leaks.first {
      let kinds = Set(leaks.compactMap { $0.leak.exposure?.rawValue }).sorted()
      return (
        .exposed,
        "as agents leave it open on every node: \(kinds.joined(separator: ", ")); "
          + "for example from \(ends(leak, guests))", leak
      )
    }
    return isReached
      ? (.allowed, "what arrives is what Neutron's objects allow", nil)
      : (.isolated, "of all packets that its guests can send, none comes to a guest there", nil)
  }

  private func words(_ item: ConfirmedLeak, _ guests: [Guest]) -> String {
    guard case .guest = item.leak.origin, case .guest = item.leak.place else {
      return item.leak.border.rawValue
    }
    return "\(item.leak.border.rawValue): from \(ends(item, guests))"
  }

  /// `a1 to b2`.
  func ends(_ item: ConfirmedLeak, _ guests: [Guest]) -> String {
    guard case .guest(let sender) = item.leak.origin, case .guest(let taker) = item.leak.place
    else { return item.leak.border.rawValue }
    return "\(guests[sender].name) to \(guests[taker].name)"
  }
}
