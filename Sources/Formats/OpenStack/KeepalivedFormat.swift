// keepalived.conf of HA routers: blocks by keepalived.conf(5), addresses and routes as Neutron's L3
// agent writes them. Passwords are masked.
import Facts
import NetworkTypes

public enum KeepalivedFormat {
  public static func parse(_ text: CaptureText) -> Parsed<KeepalivedEntry> {
    let language = BlockLanguage(
      format: "keepalived", endsAtLine: true, comments: [UInt8(ascii: "#"), UInt8(ascii: "!")])
    var reader = BlockReader(text, language)
    reader.read()
    let entries = reader.statements.map { statement -> KeepalivedEntry in
      if statement.words.first == "vrrp_instance", statement.words.count > 1 {
        return .instance(instance(statement, &reader))
      }
      return .other(block(statement, text))
    }
    return reader.log.parsed(entries)
  }

  private static func block(_ statement: BlockStatement, _ text: CaptureText) -> KeepalivedBlock {
    let keyword = statement.words.first ?? ""
    let isSecret = Secrets.isSecret(key: keyword)
    return KeepalivedBlock(
      keyword: keyword,
      arguments: isSecret ? [Secrets.mask] : Array(statement.words.dropFirst()),
      children: statement.children.map { block($0, text) },
      evidence: Evidence(file: text.file, line: statement.line, bytes: statement.range))
  }

  private static func instance(
    _ statement: BlockStatement, _ reader: inout BlockReader
  ) -> VRRPInstance {
    let evidence = reader.log.evidence(line: statement.line, statement.range)
    var instance = VRRPInstance(name: statement.words[1], evidence: evidence)
    for child in statement.children { take(child, &instance, &reader) }
    return instance
  }

  private static func take(
    _ child: BlockStatement, _ instance: inout VRRPInstance, _ reader: inout BlockReader
  ) {
    let argument = child.words.dropFirst().first
    switch child.words.first {
    case "state": instance.initialState = argument
    case "interface": instance.interface = argument.map { InterfaceName($0) }
    case "virtual_router_id": instance.virtualRouterID = argument.flatMap { Int($0) }
    case "priority": instance.priority = argument.flatMap { Int($0) }
    case "advert_int": instance.advertisementSeconds = argument.flatMap { Double($0) }
    case "nopreempt": instance.isPreempting = false
    case "track_interface":
      instance.trackedInterfaces += child.children.compactMap { $0.words.first }
        .map { InterfaceName($0) }
    case "track_script": instance.trackedScripts += child.children.compactMap { $0.words.first }
    case "virtual_ipaddress": instance.virtualAddresses += addresses(child, &reader)
    case "virtual_ipaddress_excluded": instance.excludedAddresses += addresses(child, &reader)
    case "virtual_routes": instance.virtualRoutes += routes(child, &reader)
    default: keep(child, &instance, &reader)
    }
  }

  /// Statements that say nothing about where packets go.
  private static let inert: Set<String> = [
    "authentication", "garp_master_delay", "garp_master_repeat", "garp_master_refresh",
    "garp_master_refresh_repeat", "garp_lower_prio_delay", "garp_lower_prio_repeat",
    "garp_interval", "gna_interval", "mcast_src_ip", "unicast_src_ip", "version", "debug",
    "notify", "notify_master", "notify_backup", "notify_fault", "notify_stop", "smtp_alert",
    "preempt_delay", "dont_track_primary", "accept", "no_accept",
  ]

  private static func keep(
    _ child: BlockStatement, _ instance: inout VRRPInstance, _ reader: inout BlockReader
  ) {
    let keyword = child.words.first ?? ""
    instance.unrecognised.append(rendered(child))
    if !inert.contains(keyword) {
      reader.remark("unknown-statement", child, "'\(keyword)' is kept and not understood")
    }
  }

  private static func rendered(_ statement: BlockStatement) -> String {
    if let keyword = statement.words.first, Secrets.isSecret(key: keyword) {
      return "\(keyword) \(Secrets.mask)"
    }
    let words = statement.words.joined(separator: " ")
    if !statement.hasBlock { return words }
    return words + " { " + statement.children.map(rendered).joined(separator: "; ") + " }"
  }

  private static func addresses(
    _ block: BlockStatement, _ reader: inout BlockReader
  ) -> [VirtualAddress] {
    block.children.compactMap { child in
      if let address = address(child.words) { return address }
      reader.remark("bad-address", child, "wanted an address, 'dev' and a device")
      return nil
    }
  }

  private static func address(_ words: [String]) -> VirtualAddress? {
    guard let text = words.first, let prefix = IPPrefix(text),
      let address = IPAddress(text.prefix { $0 != "/" })
    else { return nil }
    let options = Options(words.dropFirst())
    return VirtualAddress(
      address: InterfaceAddress(address: address, prefixLength: prefix.length),
      device: options.values["dev"].map { InterfaceName($0) }, scope: options.values["scope"],
      flags: options.flags)
  }

  private static func routes(
    _ block: BlockStatement, _ reader: inout BlockReader
  ) -> [VirtualRoute] {
    block.children.compactMap { child in
      if let route = route(child.words) { return route }
      reader.remark("bad-route", child, "wanted a destination, 'via' a gateway or 'dev' a device")
      return nil
    }
  }

  private static func route(_ words: [String]) -> VirtualRoute? {
    guard let text = words.first else { return nil }
    let options = Options(words.dropFirst())
    let gateway = options.values["via"].flatMap { IPAddress($0) }
    let isDefault = text == "default"
    let family = gateway?.family ?? .ipv4
    guard let destination = isDefault ? IPPrefix.everything(family) : IPPrefix(text),
      options.values["via"] == nil || gateway != nil
    else { return nil }
    return VirtualRoute(
      destination: destination, gateway: gateway,
      device: options.values["dev"].map { InterfaceName($0) }, flags: options.flags)
  }

  /// `key value` pairs of ip(8)'s language, and lone flags.
  private struct Options {
    private static let keys: Set<String> = [
      "dev", "via", "scope", "brd", "broadcast", "label", "peer", "src", "metric", "protocol",
      "proto", "table", "preference", "mtu", "weight",
    ]
    var values: [String: String] = [:]
    var flags: [String] = []

    init(_ words: ArraySlice<String>) {
      var rest = words
      while let word = rest.popFirst() {
        if Self.keys.contains(word), let value = rest.popFirst() {
          values[word] = value
          if word != "dev", word != "via", word != "scope" { flags.append("\(word) \(value)") }
        } else {
          flags.append(word)
        }
      }
    }
  }
}
