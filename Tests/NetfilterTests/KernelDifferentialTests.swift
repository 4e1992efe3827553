// The judge: random rule sets and packets, through the kernel and through the model.
//
// OVSIGHT_KERNEL_CASES packets (1000 unless set), up to eight a rule set; OVSIGHT_KERNEL_SEED begins
// elsewhere. Needs root and network namespaces of its own; touches nothing of the host's.
import Conntrack
import Foundation
import KernelLab
import NetworkTypes
import Testing

@testable import Netfilter

private func setting(_ name: String, _ fallback: Int) -> Int {
  ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? fallback
}

@Suite(.serialized) struct KernelDifferentialTests {
  static let obstacle = LabNamespace.obstacle

  /// How the packets compared.
  struct Tally {
    var agreed = 0
    var undecided = 0
    var cameOut = 0
    var failures: [String] = []
    var compared: Int { agreed + failures.count }
  }

  @Test(
    .enabled(if: obstacle == nil, "the kernel cannot be asked: \(obstacle ?? "")"),
    .timeLimit(.minutes(30)))
  func theKernelAgrees() throws {
    let kernel = try KernelRouter()
    let cases = setting("OVSIGHT_KERNEL_CASES", 1000)
    let seed = setting("OVSIGHT_KERNEL_SEED", 1)
    var tally = Tally()
    let sets = try kernel.sets()
    for (plan, isLegacy, percent) in [
      (AddressPlan.ipv4, false, 50), (.ipv4, true, 75), (.ipv6, false, 90), (.ipv6, true, 100),
    ] {
      try kernel.flush()
      var number = 0
      while tally.compared < cases * percent / 100 {
        let isBridged = LabNamespace.canBridge && number % 5 == 4
        let one = Case(
          seed: UInt64(seed + number), plan: plan, isLegacy: isLegacy, isBridged: isBridged,
          sets: sets)
        try one.run(on: kernel, &tally)
        number += 1
      }
    }
    print(
      "netfilter against the kernel: \(tally.agreed) of \(tally.compared) packets agree,"
        + " \(tally.cameOut) of them came out; \(tally.undecided) not compared")
    for failure in tally.failures.prefix(3) { Issue.record("\(failure)") }
    #expect(tally.failures.count == 0, "\(tally.failures.count) of \(tally.compared) differ")
    #expect(tally.compared >= cases)
    #expect(tally.cameOut > tally.compared / 5)
  }
}

/// One rule set and its packets.
private struct Case {
  let seed: UInt64
  let plan: AddressPlan
  let isLegacy: Bool
  let isBridged: Bool
  let sets: String

  /// A difference counts if it is still there when there is time to wait for late packets.
  func run(on kernel: KernelRouter, _ tally: inout KernelDifferentialTests.Tally) throws {
    var first = tally
    if try play(on: kernel, quietSeconds: 0.002, &first) == nil {
      tally = first
      return
    }
    if let failure = try play(on: kernel, quietSeconds: 0.1, &tally) {
      tally.failures.append(failure)
    }
  }

  private func play(
    on kernel: KernelRouter, quietSeconds: Double, _ tally: inout KernelDifferentialTests.Tally
  ) throws -> String? {
    var generator = RuleGenerator(plan: plan, isBridged: isBridged, random: Seeded(seed))
    let rules = generator.ruleSet()
    let saved: String
    do {
      saved = try kernel.load(rules, family: plan.family, isLegacy: isLegacy)
    } catch {
      return "seed \(seed): \(error)\n\(rules)"
    }
    var model = ModelRouter(plan: plan, rules: saved, sets: sets)
    var traffic = Traffic(plan: plan, isBridged: isBridged)
    for number in 0..<8 {
      let (packet, device) = traffic.next(&generator)
      let expected = traffic.model(&model, packet, device)
      let seen = try kernel.send(packet, into: device, quietSeconds: quietSeconds)
      if case .undecided = expected {
        tally.undecided += 1
        return nil
      }
      guard agree(expected, seen) else {
        return report(
          number, packet, device, expected, seen, model,
          try kernel.connections() + kernel.counted(family: plan.family, isLegacy: isLegacy))
      }
      tally.agreed += 1
      if case .out(let device, let packet) = seen {
        tally.cameOut += 1
        traffic.note(packet, device)
        // What TCP makes of a connection after a reset is not the model's.
        if packet.ipProtocol == IPProtocol.tcp, packet.tcpFlags & TCPFlags.rst != 0 { return nil }
      }
    }
    return nil
  }

  private func agree(_ expected: Fate, _ seen: Fate) -> Bool {
    switch (expected, seen) {
    case (.nothing, .nothing): true
    case (.out(let device, let packet), .out(let other, let heard)):
      device == other && packet.summary == heard.summary
    default: false
    }
  }

  private func report(
    _ number: Int, _ packet: Packet, _ device: InterfaceName, _ expected: Fate, _ seen: Fate,
    _ model: ModelRouter, _ kernel: String
  ) -> String {
    """
    seed \(seed)\(isLegacy ? " legacy" : "")\(isBridged ? " bridged" : "") \(plan.family), packet \(number) \
    on \(device): \(packet.summary)
    model: \(expected)
    kernel: \(seen)
    \(model.steps.joined(separator: "\n"))
    \(kernel)
    """
  }
}

/// What has been sent and what came out, so that answers and errors can be sent about it.
private struct Traffic {
  let plan: AddressPlan
  let isBridged: Bool
  private var sent: [(packet: Packet, device: InterfaceName)] = []
  private var heard: [(packet: Packet, device: InterfaceName)] = []

  init(plan: AddressPlan, isBridged: Bool) {
    self.plan = plan
    self.isBridged = isBridged
  }

  mutating func note(_ packet: Packet, _ device: InterfaceName) { heard.append((packet, device)) }

  mutating func next(_ generator: inout RuleGenerator) -> (packet: Packet, device: InterfaceName) {
    var (packet, device) = choose(&generator)
    packet.ttl = 64
    packet.ethSrc = KernelRouter.peerMACs[device] ?? .zero
    packet.ethDst =
      isBridged ? KernelRouter.peerMACs[other(device)] ?? .zero : KernelRouter.routerMAC
    // The bytes decide what is compared: lengths, and fields that the wire does not have.
    if let frame = LabFrame.encode(packet), let onWire = LabFrame.decode(frame) { packet = onWire }
    sent.append((packet, device))
    return (packet, device)
  }

  private func other(_ port: InterfaceName) -> InterfaceName { port == "tap1" ? "tap2" : "tap1" }

  private mutating func choose(
    _ generator: inout RuleGenerator
  ) -> (packet: Packet, device: InterfaceName) {
    if !heard.isEmpty, generator.chance(45) {
      let (packet, device) = generator.pick(heard)
      if !packet.isICMPError { return (answer(packet, &generator), device) }
    }
    if !sent.isEmpty, generator.chance(20) {
      let (packet, device) = generator.pick(sent)
      if packet.ipProtocol != IPProtocol.tcp || packet.tcpFlags == TCPFlags.syn {
        return (packet, device)
      }
    }
    return fresh(&generator)
  }

  /// An answer to what came out, or an error about it.
  private func answer(_ packet: Packet, _ generator: inout RuleGenerator) -> Packet {
    if generator.chance(25), let quoted = QuotedHeader(packet) {
      var error = packet.answer
      error.quoted = quoted
      error.ipProtocol = packet.isIPv4 ? IPProtocol.icmp : IPProtocol.icmp6
      (error.icmpType, error.icmpCode) = packet.isIPv4 ? (3, 1) : (1, 4)
      error.tcpFlags = 0
      error.tos = 0
      if generator.chance(50) { error.source = IPAddress(generator.pick(plan.farHosts)) }
      return error
    }
    var answer = packet.answer
    if packet.tcpFlags & TCPFlags.ack != 0 { answer.tcpFlags = TCPFlags.ack }
    return answer
  }

  private func fresh(
    _ generator: inout RuleGenerator
  ) -> (packet: Packet, device: InterfaceName) {
    let inside = plan.insideHosts
    let beyond = plan.outsideHosts + plan.farHosts
    let device: InterfaceName =
      isBridged
      ? generator.pick(["tap1", "tap2"]) : generator.pick(["inside", "inside", "outside"])
    let isInside = device == "inside" || device == "tap1"
    let packet =
      isInside
      ? generator.packet(
        from: inside, to: beyond + beyond + plan.translatedHosts + plan.routerAddresses + inside)
      : generator.packet(
        from: beyond, to: inside + inside + plan.routerAddresses + plan.translatedHosts)
    return (packet, device)
  }

  func model(_ model: inout ModelRouter, _ packet: Packet, _ device: InterfaceName) -> Fate {
    isBridged
      ? model.bridge(packet, from: device, to: other(device)) : model.receive(packet, on: device)
  }
}
