// `ip -j addr` → `LinkAddress`.
import Facts
import NetworkTypes

/// Reads the addresses of a namespace's devices, of both families.
public enum AddressFormat {
  public static func parse(_ text: CaptureText) -> Parsed<LinkAddress> {
    if !text.isJSON { return AddressText.parse(text) }
    return parseJSONRecords(text, format: "address") { node, _, log in addresses(of: node, &log) }
  }

  private static func addresses(of node: JSONNode, _ log: inout ParseLog) -> [LinkAddress]? {
    guard let name = node["ifname"]?.string, node["deleted"] == nil else { return nil }
    guard let infos = node["addr_info"] else { return [] }
    guard let entries = infos.elements else { return nil }
    return entries.compactMap { entry in
      // What a filter left out is printed as an empty object.
      if let members = entry.members, members.isEmpty { return nil }
      let made = address(entry, on: InterfaceName(name), &log)
      if made == nil {
        log.remark(
          "address/bad-address", .warning, line: entry.line, entry.range,
          "not an address of \(name): \(excerpt(log.text, entry.range))")
      }
      return made
    }
  }

  private static func address(
    _ node: JSONNode, on interface: InterfaceName, _ log: inout ParseLog
  ) -> LinkAddress? {
    guard let members = node.members,
      let local = (node["local"] ?? node["address"])?.string.flatMap({ IPAddress($0) }),
      let length = node["prefixlen"]?.number(Int.self), (0...local.family.width).contains(length)
    else { return nil }
    var address = LinkAddress(
      interface: interface, address: InterfaceAddress(address: local, prefixLength: length),
      scope: "", evidence: log.evidence(line: node.line, node.range))
    for member in members where !address.take(member) {
      log.remark(unknown: member, of: "address", .note)
    }
    return address
  }
}

extension LinkAddress {
  /// Puts a member where it belongs; false if it is not known.
  fileprivate mutating func take(_ member: JSONNode.Member) -> Bool {
    let text = member.value.scalarText
    switch member.key {
    case "address":
      peer = text.flatMap { IPAddress($0) }.flatMap { $0 == address.address ? nil : $0 }
    case "broadcast": broadcast = text.flatMap { IPAddress($0) }
    case "scope": scope = text ?? ""
    case "family", "local", "prefixlen", "label", "metric", "protocol", "anycast",
      "valid_life_time", "preferred_life_time":
      break
    // Hexadecimal bits that the tool has no word for.
    case "ifa_flags": if let text { flags.insert(text) }
    default: return takeFlag(member)
    }
    return true
  }

  /// Any word with `true`, whatever its name: `tentative`, `secondary`, `dynamic`, ….
  private mutating func takeFlag(_ member: JSONNode.Member) -> Bool {
    guard member.value.bool != nil || member.value.isNull else { return false }
    if member.value.bool != false { flags.insert(member.key) }
    return true
  }
}
