// A trace through one bridge as it was asked for, on the command line or in a batch file.
import Facts
import Formats
import NetworkTypes
import OpenFlow

struct SwitchTraceRequest {
  /// The batch line's own `id`, as it stood there.
  let id: JSONText?
  let bridge: BridgeName
  let flow: String
  let next: [String]

  /// All requests of a batch file; a line that is none is an error that names it.
  static func parse(_ bytes: [UInt8], path: String) throws -> [SwitchTraceRequest] {
    try Lines(CaptureText(file: CaptureFileID(0), bytes: bytes)).compactMap { line in
      let content = Array(bytes[line.content])
      if content.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return nil }
      func wanted(_ text: String) -> CommandError {
        CommandError("\(path): line \(line.number): wanted \(text)")
      }
      let node: JSONNode
      do throws(JSONError) { node = try JSONParser.document(content) } catch {
        throw wanted("\(error.wanted) at byte \(error.offset)")
      }
      guard let bridge = node["bridge"]?.string else { throw wanted("a string \"bridge\"") }
      guard let flow = node["flow"]?.string else { throw wanted("a string \"flow\"") }
      return SwitchTraceRequest(
        id: node["id"].map(Self.id), bridge: BridgeName(bridge), flow: flow,
        next: (node["ct_next"]?.elements ?? []).compactMap(\.string))
    }
  }

  private static func id(_ node: JSONNode) -> JSONText {
    if let text = node.string { return .string(text) }
    if let number: Int = node.number() { return .number(number) }
    return .optional(node.scalarText)
  }
}

/// Answers requests on one node's switch.
struct SwitchTracer {
  let model: SwitchModel
  init(_ model: SwitchModel) { self.model = model }

  func trace(_ request: SwitchTraceRequest) throws -> OfprotoTrace {
    guard let bridge = model.bridge(request.bridge) else {
      let known = model.bridgeNames.map(\.rawValue).joined(separator: ", ")
      throw CommandError("bridge \(request.bridge): wanted one of \(known)")
    }
    let names = SwitchNames(
      ports: Dictionary(
        bridge.ports.values.map { ($0.name.rawValue, $0.number) },
        uniquingKeysWith: { first, _ in first }))
    let parsed = TraceFlowFormat.parse(request.flow, names: names)
    if let problem = parsed.problems.first {
      throw CommandError("flow \(request.flow): \(problem.message)")
    }
    let states = try request.next.map(connectionState)
    return OfprotoTrace(
      model, bridge: request.bridge, flow: parsed.match, nextStates: states)
  }

  private func connectionState(_ text: String) throws -> ConntrackState {
    var state: ConntrackState = []
    for word in text.split(whereSeparator: { $0 == "," || $0 == "|" }) {
      guard let flag = ConntrackState(name: word) else {
        throw CommandError(
          "--ct-next \(text): wanted words of new, est, rel, rpl, inv, trk, snat, dnat")
      }
      state.insert(flag)
    }
    return state
  }

  /// The answer to one line of a batch; a request that cannot be traced says why in `error`.
  func json(_ request: SwitchTraceRequest) -> JSONText {
    do {
      return SwitchTraceJSON.object(try trace(request), id: request.id)
    } catch {
      return .object([
        .init("id", request.id ?? .null), .init("error", .string("\(error)")),
      ])
    }
  }
}
