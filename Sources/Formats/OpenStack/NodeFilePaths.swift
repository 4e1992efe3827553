// Where Neutron's agents, its services and libvirt keep their files, as `neutron/agent/linux/{dhcp,
// keepalived,ra,external_process}.py` and libvirt name them. Feeds OpenStackCatalogue.

enum NodeFilePaths {
  /// `…/dhcp/<network>/<file>`, and `…/dhcp/<segment>/<network>/<file>` of multi-segment networks.
  static func dnsmasq(_ path: String, _ file: String) -> String? {
    let parts = path.split(separator: "/")
    guard parts.last.map(String.init) == file, parts.count > 2, parts.dropLast().contains("dhcp"),
      isID(parts[parts.count - 2])
    else { return nil }
    return String(parts[parts.count - 2])
  }

  /// `…/<folder>/<id><ending>`.
  static func id(in path: String, folder: String, _ ending: String) -> String? {
    let parts = path.split(separator: "/")
    guard parts.count > 1, parts[parts.count - 2] == folder, let file = parts.last,
      file.hasSuffix(ending), isID(file.dropLast(ending.count))
    else { return nil }
    return String(file.dropLast(ending.count))
  }

  /// `…/ha_confs/<router>/keepalived.conf`.
  static func keepalived(_ path: String) -> String? { haFile(path, "keepalived.conf") }
  static func haState(_ path: String) -> String? { haFile(path, "state") }

  private static func haFile(_ path: String, _ file: String) -> String? {
    let parts = path.split(separator: "/")
    guard parts.count > 2, parts.last.map(String.init) == file,
      parts[parts.count - 3] == "ha_confs"
    else { return nil }
    return String(parts[parts.count - 2])
  }

  /// `…/external/pids/<id>.pid[.<service>]`, `…/ha_confs/<id>.pid.keepalived[-vrrp]`.
  static func processID(_ path: String) -> String? {
    guard let file = path.split(separator: "/").last, file.contains(".pid") else { return nil }
    let endings = [".pid", ".pid.haproxy", ".pid.radvd", ".pid.keepalived", ".pid.keepalived-vrrp"]
    let isKnown = endings.contains { file.hasSuffix($0) } || file.contains(".pid.neutron-")
    return isKnown ? path : nil
  }

  /// Agents', server's and Nova's options: `.ini` and `.conf` below a folder of an OpenStack service.
  static func configuration(_ path: String) -> String? {
    let parts = path.split(separator: "/").map(String.init)
    guard let file = parts.last, file.hasSuffix(".ini") || file.hasSuffix(".conf"),
      !file.hasPrefix("api-paste"), !file.hasPrefix("rootwrap"), !file.hasPrefix("logging")
    else { return nil }
    let isConfiguration =
      parts.contains("etc") || parts.contains("kolla") || parts.contains("config-data")
    let services = parts.dropLast().contains {
      $0.hasPrefix("neutron") || $0.hasPrefix("nova")
    }
    return isConfiguration && services && !parts.contains("rootwrap.d") ? path : nil
  }

  /// `…/libvirt/qemu/<domain>.xml`; networks and filters are in folders of their own.
  static func domain(_ path: String) -> String? {
    let parts = path.split(separator: "/")
    guard parts.count > 1, path.hasSuffix(".xml") else { return nil }
    let folder = parts[parts.count - 2]
    let isDomain = folder == "qemu" || folder == "lxc" || folder == "autostart"
    return isDomain && parts.contains("libvirt") ? path : nil
  }

  /// Neutron's ids are UUIDs: 32 hexadecimal digits and 4 hyphens.
  private static func isID(_ text: some StringProtocol) -> Bool {
    text.utf8.count == 36 && text.utf8.allSatisfy { $0 == 0x2d || isHex($0) }
  }
  private static func isHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
  }
}

extension NodeFilePaths {
  /// Whether any row of the catalogue reads a copy of the file at `path`.
  static func isRead(_ path: String) -> Bool {
    let place = FilePlace.copy(path)
    return FormatCatalogue.rows.contains { $0.matches(place, []) }
  }
}
