// `ovsight ofproto-trace`: offline what `ovs-appctl ofproto/trace` answers live.
import ArgumentParser
import Facts
import Formats
import NetworkTypes
import OpenFlow
import Snapshot

struct OfprotoTraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ofproto-trace",
    abstract: "Trace a flow through one bridge, as ovs-appctl ofproto/trace does on a live switch.",
    discussion: """
      FLOW is ovs-appctl's flow syntax with exact values; ports go by number or name:

        ovsight ofproto-trace cloud.db --node compute1 br-int \\
          'in_port=tap3f…,tcp,dl_src=…,dl_dst=…,nw_src=10.0.0.5,nw_dst=10.0.0.6,tp_dst=80'

      With --batch: a file of {"id", "bridge", "flow", "ct_next": ["trk,new", …]}, one a line, is \
      answered by one JSON object a line in the same order.

      Exit codes: 0 answered, 2 could not tell or bad usage.
      """)

  @Argument(help: "A snapshot file made by `ovsight import`.", completion: .file())
  var snapshot: String

  @Option(help: "The node whose switch it is.", completion: NameCompletion.nodes)
  var node: String

  @Argument(help: "The bridge that the packet enters.")
  var bridge: String?

  @Argument(help: "The packet.")
  var flow: String?

  @Option(
    name: .customLong("ct-next"),
    help: "Connection state after the next ct action, e.g. trk,est; repeatable. Default: trk,new.")
  var next: [String] = []

  @Option(help: "A file of traces, one JSON object a line (`-`: standard input).")
  var batch: String?

  @Option(help: "text or json.")
  var format: TextOrJSON = .text

  func validate() throws {
    if batch == nil, bridge == nil || flow == nil {
      throw ValidationError("wanted BRIDGE and FLOW, or --batch FILE")
    }
  }

  func run() throws {
    let facts = try SnapshotFile.open(path: snapshot).loadFacts()
    guard let node = facts.node(NodeName(node)) else {
      let known = facts.nodes.map(\.name.rawValue).joined(separator: ", ")
      throw CommandError("--node \(node): wanted one of \(known)")
    }
    let tracer = SwitchTracer(SwitchModel(node.openVSwitch, node: node.name))
    if let batch {
      let requests = try SwitchTraceRequest.parse(try readFile(batch), path: batch)
      for request in requests { print(tracer.json(request).rendered) }
      return
    }
    let request = SwitchTraceRequest(
      id: nil, bridge: BridgeName(bridge ?? ""), flow: flow ?? "", next: next)
    let trace = try tracer.trace(request)
    switch format {
    case .json: print(SwitchTraceJSON.object(trace, id: nil).rendered)
    case .text:
      for line in trace.text.split(separator: "\n", omittingEmptySubsequences: false) {
        printLine(String(line))
      }
    }
    if !trace.unknowns.isEmpty { throw ExitCode(2) }
  }
}

enum TextOrJSON: String, ExpressibleByArgument, CaseIterable { case text, json }
