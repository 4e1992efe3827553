// Runs a netfilter hook of a namespace and turns its verdict into a step.
import Conntrack
import DataPlane
import Facts
import Netfilter
import NetworkTypes

extension NamespaceModel {
  /// `-m addrtype`: how routing classes an address, on one device only if one is given.
  func netfilterType(_ address: IPAddress, on device: InterfaceName?) -> AddressType? {
    guard (address.family == .ipv4 ? facts.routes4 : facts.routes6).isKnown else { return nil }
    if address.isUnspecified { return .unspecified }
    let type = addressType(address)
    if type == .local, let device {
      return (addresses[device] ?? []).contains { $0.address.address == address }
        ? .local : .unicast
    }
    return switch type {
    case .local: .local
    case .broadcast: .broadcast
    case .multicast: .multicast
    default: .unicast
    }
  }
}

extension HookContext {
  /// A context whose questions about addresses the namespace answers.
  init(namespace: NamespaceModel) {
    self.init(
      addressType: { address, device in namespace.netfilterType(address, on: device) },
      addresses: { device in
        namespace.facts.addresses.isKnown
          ? (namespace.addresses[device] ?? []).filter {
            $0.flags.isDisjoint(with: ["secondary", "tentative"])
          }
          .map(\.address) : nil
      })
  }
}

extension Simulation {
  /// False where the packet goes no further.
  mutating func runHook(
    _ hook: Hook, _ frame: inout Frame, _ connection: inout PacketConnection,
    _ context: HookContext, in namespace: NamespaceModel, place: Place, _ parent: Int?
  ) -> Bool {
    var packet = frame.packet
    let result = withConntrack(.namespace(namespace.key)) { table in
      namespace.netfilter.run(
        hook, packet: &packet, connection: &connection, context: context, conntrack: &table)
    }
    for assumption in result.assumptions { assume(assumption) }
    let changed = packet != frame.packet
    frame.packet = packet
    if changed || !result.steps.isEmpty {
      record(
        place, .netfilter(hook, result), frame, parent,
        evidence: result.steps.compactMap { $0.rule?.evidence })
    }
    switch result.verdict {
    case .accept: return true
    case .drop(let rule):
      drop(
        place, .netfilterDrop, rule.text, frame, parent,
        evidence: rule.evidence.map { [$0] } ?? [])
    case .reject(let kind, let rule):
      drop(
        place, .netfilterReject, "\(rule.text) (\(kind))", frame, parent,
        evidence: rule.evidence.map { [$0] } ?? [])
    case .queue(let rule):
      unknown(
        "a program in userspace decides about the packet: \(rule.text)", parent,
        evidence: rule.evidence.map { [$0] } ?? [])
    case .unknown(let reasons):
      for reason in reasons {
        unknown(reason.text, parent, evidence: reason.rule?.evidence.map { [$0] } ?? [])
      }
    }
    return false
  }
}
