// Sysctls of a namespace, in an order in which a later one does not undo an earlier one.
import Facts

enum SysctlSettings {
  /// Paths below `/proc/sys` and values; only knobs that belong to a network namespace.
  static func ordered(_ records: [Sysctl]) -> [(path: String, value: String)] {
    records.filter { isOwn($0.name) && isNumeric($0.value) }
      .sorted { (rank($0.name), $0.name) < (rank($1.name), $1.name) }
      .compactMap { record in path(record.name).map { ($0, record.value) } }
  }

  private static func isOwn(_ name: String) -> Bool {
    [
      "net.ipv4.conf.", "net.ipv4.ip_", "net.ipv4.icmp_", "net.ipv4.fib_", "net.ipv6.conf.",
      "net.bridge.", "net.netfilter.nf_conntrack_tcp_",
    ].contains { name.hasPrefix($0) }
  }
  private static func isNumeric(_ value: String) -> Bool {
    !value.isEmpty
      && value.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x20 || $0 == 9 }
  }

  /// `ip_forward` sets every device's `forwarding`, `all` some of its devices'.
  private static func rank(_ name: String) -> Int {
    if name == "net.ipv4.ip_forward" { return 0 }
    if name.contains(".conf.all.") { return 1 }
    if name.contains(".conf.default.") { return 2 }
    return 3
  }

  /// `sysctl` prints `/` for a dot of a device.
  private static func path(_ name: String) -> String? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map { part in
      String(part.map { $0 == "/" ? "." : $0 })
    }
    guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
    return parts.joined(separator: "/")
  }
}
