// `ovsight trace SNAPSHOT --from … --to …` for people, `--batch` for programs.
import ArgumentParser
import Confirm
import DataPlane
import Facts
import Formats
import NetworkTypes
import Snapshot
import Synchronization
import Trace
import Workers

struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Predict the path of a packet, and of the answer to it.",
    discussion: """
      FROM is a server, a port, an address, `NODE/NAMESPACE`, or `external:ADDRESS` for a host \
      outside. TO is an address, a server, a port, `internet` or `metadata`.

        ovsight trace cloud.db --from web1 --to 8.8.8.8 --proto tcp --dport 443
        ovsight trace cloud.db --from external:203.0.113.1 --to 203.0.113.20 --proto tcp --dport 22

      With --batch: a file of probes, one JSON object a line, is answered by one JSON object a \
      line in the same order. The probes of a batch are one session: each meets the MAC tables \
      and neighbour caches that all of them leave.

      Exit codes: 0 delivered (with --batch: every probe was answered), 1 not delivered, 2 could \
      not tell, or bad usage.
      """)

  @Argument(help: "A snapshot file made by `ovsight import`.", completion: .file())
  var snapshot: String

  @Option(
    name: .customLong("from"), help: "Where the packet starts.", completion: NameCompletion.origins)
  var origin: String?

  @Option(name: .customLong("to"), help: "Where it shall go.", completion: NameCompletion.targets)
  var destination: String?

  @Option(name: .customLong("proto"), help: "icmp, icmp6, tcp, udp, sctp, arp or dhcp.")
  var kind: ProbeProtocol = .icmp

  @Option(name: .customLong("dport"), help: "Destination port.")
  var destinationPort: UInt16?

  @Option(name: .customLong("sport"), help: "Source port.")
  var sourcePort: UInt16?

  @Option(name: .customLong("from-ip"), help: "Source address, if not the origin's own.")
  var source: String?

  @Option(name: .customLong("from-mac"), help: "Source MAC, if not the origin's own.")
  var sourceMAC: String?

  @Option(name: .customLong("size"), help: "IP length in bytes; the packet may not be fragmented.")
  var lengthBytes: Int?

  @Option(help: "A file of probes, one JSON object a line (`-`: standard input).")
  var batch: String?

  @Option(help: "text, json or (with --batch) jsonl.")
  var format: TraceFormat = .text

  @Option(
    help: "A change of the cloud to reckon with; repeatable. A wrong one lists what is understood.")
  var assume: [String] = []

  @Option(help: "Write the predicted frame at each device to a capture file, for Wireshark.")
  var pcap: String?

  @OptionGroup var confirm: ConfirmOptions

  @Option(
    help: """
      With --confirm: send (a guest of the replay sends it), inject (it enters the node as if the \
      guest had sent it, and the guest is not touched), or none: wait for traffic that you make.
      """)
  var probe: ProbeWay = .send

  @Flag(help: "With --probe inject --via: do put one frame into a real node.")
  var yes = false

  @Option(name: .customLong("for"), help: "With --probe none: seconds to wait.")
  var waitSeconds: Double = 30

  @Option(
    name: .customLong("via"),
    help: ArgumentHelp(
      "With --confirm --probe none or inject: a way onto a real node, to watch it with tcpdump.",
      discussion: "For example --via 'compute1=ssh -o BatchMode=yes root@compute1'; once a node.",
      valueName: "node=command"))
  var ways: [String] = []

  @Option(help: "With --confirm: write what was seen at every hop to a pcapng file.")
  var pcapng: String?

  @Flag(help: "Leave out the deciding lines of the captures.")
  var brief = false

  func validate() throws {
    if batch == nil, destination == nil, kind != .dhcp {
      throw ValidationError("wanted --from and --to, or --batch FILE")
    }
    if !ways.isEmpty, probe == .send || !confirm.isAsked || batch != nil {
      throw ValidationError("--via goes with --confirm --probe none or inject, and one probe")
    }
    if !ways.isEmpty, probe == .inject, !yes {
      throw ValidationError(
        "--probe inject puts a frame into a real node, and the guest gets the answer to what it did "
          + "not ask: --yes says that this is meant")
    }
    if batch == nil, origin == nil { throw ValidationError("wanted --from") }
  }

  func run() throws {
    let facts = try Assumptions.applied(
      assume, to: try SnapshotFile.open(path: snapshot).loadFacts())
    let tracer = Tracer(DataPlaneModel(facts))
    if let batch {
      return confirm.isAsked ? try confirmAll(batch, tracer) : try answer(batch, tracer)
    }
    if confirm.isAsked { return try confirmOne(facts, tracer) }
    let resolver = ProbeResolver(facts)
    let result = tracer.trace(try makeProbe(resolver))
    if let pcap { try PcapFile.write(result.predictedFrames, to: pcap) }
    switch format {
    case .json, .jsonl: print(result.json(facts).rendered)
    case .text:
      var text = TraceText(facts, names: resolver.names)
      text.showsEvidence = !brief
      for line in text.lines(result) { print(TerminalText.escaped(line)) }
    }
    switch result.outcome.isDelivered {
    case true?: return
    case false?: throw ExitCode(1)
    case nil: throw ExitCode(2)
    }
  }

  func makeProbe(_ resolver: ProbeResolver) throws -> Probe {
    var probe = Probe(
      origin: try resolver.origin(origin ?? ""),
      destination: try resolver.destination(destination ?? "255.255.255.255", for: kind),
      kind: kind)
    probe.destinationPort = destinationPort ?? (destination == "metadata" ? 80 : nil)
    probe.sourcePort = sourcePort
    probe.lengthBytes = lengthBytes
    probe.source = try parsed(source, "--from-ip", "an IP address", IPAddress.init)
    probe.sourceMAC = try parsed(sourceMAC, "--from-mac", "a MAC address", MACAddress.init)
    if probe.destination.family == .ipv6, probe.kind == .icmp { probe.kind = .icmp6 }
    return probe
  }

  private func parsed<Value>(
    _ text: String?, _ option: String, _ wanted: String, _ make: (String) -> Value?
  ) throws -> Value? {
    guard let text else { return nil }
    guard let value = make(text) else {
      throw CommandError("\(option) \(text): wanted \(wanted)")
    }
    return value
  }

  private func answer(_ batch: String, _ tracer: Tracer) throws {
    let probes = try probes(batch)
    for line in traceAll(probes, tracer.session(probes)) { print(line) }
  }

  func probes(_ batch: String) throws -> [Probe] {
    do {
      return try ProbeFile.parse(try readFile(batch))
    } catch let error as ProbeError {
      throw CommandError("\(batch): \(error)")
    }
  }

  /// All answers as JSON lines in the order of the probes, worked on by all cores.
  private func traceAll(_ probes: [Probe], _ tracer: Tracer) -> [String] {
    let chunk = 32
    let starts = Array(stride(from: 0, to: probes.count, by: chunk))
    let parts = Mutex<[[String]]>(Array(repeating: [], count: starts.count))
    Workers.perform(starts.count) { part in
      let slice = probes[starts[part]..<min(starts[part] + chunk, probes.count)]
      let lines = slice.map { tracer.trace($0).json(tracer.cloud.facts).rendered }
      parts.withLock { $0[part] = lines }
    }
    return parts.withLock { $0 }.flatMap(\.self)
  }
}

enum ProbeWay: String, ExpressibleByArgument, CaseIterable { case send, inject, none }
enum TraceFormat: String, ExpressibleByArgument, CaseIterable { case text, json, jsonl }

extension ProbeProtocol: ExpressibleByArgument {}
