// A switch for a table test: a few ports and flows in ovs-ofctl's words.
import Conntrack
import Facts
import Formats
import NetworkTypes
import OpenFlow

struct SmallSwitch {
  struct Port {
    var name: String
    var number: Int
    var tag: Int?
    var trunks: [Int] = []
    var mode: String?
    var type = ""
    var options: [String: String] = [:]
    var isProtected = false
    var config: Set<String> = []
    var state: Set<String> = []
    var otherConfig: [String: String] = [:]
  }

  private var facts = OpenVSwitchFacts()
  private var database = SwitchDatabase()

  static func evidence(_ line: Int = 1) -> Evidence {
    Evidence(file: CaptureFileID(0), line: line, bytes: 0..<1)
  }

  mutating func add(
    _ name: String, _ ports: [Port], flows: String, groups: String = "",
    configure: (inout BridgeRecord) -> Void = { _ in }
  ) {
    var bridge = BridgeRecord(
      id: RowID("b-\(name)"), name: BridgeName(name), datapathType: "netdev",
      evidence: Self.evidence())
    var captured = SwitchBridgeFacts(name: BridgeName(name))
    for port in ports {
      let id = RowID("\(name)-\(port.name)")
      bridge.ports.append(id)
      database.ports.append(
        SwitchPortRecord(
          id: id, name: InterfaceName(port.name), interfaces: [id],
          tag: port.tag.flatMap { VLANID($0) }, trunks: port.trunks.compactMap { VLANID($0) },
          vlanMode: port.mode, isProtected: port.isProtected, otherConfig: port.otherConfig,
          evidence: Self.evidence()))
      database.interfaces.append(
        SwitchInterfaceRecord(
          id: id, name: InterfaceName(port.name), type: port.type, ofport: port.number,
          options: port.options, evidence: Self.evidence()))
      captured.ports.records.append(
        OpenFlowPortDescription(
          number: UInt32(port.number), name: InterfaceName(port.name), mac: nil,
          config: port.config, state: port.state, evidence: Self.evidence()))
    }
    captured.ports.gap = nil
    captured.portsInShow = Section(records: [])
    captured.learnedMACs = Section(records: [])
    captured.flows = FactSection(
      records: OpenFlowFlowsFormat.parse(CaptureText(flows + "\n")).records)
    captured.groups = Section(
      records: groups.isEmpty
        ? [] : OpenFlowGroupsFormat.parse(CaptureText(groups + "\n")).records)
    configure(&bridge)
    database.bridges.append(bridge)
    facts.bridges[bridge.name] = captured
  }

  var model: SwitchModel {
    var facts = facts
    facts.database = Section(records: [database])
    facts.datapathPorts = Section(records: [])
    return SwitchModel(facts, node: "node")
  }
}

/// A conversation with a switch: what one packet teaches it, the next one meets.
struct Conversation {
  let model: SwitchModel
  var state = SwitchState()
  var conntrack = ConntrackTable()

  init(_ small: SmallSwitch) { model = small.model }

  /// `flow` in `ofproto/trace`'s syntax, as a real packet of 100 bytes.
  mutating func send(_ bridge: String, _ flow: String) -> Translation {
    var input = SwitchInput(
      bridge: BridgeName(bridge), tracing: TraceFlowFormat.parse(flow).match,
      options: TranslationOptions())
    input.packet.lengthBytes = 100
    return model.translate(input, state: &state, conntrack: &conntrack)
  }

  /// Where it leaves: `port`, `port:10` with a tag, `port#7` into a tunnel with key 7.
  mutating func ports(_ bridge: String, _ flow: String) -> [String] {
    send(bridge, flow).outputs.map(Self.name)
  }

  static func name(_ output: SwitchOutput) -> String {
    var text = output.name.rawValue
    if let tag = output.packet.vlans.outer { text += ":\(tag.id)" }
    if let tag = output.packet.vlans.inner { text += ":\(tag.id)" }
    if case .tunnel(_, let metadata, _) = output.kind { text += "#\(metadata.id)" }
    return text
  }
}

/// A trace's flow argument that was understood whole.
struct TraceFlow {
  let match: FlowMatch
  init?(_ text: String) {
    let result = TraceFlowFormat.parse(text)
    guard result.problems.isEmpty else { return nil }
    match = result.match
  }
}
