// Actions that choose among several ports or links, and sampling.
import Facts
import NetworkTypes

extension FlowReader {
  /// `multipath(fields,basis,algorithm,links,argument,destination)`.
  func multipath(_ range: Range<Int>) -> FlowAction? {
    let parts = parts(range)
    guard parts.count == 6, let basis: UInt16 = number(parts[1]),
      let links: UInt32 = number(parts[3]), let argument: UInt32 = number(parts[4]),
      let destination = subfield(parts[5])
    else { return nil }
    return .multipath(
      MultipathAction(
        fields: text(parts[0]), basis: basis, algorithm: text(parts[2]), links: links,
        argument: argument, destination: destination))
  }

  /// `bundle(fields,basis,algorithm,ofport,members:4,8)`; `bundle_load` names a field before them.
  func bundle(_ range: Range<Int>, loads: Bool) -> FlowAction? {
    var parts = parts(range)
    let listIndex = loads ? 5 : 4
    guard parts.count > listIndex, let basis: UInt16 = number(parts[1]), equals("ofport", parts[3])
    else { return nil }
    let destination = loads ? subfield(parts[4]) : nil
    if loads, destination == nil { return nil }
    // Before Open vSwitch 2.15 the members were slaves.
    let list = parts[listIndex]
    guard let colon = list.first(where: { bytes[$0] == UInt8(ascii: ":") }),
      equals("members", list.lowerBound..<colon) || equals("slaves", list.lowerBound..<colon)
    else { return nil }
    parts[listIndex] = colon + 1..<list.upperBound
    var members: [OpenFlowPort] = []
    for part in parts[listIndex...] where !part.isEmpty {
      guard let member = port(part) else { return nil }
      members.append(member)
    }
    return .bundle(
      BundleAction(
        fields: text(parts[0]), basis: basis, algorithm: text(parts[2]), members: members,
        destination: destination))
  }

  func sample(_ range: Range<Int>) -> FlowAction? {
    var action = SampleAction()
    let isUnderstood = arguments(range) { key, token in
      switch key {
      case "probability": store(number(token.value), in: &action.probability)
      case "collector_set_id": store(number(token.value), in: &action.collectorSet)
      case "obs_domain_id": store(number(token.value), in: &action.observationDomain)
      case "obs_point_id": store(number(token.value), in: &action.observationPoint)
      case "sampling_port": store(port(token.value), in: &action.samplingPort)
      case "ingress", "egress": store(key, in: &action.direction)
      default: false
      }
    }
    return isUnderstood ? .sample(action) : nil
  }
}
