// dnsmasq's arguments, as `ps` prints them: what it serves, and from which files.
import NetworkTypes

/// The options of a running dnsmasq.
public struct DnsmasqCommandLine: Hashable, Sendable {
  public struct Argument: Hashable, Sendable {
    public var name: String
    /// Nil for a flag without `=`.
    public var value: String?
    public init(name: String, value: String?) {
      self.name = name
      self.value = value
    }
  }
  /// In the order of the command line; long names without `--`, short ones as they are.
  public var arguments: [Argument]

  /// Nil where the process is no dnsmasq.
  ///
  /// `ps` joins arguments by spaces, so a value that holds a space ends there and its rest is
  /// kept as an argument without name. Wrappers (`sudo`, `ip netns exec`) before it are skipped.
  public init?(process arguments: String) {
    let words = arguments.split(separator: " ").map(String.init)
    guard let start = words.firstIndex(where: { $0.split(separator: "/").last == "dnsmasq" })
    else { return nil }
    // A wrapper's own options may name the file; the program itself is never behind an option
    // that takes a file.
    guard words[..<start].allSatisfy({ !$0.hasPrefix("--") }) else { return nil }
    self.arguments = words[(start + 1)...].map(Self.argument)
  }

  private static func argument(_ word: String) -> Argument {
    guard word.hasPrefix("-") else { return Argument(name: "", value: word) }
    let name = word.drop { $0 == "-" }
    guard let equals = name.firstIndex(of: "=") else {
      return Argument(name: String(name), value: nil)
    }
    return Argument(
      name: String(name[..<equals]), value: String(name[name.index(after: equals)...]))
  }

  public func values(_ name: String) -> [String] {
    arguments.filter { $0.name == name }.compactMap(\.value)
  }
  public func contains(_ name: String) -> Bool { arguments.contains { $0.name == name } }

  public var pidFile: String? { values("pid-file").last }
  public var hostsFile: String? { values("dhcp-hostsfile").last }
  public var optionsFile: String? { values("dhcp-optsfile").last }
  public var leasesFile: String? { values("dhcp-leasefile").last }
  /// Devices it serves; empty where it binds every device of its namespace.
  public var interfaces: [InterfaceName] { values("interface").map { InterfaceName($0) } }
  /// Upstream DNS servers.
  public var servers: [String] { values("server") }
  public var domain: String? { values("domain").last }
  public var ranges: [DnsmasqRange] { values("dhcp-range").map(DnsmasqRange.init) }
  /// `--dhcp-option` and `--dhcp-option-force`, as written.
  public var options: [String] { values("dhcp-option") + values("dhcp-option-force") }
}

/// One `--dhcp-range`: a subnet that dnsmasq serves.
public struct DnsmasqRange: Hashable, Sendable {
  public var text: String
  public var setTags: [String] = []
  public var matchTags: [String] = []
  public var first: IPAddress?
  public var last: IPAddress?
  /// `static`, `proxy`, `ra-only`, `slaac`, `ra-stateless`, `off-link`, ….
  public var modes: [String] = []
  /// From the netmask (IPv4) or the length (IPv6).
  public var prefixLength: Int?
  /// As written: `86400s`, `infinite`.
  public var leaseTime: String?

  public init(text: String) {
    self.text = text
    for field in text.split(separator: ",") { take(String(field)) }
  }

  private mutating func take(_ field: String) {
    if field.hasPrefix("set:") {
      setTags.append(String(field.dropFirst(4)))
    } else if field.hasPrefix("tag:") {
      matchTags.append(String(field.dropFirst(4)))
    } else if let address = IPAddress(field) {
      take(address)
    } else if let number = Int(field), first?.family == .ipv6 {
      prefixLength = number
    } else if field == "infinite" || field.first?.isNumber == true {
      leaseTime = field
    } else {
      modes.append(field)
    }
  }

  private mutating func take(_ address: IPAddress) {
    if first == nil {
      first = address
    } else if let mask = address.v4?.rawValue, isNetmask(mask), mask != 0 {
      prefixLength = mask.nonzeroBitCount
    } else if last == nil {
      last = address
    }
  }

  private func isNetmask(_ value: UInt32) -> Bool {
    value.leadingZeroBitCount == 0 && (~value & (~value &+ 1)) == 0
  }

  /// The subnet, where the range says its length.
  public var prefix: IPPrefix? {
    guard let first, let prefixLength else { return nil }
    return IPPrefix(first, length: prefixLength)
  }
}
