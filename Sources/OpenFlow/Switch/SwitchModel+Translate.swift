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
    guard let site = site(input.bridge) else {
      var translation = Translation()
      translation.unknowns = [
        SwitchUnknown(
          bridge: input.bridge, cause: .other("the switch has no bridge \(input.bridge)"),
          evidence: nil)
      ]
      return translation
    }
    let translator = Translator(
      self, input, site: site, state: state, conntrack: conntrack)
    let translation = translator.run()
    if input.options.learns { state = translator.state }
    if !input.options.isAssumingConntrack { conntrack = translator.conntrack }
    return translation
  }
}
