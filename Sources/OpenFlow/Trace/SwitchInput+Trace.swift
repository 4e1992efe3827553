// The packet that a flow argument of `ofproto/trace` stands for.
import Facts
import NetworkTypes

extension SwitchInput {
  /// Headers and metadata as given, zero everywhere else; without `in_port` it comes from nowhere.
  public init(
    bridge: BridgeName, tracing match: FlowMatch,
    options: TranslationOptions = TranslationOptions(conntrack: .assumed([]), learns: false)
  ) {
    var key = FlowKey()
    for part in match.fields { _ = key.write(part.field, part.value) }
    self.init(
      bridge: bridge, port: match.inPort ?? .any,
      packet: key.packet(),
      fields: match.fields.filter { $0.field != .inPort }
        .map { FieldValue($0.field, $0.value) },
      options: options)
  }
}
