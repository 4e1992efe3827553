// `ovsight why SNAPSHOT VM [TARGET]`: the cause, the smallest fix, and the proof that it works.
import ArgumentParser
import Confirm
import DataPlane
import Diagnosis
import Facts
import Formats
import NetworkTypes
import Snapshot
import Trace

struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Say why a guest does not reach a target, and what mends it.",
    discussion: """
      VM is a server, a port or an address. TARGET is `internet` (the default), an address, a \
      server, a port, `metadata`, `dhcp`, `dns` or `gateway`; a name that the snapshot does not know \
      stands for a host of the internet.

        ovsight why cloud.db web1
        ovsight why cloud.db web1 db1 --proto tcp --dport 5432
        ovsight why cloud.db --eip 203.0.113.20 --proto tcp --dport 22
        ovsight why cloud.db web1 --assume 'add rule compute1/root filter INPUT -p udp -j DROP'

      The guest's own steps are walked: DHCP, the gateway's ARP, DNS, small and full-sized packets, \
      the way there and back. Where one fails that Neutron's configuration allows, every difference \
      between that configuration and the nodes is tried on a model of the cloud: a cause is what \
      mends it. Fixes are shown, never run.

      With --batch: a file of probes, one JSON object a line, is answered by one JSON object a line \
      in the same order.

      With --confirm: the packet that decides is really sent in the snapshot's replay, and what the \
      wire did stands above the answer; a batch is answered in the order in which it was sent.

      Exit codes: 0 it works (with --batch: every probe was answered), 1 it does not, or the wire \
      disagrees, 2 could not tell, or bad usage.
      """)

  @Argument(help: "A snapshot file made by `ovsight import`.", completion: .file())
  var snapshot: String?

  @Argument(help: "The guest.", completion: NameCompletion.origins)
  var guest: String?

  @Argument(help: "What it does not reach.", completion: NameCompletion.targets)
  var target: String?

  @Option(name: .customLong("eip"), help: "A floating IP that is not reached from outside.")
  var floatingIP: String?

  @Option(name: .customLong("proto"), help: "icmp, icmp6, tcp, udp or sctp.")
  var kind: ProbeProtocol?

  @Option(name: .customLong("dport"), help: "Destination port.")
  var destinationPort: UInt16?

  @Option(
    help: "A change of the cloud to reckon with; repeatable. A wrong one lists what is understood.")
  var assume: [String] = []

  @Option(help: "A file of probes, one JSON object a line (`-`: standard input).")
  var batch: String?

  @OptionGroup var confirm: ConfirmOptions

  @Option(help: "text or json.")
  var format: TextOrJSON = .text

  @Flag(help: "Three lines only.")
  var brief = false

  @Flag(help: "List the codes of causes with their meaning in place of an answer.")
  var codes = false

  func validate() throws {
    if codes { return }
    if snapshot == nil { throw ValidationError("Missing expected argument '<snapshot>'") }
    if batch == nil, floatingIP == nil, guest == nil {
      throw ValidationError("wanted VM, --eip ADDRESS or --batch FILE")
    }
    if floatingIP != nil, guest != nil {
      throw ValidationError("--eip asks from outside: wanted no VM beside it")
    }
    if let kind, kind == .arp || kind == .dhcp {
      throw ValidationError("--proto \(kind.rawValue): wanted icmp, icmp6, tcp, udp or sctp")
    }
  }

  func run() throws {
    if codes { return WhyOutput.codes(format).forEach(printLine) }
    guard let snapshot else { return }
    let (capture, loaded) = try SnapshotFile.open(path: snapshot).load()
    let facts = try Assumptions.applied(assume, to: loaded)
    let diagnostician = Diagnostician(facts)
    if let batch { return try answer(batch, snapshot, diagnostician) }
    let walk = try walk(diagnostician, WhyWords(diagnostician.model))
    let output = WhyOutput(facts, capture, isBrief: brief)
    let report = try walk.deciding.flatMap { leg in
      confirm.isAsked ? try confirmed(snapshot, diagnostician).confirm(leg.diagnosis.probe) : nil
    }
    switch format {
    case .json: print(output.json(walk, report).rendered)
    case .text:
      for line in report?.lines(output.name) ?? [] { printLine(line) }
      if report != nil { printLine("") }
      output.text(walk).forEach(printLine)
    }
    try Self.exit(walk.deciding?.diagnosis.verdict, report)
  }

  private static func exit(_ verdict: Diagnosis.Verdict?, _ report: ConfirmReport?) throws {
    if report?.isConfirmed == false { throw ExitCode(1) }
    switch verdict {
    case .works? where report == nil || report?.isConfirmed == true: return
    case .works?, .unknown?, nil: throw ExitCode(2)
    case .broken?, .asConfigured?: throw ExitCode(1)
    }
  }

  private func confirmed(_ snapshot: String, _ diagnostician: Diagnostician) throws -> ConfirmRun {
    try confirm.run(Tracer(diagnostician.cloud), of: snapshot)
  }

  private func walk(_ diagnostician: Diagnostician, _ words: WhyWords) throws -> Walk {
    if let floatingIP {
      let address = try words.floatingIP(floatingIP)
      return diagnostician.walk(
        toFloatingIP: address, kind: kind, port: destinationPort, from: WhyWords.internet)
    }
    let port = try words.guest(guest ?? "")
    let target = try words.target(target ?? "internet", isIPv6: kind == .icmp6)
    return diagnostician.walk(
      from: port, to: target, kind: kind ?? (destinationPort == nil ? .icmp : .tcp),
      port: destinationPort)
  }

  private func answer(_ batch: String, _ snapshot: String, _ diagnostician: Diagnostician) throws {
    let facts = diagnostician.cloud.facts
    let probes: [Probe]
    do {
      probes = try ProbeFile.parse(try readFile(batch))
    } catch let error as ProbeError {
      throw CommandError("\(batch): \(error)")
    }
    guard confirm.isAsked else {
      for probe in probes { print(diagnostician.diagnose(probe).json(facts).rendered) }
      return
    }
    var isDisproved = false
    try confirmed(snapshot, diagnostician).confirm(all: probes) { probe, report in
      isDisproved = isDisproved || report.isConfirmed == false
      let answer = diagnostician.diagnose(probe).json(facts)
      print(
        JSONText.object([.init("why", answer), .init("confirm", report.json)]).rendered)
    }
    if isDisproved { throw ExitCode(1) }
  }
}
