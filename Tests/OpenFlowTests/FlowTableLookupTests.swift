// Lookups with their subtables and filters against a walk over all flows of the table.
import Facts
import Formats
import NetworkTypes
import Testing

@testable import OpenFlow

struct FlowTableLookupTests {
  private static let ports = 1...24
  private static let addresses = (1...9).map { "10.0.0.\($0)" }
  private static let states = ["+new-est", "+est-rel-rpl", "-trk", "+trk+inv"]

  /// Shapes of Neutron's tables, most of which ask for the port's register.
  private static func match(_ random: inout RandomSource) -> String {
    let port = random.number(ports)
    let address = random.pick(addresses)
    let state = random.pick(states)
    switch random.number(0...11) {
    case 0: return "reg5=\(port)"
    case 1: return "ip,reg5=\(port)"
    case 2: return "arp,reg5=\(port),in_port=\(port)"
    case 3: return "tcp,reg5=\(port),in_port=\(port),nw_src=\(address)"
    case 4: return "ct_state=\(state),ip,reg5=\(port)"
    case 5: return "ct_state=\(state),tcp,reg5=\(port),tp_dst=\(random.number(78...82))"
    case 6: return "udp,reg5=\(port),nw_src=\(address),tp_src=68,tp_dst=67"
    case 7: return "tcp,reg5=\(port),tp_dst=0x50/0xfff0"
    case 8: return "ip,reg5=\(port),nw_src=10.0.0.0/29"
    case 9: return "reg5=\(port),reg6=\(random.number(1...3))"
    case 10: return "ip,nw_dst=\(address)"
    default: return "reg6=\(random.number(1...3))"
    }
  }

  private static func key(_ random: inout RandomSource) -> FlowKey {
    let port = random.number(ports)
    let transport = random.pick(["tcp", "udp"])
    let text =
      "in_port=\(port),reg5=\(random.number(ports)),reg6=\(random.number(1...3)),\(transport),"
      + "nw_src=\(random.pick(addresses)),nw_dst=\(random.pick(addresses)),"
      + "ct_state=\(random.number(0...0xff)),"
      + "tp_src=68,tp_dst=\(random.pick([67, 78, 79, 80, 81, 82]))"
    var key = FlowKey()
    for part in TraceFlowFormat.parse(text).match.fields { _ = key.write(part.field, part.value) }
    return key
  }

  @Test(arguments: 1...30)
  func theHighestPriorityWins(_ seed: Int) throws {
    var random = RandomSource(seed: UInt64(seed))
    let count = random.number(1...400)
    let lines = (0..<count).map { _ in
      "table=0, priority=\(random.number(0...40)),\(Self.match(&random)) actions=drop\n"
    }
    let flows = OpenFlowFlowsFormat.parse(CaptureText(lines.joined())).records
    #expect(flows.count == count)
    let table = FlowTable(flows, rows: flows.indices.map { Int32($0) })
    let matches = flows.map { CompiledMatch($0.match) }
    for _ in 0..<300 {
      var key = Self.key(&random)
      let expected = flows.indices.filter { matches[$0].matches(key) }
      let best = expected.map { flows[$0].priority }.max()
      let found = table.lookup(&key)
      #expect(found.flow.map { table.priorities[$0] } == best)
      #expect(found.flow.map { expected.contains($0) } ?? expected.isEmpty)
    }
    if count > 200 { #expect(!table.filters.isEmpty) }
  }
}
