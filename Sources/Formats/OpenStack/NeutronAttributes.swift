// Reads an API object's attributes by name and keeps count of those that nothing was lifted from.
import Facts
import NetworkTypes

/// The attributes of one object. What is read leaves `extra`; what cannot be read stays there and is
/// remarked.
struct NeutronAttributes {
  let node: JSONNode
  private let text: CaptureText
  private var consumed: Set<String> = []
  private var problems: [(node: JSONNode, key: String, wanted: String)] = []

  init(_ node: JSONNode, _ text: CaptureText) {
    self.node = node
    self.text = text
  }

  var evidence: Evidence { Evidence(file: text.file, line: node.line, bytes: node.range) }

  /// A lifted attribute: nil where it is absent or null, remarked where `read` gives nil.
  mutating func lift<Value>(
    _ key: String, _ wanted: String, _ read: (JSONNode) -> Value?
  ) -> Value? {
    guard let value = node[key] else { return nil }
    consumed.insert(key)
    if value.isNull { return nil }
    if let made = read(value) { return made }
    refuse(key, value, wanted)
    return nil
  }

  /// A list's elements, each read or remarked.
  mutating func list<Value>(
    _ key: String, _ wanted: String, _ read: (JSONNode) -> Value?
  ) -> [Value] {
    guard let value = node[key] else { return [] }
    consumed.insert(key)
    if value.isNull { return [] }
    guard let elements = value.elements else {
      refuse(key, value, "a list")
      return []
    }
    return elements.compactMap { element in
      if let made = read(element) { return made }
      refuse(key, element, wanted)
      return nil
    }
  }

  /// A list of objects, read as records of their own; their problems are this one's too.
  mutating func embedded<Value>(
    _ key: String, _ wanted: String, _ read: (inout NeutronAttributes) -> Value?
  ) -> [Value] {
    var inner: [(node: JSONNode, key: String, wanted: String)] = []
    let text = self.text
    let values = list(key, wanted) { element -> Value? in
      guard element.members != nil else { return nil }
      var attributes = NeutronAttributes(element, text)
      defer { inner += attributes.problems }
      return read(&attributes)
    }
    problems += inner
    return values
  }

  private mutating func refuse(_ key: String, _ value: JSONNode, _ wanted: String) {
    consumed.remove(key)
    problems.append((value, key, wanted))
  }

  mutating func string(_ key: String) -> String? { lift(key, "a string", \.scalarText) }
  /// Empty means unset, as the API has it for hosts and device ids.
  mutating func nonEmpty(_ key: String) -> String? {
    let value = string(key)
    return value == "" ? nil : value
  }
  mutating func flag(_ key: String) -> Bool? { lift(key, "true or false", \.bool) }
  mutating func integer(_ key: String) -> Int? { lift(key, "a whole number") { $0.wholeNumber() } }
  mutating func identifier<Kind>(_ key: String) -> Identifier<Kind>? {
    nonEmpty(key).map { Identifier($0) }
  }
  mutating func address(_ key: String) -> IPAddress? {
    lift(key, "an IP address") { $0.string.flatMap { IPAddress($0) } }
  }
  mutating func prefix(_ key: String) -> IPPrefix? {
    lift(key, "a CIDR block") { $0.string.flatMap { IPPrefix($0) } }
  }
  mutating func mac(_ key: String) -> MACAddress? {
    lift(key, "a MAC address") { $0.string.flatMap { MACAddress($0) } }
  }
  mutating func strings(_ key: String) -> [String] { list(key, "a string", \.scalarText) }
  mutating func identifiers<Kind>(_ key: String) -> [Identifier<Kind>] {
    strings(key).map { Identifier($0) }
  }
  mutating func prefixes(_ key: String) -> [IPPrefix] {
    list(key, "a CIDR block") { $0.string.flatMap { IPPrefix($0) } }
  }
  mutating func addresses(_ key: String) -> [IPAddress] {
    list(key, "an IP address") { $0.string.flatMap { IPAddress($0) } }
  }
  mutating func family(_ key: String) -> AddressFamily? {
    lift(key, "4 or 6") { $0.wholeNumber(UInt8.self).flatMap { AddressFamily(rawValue: $0) } }
  }
  /// `project_id`, or `tenant_id` of older releases; both leave `extra`.
  mutating func project() -> ProjectID? {
    let old: ProjectID? = identifier("tenant_id")
    return identifier("project_id") ?? old
  }
  /// An object's members as JSON text.
  mutating func dictionary(_ key: String) -> [String: String] {
    let text = self.text
    return lift(key, "an object") { $0.members.map { textOf($0, text) } } ?? [:]
  }

  /// The attributes of which nothing was lifted, as JSON text.
  var extra: [String: String] {
    textOf((node.members ?? []).filter { !consumed.contains($0.key) }, text)
  }

  func report(to log: inout ParseLog) {
    for problem in problems {
      log.remark(
        "neutron/bad-attribute", .warning, line: problem.node.line, problem.node.range,
        "\(problem.key): \(excerpt(text, problem.node.range)): wanted \(problem.wanted)")
    }
  }
}

private func textOf(_ members: [JSONNode.Member], _ text: CaptureText) -> [String: String] {
  let pairs = members.map { member in
    let isSecret = Secrets.isSecret(key: member.key)
    return (member.key, isSecret ? Secrets.mask : compactJSON(text.bytes[member.value.range]))
  }
  return Dictionary(pairs) { first, _ in first }
}

/// JSON text without the white space between its tokens.
func compactJSON(_ bytes: ArraySlice<UInt8>) -> String {
  var kept: [UInt8] = []
  kept.reserveCapacity(bytes.count)
  var isInString = false
  var isEscaped = false
  for byte in bytes {
    if isInString {
      kept.append(byte)
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInString = false
      }
    } else if byte != 0x20, byte != 0x0a, byte != 0x0d, byte != 0x09 {
      kept.append(byte)
      isInString = byte == UInt8(ascii: "\"")
    }
  }
  return String(decoding: kept, as: UTF8.self)
}

extension JSONNode {
  /// A whole number, also one in quotes: releases differ for segmentation ids and ports.
  func wholeNumber<Number: FixedWidthInteger>(_ type: Number.Type = Int.self) -> Number? {
    switch value {
    case .number(let text), .string(let text): Number(text)
    default: nil
    }
  }
}
