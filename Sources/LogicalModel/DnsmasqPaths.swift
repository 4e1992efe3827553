// Which network a dnsmasq serves, by the paths of its files: `$state_path/dhcp/<network>/host`.
import Facts
import NetworkTypes

enum DnsmasqPaths {
  static func network(of line: DnsmasqCommandLine) -> NetworkID? {
    let path = line.hostsFile ?? line.pidFile ?? line.optionsFile
    let parts = path?.split(separator: "/") ?? []
    guard parts.count > 1 else { return nil }
    return NetworkID(String(parts[parts.count - 2]))
  }
}
