// The judge: random networks, through the kernel's IP layer and through the simulation's.
//
// OVSIGHT_ROUTING_CASES questions (1000 unless set), OVSIGHT_ROUTING_SEED begins elsewhere. Needs
// root and network namespaces of its own; touches nothing of the host's.
import Facts
import Foundation
import KernelLab
import NetworkTypes
import Testing

private func setting(_ name: String, _ fallback: Int) -> Int {
  ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? fallback
}

@Suite(.serialized) struct KernelRoutingTests {
  static let obstacle = LabNamespace.obstacle

  struct Tally {
    var agreed = 0
    var undecided: [String] = []
    var kinds: [String: Int] = [:]
    var failures: [String] = []
    var compared: Int { agreed + failures.count }
  }

  @Test(
    .enabled(if: obstacle == nil, "the kernel cannot be asked: \(obstacle ?? "")"),
    .timeLimit(.minutes(30)))
  func theKernelRoutesAlike() throws {
    let cases = setting("OVSIGHT_ROUTING_CASES", 1000)
    var seed = UInt64(setting("OVSIGHT_ROUTING_SEED", 1))
    var tally = Tally()
    while tally.compared < cases {
      var next = tally
      try RoutingCase(seed).run(&next)
      if next.failures.count > tally.failures.count {
        // A busy kernel answers late or not yet: what differs is asked once more, of a new network.
        Thread.sleep(forTimeInterval: 2)
        next = tally
        try RoutingCase(seed).run(&next)
      }
      tally = next
      seed += 1
    }
    print(
      "routing against the kernel: \(tally.agreed) of \(tally.compared) cases agree;"
        + " \(tally.undecided.count) not compared")
    let kinds = tally.kinds.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    print("  of them: " + kinds.joined(separator: ", "))
    for reason in Set(tally.undecided).sorted().prefix(3) { print("  not compared: \(reason)") }
    for failure in tally.failures.prefix(setting("OVSIGHT_ROUTING_SHOWN", 3)) {
      Issue.record("\(failure)")
    }
    #expect(tally.failures.count == 0, "\(tally.failures.count) of \(tally.compared) differ")
    #expect(tally.undecided.count < tally.compared / 5)
    for kind in ["forwarded", "arp answered"] + families("refused", "local", "out") {
      #expect(tally.kinds[kind, default: 0] > tally.compared / 100, "too few: \(kind)")
    }
  }

  private func families(_ kinds: String...) -> [String] {
    kinds.flatMap { ["ipv4 route \($0)", "ipv6 route \($0)"] }
  }
}

/// One network and the questions about it.
private struct RoutingCase {
  let seed: UInt64
  private var network: RoutingNetwork
  private let kernel: KernelRoutingLab
  private let model: RoutingModelLab

  init(_ seed: UInt64) throws {
    self.seed = seed
    network = RoutingNetwork(seed: seed)
    kernel = try KernelRoutingLab(network)
    let facts = try kernel.capture()
    network.own = facts.nodes.flatMap { $0.namespaces.values }.flatMap(\.addresses.records)
      .filter { $0.interface != "lo" && $0.address.address.family == .ipv4 }.map {
        "\($0.address.address)"
      }
    model = try #require(RoutingModelLab(facts))
  }

  func run(_ tally: inout KernelRoutingTests.Tally) throws {
    var copy = self
    try copy.askRoutes(.ipv4, &tally)
    try copy.askRoutes(.ipv6, &tally)
    try copy.sendPackets(&tally)
    try copy.askAddresses(&tally)
  }

  private func note(
    _ agrees: Bool, _ kind: String, _ question: String, model: String, kernel: String,
    _ tally: inout KernelRoutingTests.Tally
  ) throws {
    if agrees {
      tally.agreed += 1
      tally.kinds[kind, default: 0] += 1
      return
    }
    tally.failures.append(
      """
      seed \(seed): \(question)
      model: \(model)
      kernel: \(kernel)
      \(try self.kernel.state())
      \(network.sysctls.map { "\($0.name)=\($0.value)" }.joined(separator: " "))
      """)
  }

  // MARK: ip route get

  private mutating func askRoutes(
    _ family: AddressFamily, _ tally: inout KernelRoutingTests.Tally
  ) throws {
    let questions = (0..<24).map { _ in
      family == .ipv4 ? network.routeQuestion() : network.routeQuestion6()
    }
    for (question, line) in zip(questions, try kernel.ask(questions, family)) {
      if question.input != nil, question.input == network.downDevice { continue }
      let answer = model.answer(question)
      if case .unknown(let why) = answer {
        tally.undecided.append(why)
        continue
      }
      try note(
        agree(answer, line), "\(family) route " + kind(answer), question.command,
        model: "\(answer)",
        kernel: line, &tally)
    }
  }

  private func kind(_ answer: RoutingAnswer) -> String {
    switch answer {
    case .out: "out"
    case .local: "local"
    case .refused: "refused"
    case .unknown: "unknown"
    }
  }

  private func agree(_ answer: RoutingAnswer, _ line: String) -> Bool {
    let words = line.split(separator: " ").map(String.init)
    func after(_ word: String) -> String? {
      words.firstIndex(of: word).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
    }
    switch answer {
    case .refused(let why): return errors(why).contains { line.hasSuffix($0) }
    case .local: return isLocal(words.first ?? "")
    case .out(let device, let gateway, let source):
      return !isLocal(words.first ?? "") && !line.contains("RTNETLINK")
        && after("dev") == device?.rawValue
        && after("via") == gateway.map { "\($0)" }
        && (source == nil || after("src") == source.map { "\($0)" })
    case .unknown: return false
    }
  }

  private func isLocal(_ word: String) -> Bool { ["local", "broadcast", "anycast"].contains(word) }

  /// What the kernel says for a refusal. Newer kernels say EINVAL for all that their drop reasons
  /// tell apart; a device that does not forward answers EHOSTUNREACH whatever the tables say.
  private func errors(_ why: String) -> [String] {
    let unreachable = "No route to host"
    return switch why {
    case "unreachable": [unreachable, "Network is unreachable"]
    case "prohibit": ["Permission denied", unreachable]
    case "blackhole": ["Invalid argument", unreachable]
    case "no-route": ["Network is unreachable", unreachable]
    case "forwarding-off": [unreachable]
    case "reverse-path-filter", "martian-source":
      ["Invalid argument", "Invalid cross-device link"]
    default: []
    }
  }

  // MARK: Packets

  private mutating func sendPackets(_ tally: inout KernelRoutingTests.Tally) throws {
    for _ in 0..<16 {
      let question = network.packetQuestion()
      let ttl = network.ttl()
      let (expected, unknown) = model.send(question, ttl: ttl)
      if let unknown {
        tally.undecided.append(unknown)
        continue
      }
      var seen = try heard(question, ttl, quietSeconds: 0.002)
      if seen != expected { seen = try heard(question, ttl, quietSeconds: 0.05) }
      try note(
        seen == expected, expected == nil ? "kept" : "forwarded",
        "packet ttl \(ttl): \(question.command)", model: expected.map { "\($0)" } ?? "nothing",
        kernel: seen.map { "\($0)" } ?? "nothing", &tally)
    }
  }

  /// What came out of the packet itself: not what the router has to say about it.
  private func heard(
    _ question: RouteQuestion, _ ttl: UInt8, quietSeconds: Double
  ) throws -> Emerged? {
    guard let device = question.input, device != network.downDevice,
      let frame = LabFrame.encode(model.packet(question, ttl: ttl))
    else { return nil }
    return try kernel.send(frame, into: device, quietSeconds: quietSeconds).lazy
      .compactMap { device, frame in LabFrame.decode(frame).map { (device, $0) } }
      .first {
        $0.1.source == question.source && $0.1.destination == question.destination
          && !$0.1.isICMPError
      }
      .map { Emerged($0.0, $0.1) }
  }

  // MARK: ARP

  private mutating func askAddresses(_ tally: inout KernelRoutingTests.Tally) throws {
    for _ in 0..<14 {
      let (sender, target, device) = network.arpQuestion()
      let (expected, unknown) = model.resolve(target, sender: sender, on: device)
      if let unknown {
        tally.undecided.append(unknown)
        continue
      }
      var seen = try reply(sender, target, device, quietSeconds: 0.002)
      if seen != expected { seen = try reply(sender, target, device, quietSeconds: 0.05) }
      try note(
        seen == expected, expected == nil ? "arp unanswered" : "arp answered",
        "arp who has \(target) tell \(sender) on \(device)",
        model: expected.map { "\($0)" } ?? "nothing", kernel: seen.map { "\($0)" } ?? "nothing",
        &tally)
    }
  }

  private func reply(
    _ sender: IPAddress, _ target: IPAddress, _ device: InterfaceName, quietSeconds: Double
  ) throws -> MACAddress? {
    if device == network.downDevice { return nil }
    let frame = ARPFrame.request(target, from: sender, RoutingNetwork.peerMAC(device))
    return try kernel.send(frame, into: device, quietSeconds: quietSeconds)
      .filter { $0.device == device }.compactMap { ARPFrame.reply($0.frame) }
      .first { $0.address == target }?.mac
  }
}
