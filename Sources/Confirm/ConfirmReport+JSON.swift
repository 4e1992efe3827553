// The comparison for programs.
import Facts
import NetworkTypes
import Trace

extension ConfirmReport {
  public var json: JSONText {
    .object([
      .init("confirmed", .optional(isConfirmed)),
      .init("refusal", .optional(refusal)),
      .init("attempts", .number(attempts)),
      .init("reached", .strings(reached)),
      .init("not_reached", .strings(unreached)),
      .init("reached_unpredicted", .strings(intruders)),
      .init("reply_seen", .bool(isReplySeen)),
      .init("gaps", .strings(gaps)),
      .init("hops", .array(hops.map(\.json))),
    ])
  }
}

extension HopReport {
  var json: JSONText {
    .object([
      .init("place", .string(place.description)),
      .init("direction", .string(isOut ? "out" : "in")),
      .init("role", .string(role.rawValue)),
      .init("status", .string(status.rawValue)),
      .init("microseconds", .optional(microseconds.map { Int($0) })),
      .init("differences", .strings(differences)),
    ])
  }
}
