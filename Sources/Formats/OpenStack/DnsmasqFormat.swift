// The files that Neutron's DHCP agent writes for each dnsmasq, by dnsmasq's own grammar (dnsmasq(8):
// --dhcp-host, --dhcp-option, --addn-hosts, and the leases file).
import Facts
import NetworkTypes

public enum DnsmasqFormat {
  /// `--dhcp-hostsfile`.
  public static func hosts(_ text: CaptureText) -> Parsed<DnsmasqHost> {
    parseLines(text, "dnsmasq/bad-host", "a client, then an address or a name", host)
  }
  /// `--dhcp-optsfile`.
  public static func options(_ text: CaptureText) -> Parsed<DnsmasqOption> {
    parseLines(text, "dnsmasq/bad-option", "tags, an option, its values", option)
  }
  /// `--addn-hosts`, in the format of /etc/hosts.
  public static func additionalHosts(_ text: CaptureText) -> Parsed<DnsmasqAdditionalHost> {
    parseLines(text, "dnsmasq/bad-additional-host", "an address and its names") { line, _ in
      let words = line.words
      guard let first = words.first, let address = IPAddress(first), words.count > 1 else {
        return nil
      }
      return DnsmasqAdditionalHost(
        address: address, names: Array(words.dropFirst()), evidence: line.evidence)
    }
  }
  public static func leases(_ text: CaptureText) -> Parsed<DnsmasqLease> {
    parseLines(text, "dnsmasq/bad-lease", "expiry, MAC or IAID, address, name, client id", lease)
  }
}

extension DnsmasqFormat {
  private static func host(_ line: ConfigurationLine, _ log: inout ParseLog) -> DnsmasqHost? {
    var host = DnsmasqHost(evidence: line.evidence)
    for field in line.text.split(separator: ",", omittingEmptySubsequences: false) {
      take(field.trimmed, &host)
    }
    for field in host.unrecognised {
      log.remark(
        "dnsmasq/unknown-field", .warning, line: line.number, line.range,
        "'\(field)' is no field of a host that is known")
    }
    let isClient = !host.macs.isEmpty || host.clientID != nil || host.name != nil
    return isClient && !host.addresses.contains(where: \.isUnspecified) ? host : nil
  }

  private static func take(_ field: String, _ host: inout DnsmasqHost) {
    if let value = field.after("id:") {
      host.clientID = value
    } else if let value = field.after("set:") {
      host.setTags.append(value)
    } else if let value = field.after("tag:") ?? field.after("net:") {
      host.matchTags.append(value)
    } else if let mac = MACAddress(field) {
      host.macs.append(mac)
    } else if let address = address(field) {
      host.addresses.append(address)
    } else if field == "ignore" {
      host.isIgnored = true
    } else if isLeaseTime(field) {
      host.leaseTime = field
    } else if host.name == nil, isName(field) {
      host.name = field
    } else {
      host.unrecognised.append(field)
    }
  }

  /// `10.0.0.1`, `[fd00::1]`, `[fd00::1/64]`.
  private static func address(_ field: String) -> IPAddress? {
    let inner = field.drop { $0 == "[" }.prefix { $0 != "]" && $0 != "/" }
    return IPAddress(inner)
  }

  /// A lease time is a number with an optional unit, or `infinite`.
  private static func isLeaseTime(_ field: String) -> Bool {
    if field == "infinite" { return true }
    let digits = field.prefix { $0.isASCII && $0.isNumber }
    return !digits.isEmpty && ["", "s", "m", "h", "d", "w"].contains(field.dropFirst(digits.count))
  }

  private static func isName(_ field: String) -> Bool {
    !field.isEmpty
      && field.utf8.allSatisfy {
        $0 > 0x7f || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f
          || (0x30...0x39).contains($0) || (0x41...0x5a).contains($0)
          || (0x61...0x7a).contains($0)
      }
  }

  private static func option(_ line: ConfigurationLine, _ log: inout ParseLog) -> DnsmasqOption? {
    var tags: [String] = []
    var qualifiers: [String] = []
    var fields = line.text.split(separator: ",", omittingEmptySubsequences: false)[...]
    while let field = fields.first?.trimmed {
      fields.removeFirst()
      if let tag = field.after("tag:") ?? field.after("net:") {
        tags.append(tag)
      } else if isQualifier(field) {
        qualifiers.append(field)
      } else if let code = code(field) {
        return DnsmasqOption(
          tags: tags, code: code, values: fields.map(\.trimmed), qualifiers: qualifiers,
          evidence: line.evidence)
      } else {
        return nil
      }
    }
    return nil
  }

  private static func isQualifier(_ field: String) -> Bool {
    ["encap:", "vi-encap:", "vendor:", "vi-vendor:", "cnd-", "set:"].contains {
      field.hasPrefix($0)
    }
  }

  private static func code(_ field: String) -> DnsmasqOptionCode? {
    if let name = field.after("option6:") {
      return Int(name).map(DnsmasqOptionCode.number6) ?? .named6(name)
    }
    if let name = field.after("option:") { return name.isEmpty ? nil : .named(name) }
    return Int(field).map(DnsmasqOptionCode.number)
  }

  private static func lease(_ line: ConfigurationLine, _ log: inout ParseLog) -> DnsmasqLease? {
    let words = line.words
    var lease = DnsmasqLease(evidence: line.evidence)
    if words.count == 2, words[0] == "duid" {
      lease.serverDUID = words[1]
      return lease
    }
    guard words.count >= 4, let expiry = UInt64(words[0]), let address = address(words[2])
    else { return nil }
    lease.expiry = expiry
    lease.address = address
    lease.name = words[3] == "*" ? nil : words[3]
    lease.clientID = words.count > 4 && words[4] != "*" ? words[4] : nil
    if address.family == .ipv6 {
      lease.identityAssociation = words[1]
      return lease
    }
    // Another hardware type than Ethernet stands before the address: `06-fa:16:…`.
    let hardware = words[1].split(separator: "-").last ?? ""
    guard let mac = MACAddress(hardware) else { return nil }
    lease.mac = mac
    return lease
  }
}
