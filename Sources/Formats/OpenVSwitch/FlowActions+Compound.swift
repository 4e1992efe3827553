// Actions with several arguments.
import Facts
import NetworkTypes

extension FlowReader {
  mutating func compoundAction(_ name: ActionName, _ token: FlowToken) -> FlowAction? {
    let value = token.value
    switch name {
    case .output: return boundedOutput(value)
    case .controller: return controller(token)
    case .enqueue: return enqueue(token)
    case .resubmit: return resubmit(token)
    case .clone: return actions(inside: value).map { .clone($0) }
    case .writeActions: return actions(inside: value).map { .writeActions($0) }
    case .conjunction: return conjunction(value)
    case .decrementTTL: return decrementTTL(value)
    case .writeMetadata: return writeMetadata(value)
    case .finTimeout: return finTimeout(value)
    case .note: return hexBytes(value).map { .note($0) }
    case .encapsulate: return encapsulate(value)
    case .decapsulate: return decapsulate(value)
    case .multipath: return multipath(value)
    case .bundle, .bundleLoad: return bundle(value, loads: name == .bundleLoad)
    case .sample: return sample(value)
    case .ct: return connectionTracking(value)
    case .learn: return learn(value)
    default: return nil
    }
  }

  /// Reads `key=value` arguments; false where one of them is not understood.
  func arguments(_ range: Range<Int>, _ take: (String, FlowToken) -> Bool) -> Bool {
    var inner = inside(range)
    while let token = inner.nextToken() {
      guard token.shape != .unbalanced, take(text(token.key), token) else { return false }
    }
    return true
  }

  private func boundedOutput(_ range: Range<Int>) -> FlowAction? {
    var action: FlowAction?
    var maximum: UInt32?
    let isUnderstood = arguments(range) { key, token in
      if key == "max_len" { maximum = number(token.value) }
      if key == "port" {
        action =
          port(token.value).map { .output($0) }
          ?? subfield(token.value).map { .outputField($0) }
      }
      return key == "max_len" || key == "port"
    }
    guard isUnderstood, let action, let maximum else { return nil }
    switch action {
    case .output(let port, _): return .output(port, maximumBytes: maximum)
    case .outputField(let field, _): return .outputField(field, maximumBytes: maximum)
    default: return nil
    }
  }

  private func controller(_ token: FlowToken) -> FlowAction? {
    var action = ControllerAction()
    if token.shape == .assigned {
      guard let maximum: UInt16 = number(token.value) else { return nil }
      action.maximumBytes = maximum
      return .controller(action)
    }
    let isUnderstood = arguments(token.value) { key, token in
      switch key {
      case "max_len": store(number(token.value), in: &action.maximumBytes)
      case "id": store(number(token.value), in: &action.controllerID)
      case "reason": store(text(token.value), in: &action.reason)
      case "userdata": store(hexBytes(token.value), in: &action.userData)
      case "pause": store(true, in: &action.isPausing)
      case "meter_id": store(number(token.value), in: &action.meter)
      default: false
      }
    }
    return isUnderstood ? .controller(action) : nil
  }

  func store<Value>(_ value: Value?, in place: inout Value) -> Bool {
    guard let value else { return false }
    place = value
    return true
  }
  func store<Value>(_ value: Value?, in place: inout Value?) -> Bool {
    guard let value else { return false }
    place = value
    return true
  }

  /// `enqueue:port:queue` or `enqueue(port,queue)`.
  private func enqueue(_ token: FlowToken) -> FlowAction? {
    let separator = token.shape == .assigned ? UInt8(ascii: ":") : UInt8(ascii: ",")
    let parts = parts(token.value, separator: separator)
    guard parts.count == 2, let port = port(parts[0]), let queue: UInt32 = number(parts[1]) else {
      return nil
    }
    return .enqueue(port, queue: queue)
  }

  /// `resubmit:port` or `resubmit([port],[table][,ct])`; its own port is the same as none.
  private func resubmit(_ token: FlowToken) -> FlowAction? {
    let parts = token.shape == .assigned ? [token.value] : parts(token.value)
    guard parts.count <= 3 else { return nil }
    var inPort: OpenFlowPort?
    var tableNumber: UInt8?
    if !parts[0].isEmpty {
      guard let named = port(parts[0]) else { return nil }
      inPort = named == .inPort ? nil : named
    }
    if parts.count > 1, !parts[1].isEmpty {
      guard let named = table(parts[1]) else { return nil }
      tableNumber = named
    }
    if parts.count == 3, !equals("ct", parts[2]) { return nil }
    return .resubmit(port: inPort, table: tableNumber, swapsTuple: parts.count == 3)
  }

  /// `conjunction(id, clause/count)`.
  private func conjunction(_ range: Range<Int>) -> FlowAction? {
    let arguments = parts(range)
    guard arguments.count == 2, let id: UInt32 = number(arguments[0]) else { return nil }
    let clause = parts(arguments[1], separator: UInt8(ascii: "/"))
    guard clause.count == 2, let k: UInt8 = number(clause[0]), let n: UInt8 = number(clause[1]),
      k >= 1, k <= n, n >= 2, n <= 64
    else { return nil }
    return .conjunction(id: id, clause: k, count: n)
  }

  private func decrementTTL(_ range: Range<Int>) -> FlowAction? {
    if range.isEmpty { return .decrementTTL() }
    var ids: [UInt16] = []
    for part in parts(range) {
      guard let id: UInt16 = number(part) else { return nil }
      ids.append(id)
    }
    return .decrementTTL(controllers: ids)
  }

  private func writeMetadata(_ range: Range<Int>) -> FlowAction? {
    guard let (value, mask) = value(of: .metadata, range) else { return nil }
    return .writeMetadata(
      value: UInt64(truncatingIfNeeded: value), mask: UInt64(truncatingIfNeeded: mask))
  }

  private func finTimeout(_ range: Range<Int>) -> FlowAction? {
    var (idle, hard): (UInt16, UInt16) = (0, 0)
    let isUnderstood = arguments(range) { key, token in
      switch key {
      case "idle_timeout": store(number(token.value), in: &idle)
      case "hard_timeout": store(number(token.value), in: &hard)
      default: false
      }
    }
    return isUnderstood ? .finTimeout(idleSeconds: idle, hardSeconds: hard) : nil
  }

  /// Pairs of hexadecimal digits, dots allowed between them.
  func hexBytes(_ range: Range<Int>) -> [UInt8]? {
    var result: [UInt8] = []
    var high: UInt8?
    for index in range where bytes[index] != UInt8(ascii: ".") {
      guard let digit = hexDigit(bytes[index]) else { return nil }
      if let first = high {
        result.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil ? result : nil
  }

  private func encapsulate(_ range: Range<Int>) -> FlowAction? {
    switch text(range) {
    case "ethernet": return .encapsulate(.ethernet)
    case "mpls": return .encapsulate(.mpls)
    case "mpls_mc": return .encapsulate(.mplsMulticast)
    case "nsh": return .encapsulate(.nsh(arguments: ""))
    default:
      var inner = inside(range)
      guard let token = inner.nextToken(), token.shape == .bracketed, token.target == nil,
        equals("nsh", token.key), inner.nextToken() == nil
      else { return nil }
      return .encapsulate(.nsh(arguments: text(token.value)))
    }
  }

  /// `decap(packet_type(ns=0,type=0))`.
  private func decapsulate(_ range: Range<Int>) -> FlowAction? {
    if range.isEmpty { return .decapsulate() }
    var inner = inside(range)
    guard let token = inner.nextToken(), token.shape == .bracketed, equals("packet_type", token.key)
    else { return nil }
    var (namespace, type): (UInt16, UInt16) = (0, 0)
    let isUnderstood = arguments(token.value) { key, token in
      switch key {
      case "ns": store(number(token.value), in: &namespace)
      case "type", "id": store(number(token.value), in: &type)
      default: false
      }
    }
    guard isUnderstood else { return nil }
    return .decapsulate(packetType: UInt32(namespace) << 16 | UInt32(type))
  }
}
