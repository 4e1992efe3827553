// The entry point of an evaluation.
import Conntrack
import Facts
import NetworkTypes

extension SwitchModel {
  /// Decides what the switch does with one packet.
  ///
  /// `state` takes what the packet teaches the switch, `conntrack` the connections that it
  /// makes; both stay as they were where the options say so.
  public func translate(
    _ input: SwitchInput, state: inout SwitchState, conntrack: inout ConntrackTable
  ) -> Translation {
    var translation = Translation()
    translation.unknowns.append(
      SwitchUnknown(bridge: input.bridge, cause: .other("not evaluated"), evidence: nil))
    return translation
  }
}
