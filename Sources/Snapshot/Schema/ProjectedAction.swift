// An action of a flow as a row: its kind, and the few arguments that queries ask for.
import Facts
import NetworkTypes

struct ProjectedAction: Hashable, Sendable {
  var kind: String
  var port: UInt32?
  var portName: String?
  var table: UInt8?
  var field: String?
  var value: Int64?

  /// Those inside `clone` and `write_actions` in place of them.
  static func all(_ actions: [FlowAction]) -> [ProjectedAction] {
    actions.flatMap { action -> [ProjectedAction] in
      switch action {
      case .clone(let inner), .writeActions(let inner): all(inner)
      default: [ProjectedAction(action)]
      }
    }
  }

  private init(_ kind: String) { self.kind = kind }

  private init(_ kind: String, to port: OpenFlowPort) {
    self.kind = kind
    self.port = port.rawValue
    portName = port.reservedName
  }

  private init(_ kind: String, _ field: String?, _ value: UInt128?) {
    self.kind = kind
    self.field = field
    self.value = value.flatMap(small)
  }

  private init(_ action: FlowAction) {
    switch action {
    case .output(let port, _): self.init("output", to: port)
    case .enqueue(let port, _): self.init("output", to: port)
    case .outputField(let field, _): self.init("output_field", field.field.name, nil)
    case .controller: self.init("output", to: .controller)
    case .group(let id): self.init("group", nil, UInt128(id))
    case .resubmit(let port, let table, _):
      self.init("resubmit")
      self.port = port?.rawValue
      self.table = table
    case .gotoTable(let table):
      self.init("goto_table")
      self.table = table
    case .drop: self.init("drop")
    case .conjunction(let id, _, _): self.init("conjunction", nil, UInt128(id))
    case .ct(let arguments):
      self.init("ct")
      table = arguments.table
    case .learn(let arguments):
      self.init("learn")
      table = arguments.table
    case .unrecognised: self.init("unrecognised")
    default: self.init(writing: action)
    }
  }

  private init(writing action: FlowAction) {
    switch action {
    case .setVLANID(let id): self.init("set_vlan", nil, UInt128(id.rawValue))
    case .setField(.vlanVID, let value, _): self.init("set_vlan", nil, value & 0xfff)
    case .setField(let field, let value, _): self.init("set_field", field.name, value)
    case .load(let value, let field): self.init("load", field.field.name, value)
    case .move(_, let field): self.init("move", field.field.name, nil)
    case .pushVLAN: self.init("push_vlan")
    case .popVLAN: self.init("pop_vlan")
    case .setTunnelID(let id): self.init("set_tunnel", nil, UInt128(id))
    case .setEthSrc(let mac): self.init("set_field", "dl_src", UInt128(mac.rawValue))
    case .setEthDst(let mac): self.init("set_field", "dl_dst", UInt128(mac.rawValue))
    case .setIPv4Src(let address):
      self.init("set_field", "nw_src", UInt128(address.rawValue))
    case .setIPv4Dst(let address):
      self.init("set_field", "nw_dst", UInt128(address.rawValue))
    case .decrementTTL: self.init("dec_ttl")
    case .setQueue(let queue): self.init("set_queue", nil, UInt128(queue))
    case .meter(let meter): self.init("meter", nil, UInt128(meter))
    case .ctClear: self.init("ct_clear")
    default: self.init("other")
    }
  }
}
