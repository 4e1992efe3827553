// Actions with several arguments in ovs-ofctl's syntax.
import NetworkTypes

extension ControllerAction: CustomStringConvertible {
  public var description: String {
    var plain = ControllerAction()
    plain.maximumBytes = maximumBytes
    if self == plain { return "CONTROLLER:\(maximumBytes)" }
    var parts = ["reason=\(reason)", "max_len=\(maximumBytes)", "id=\(controllerID)"]
    if !userData.isEmpty {
      parts.append("userdata=" + userData.map(hexOctet).joined(separator: "."))
    }
    if isPausing { parts.append("pause") }
    if let meter { parts.append("meter_id=\(meter)") }
    return "controller(\(parts.joined(separator: ",")))"
  }
}

extension BundleAction: CustomStringConvertible {
  public var description: String {
    let name = destination == nil ? "bundle" : "bundle_load"
    let target = destination.map { ",\($0)" } ?? ""
    let ports = members.map { "\($0)" }.joined(separator: ",")
    return "\(name)(\(fields),\(basis),\(algorithm),ofport\(target),members:\(ports))"
  }
}

extension MultipathAction: CustomStringConvertible {
  public var description: String {
    "multipath(\(fields),\(basis),\(algorithm),\(links),\(argument),\(destination))"
  }
}

extension SampleAction: CustomStringConvertible {
  public var description: String {
    var parts = [
      "probability=\(probability)", "collector_set_id=\(collectorSet)",
      "obs_domain_id=\(observationDomain)", "obs_point_id=\(observationPoint)",
    ]
    if let samplingPort { parts.append("sampling_port=\(samplingPort)") }
    if let direction { parts.append(direction) }
    return "sample(\(parts.joined(separator: ",")))"
  }
}

extension Encapsulation: CustomStringConvertible {
  public var description: String {
    switch self {
    case .ethernet: "ethernet"
    case .mpls: "mpls"
    case .mplsMulticast: "mpls_mc"
    case .nsh(let arguments): arguments.isEmpty ? "nsh" : "nsh(\(arguments))"
    }
  }
}

extension CTAction: CustomStringConvertible {
  public var description: String {
    var parts: [String] = []
    if isCommit { parts.append("commit") }
    if isForced { parts.append("force") }
    if let table { parts.append("table=\(table)") }
    switch zone {
    case .number(0): break
    case .number(let number): parts.append("zone=\(number)")
    case .field(let field): parts.append("zone=\(field)")
    }
    if let nat { parts.append("\(nat)") }
    if !exec.isEmpty { parts.append("exec(\(exec.flowText))") }
    if let helper { parts.append("alg=\(helper)") }
    return parts.isEmpty ? "ct" : "ct(\(parts.joined(separator: ",")))"
  }
}

extension NATAction: CustomStringConvertible {
  public var description: String {
    guard let direction else { return "nat" }
    let name = direction == .source ? "src" : "dst"
    let range = rangeText
    var parts = [range.isEmpty ? name : "\(name)=\(range)"]
    if isPersistent { parts.append("persistent") }
    if isHashed { parts.append("hash") }
    if isRandom { parts.append("random") }
    return "nat(\(parts.joined(separator: ",")))"
  }
  private var rangeText: String {
    guard let firstAddress else { return "" }
    var text = addressText(firstAddress)
    if let lastAddress, lastAddress != firstAddress { text += "-\(addressText(lastAddress))" }
    return ports.map { "\(text):\($0)" } ?? text
  }
  private func addressText(_ address: IPAddress) -> String {
    address.family == .ipv6 && ports != nil ? "[\(address)]" : "\(address)"
  }
}

extension LearnAction: CustomStringConvertible {
  public var description: String {
    var parts = ["table=\(table)"]
    func add(_ name: String, _ value: some BinaryInteger, unless ordinary: Int = 0) {
      if value != ordinary { parts.append("\(name)=\(value)") }
    }
    add("idle_timeout", idleTimeoutSeconds)
    add("hard_timeout", hardTimeoutSeconds)
    add("fin_idle_timeout", finIdleTimeoutSeconds)
    add("fin_hard_timeout", finHardTimeoutSeconds)
    add("priority", priority, unless: Int(FlowEntry.defaultPriority))
    if sendsFlowRemoved { parts.append("send_flow_rem") }
    if deletesLearned { parts.append("delete_learned") }
    if cookie != 0 { parts.append("cookie=\(hexadecimal(cookie))") }
    add("limit", limit)
    if let result { parts.append("result_dst=\(result)") }
    parts += specifications.map(\.description)
    return "learn(\(parts.joined(separator: ",")))"
  }
}

extension LearnAction.Specification: CustomStringConvertible {
  public var description: String {
    switch self {
    case .match(let target, let value) where target.isWhole:
      let field = target.field
      return "\(field.actionName)=\(field.text(value: value, mask: field.valueMask))"
    case .match(let target, let value): return "\(target)=\(hexadecimal(value))"
    case .matchField(let target, let source):
      return target == source ? "\(target)" : "\(target)=\(source)"
    case .load(let value, let target): return "load:\(hexadecimal(value))->\(target)"
    case .loadField(let source, let target): return "load:\(source)->\(target)"
    case .output(let field): return "output:\(field)"
    }
  }
}
