// Devices' settings → lines for `ip -batch`, one namespace at a time.
import DataPlane
import Facts
import NetworkTypes

struct LinkCommands {
  let namespace: NamespaceModel
  let wiring: Wiring

  private var links: [Link] {
    namespace.facts.links.records.filter {
      let origin = wiring[DeviceKey(namespace.key, $0.name)]
      return origin != nil && origin != .given
    }.sorted { $0.index < $1.index }
  }

  /// Hardware addresses, MTUs, bridge memberships; nothing is up yet.
  var settings: [String] {
    links.flatMap { link -> [String] in
      let device = "dev \(link.name)"
      var lines = ["link set \(device) addrgenmode none"]
      if let mac = link.address, mac != .zero { lines.append("link set \(device) address \(mac)") }
      if link.mtuBytes > 0 { lines.append("link set \(device) mtu \(link.mtuBytes)") }
      if let master = link.master, isBridge(master) {
        lines.append("link set \(device) master \(master)")
      }
      return lines
    }
  }

  private func isBridge(_ name: InterfaceName) -> Bool {
    wiring[DeviceKey(namespace.key, name)] == .bridge
  }

  /// A down device stays down; `lo` is up wherever the capture does not say otherwise.
  var states: [String] {
    let loopback = namespace.facts.links.records.first { $0.name == "lo" }
    return (loopback?.isUp ?? true ? ["link set dev lo up"] : [])
      + links.filter(\.isUp).flatMap { link -> [String] in
        let isOwnPromiscuity = namespace.devices[link.name]?.switchPort == nil
        let isPromiscuous = link.flags.contains("PROMISC") && isOwnPromiscuity
        return (isPromiscuous ? ["link set dev \(link.name) promisc on"] : [])
          + ["link set dev \(link.name) up"]
      }
  }

  /// `link add … type bridge …` with the options that the way of a frame depends on.
  static func bridge(_ link: Link) -> String {
    let known = [
      "forward_delay", "hello_time", "max_age", "ageing_time", "stp_state", "priority",
      "group_fwd_mask", "mcast_snooping",
    ]
    let options = known.compactMap { name in
      link.attributes[name].flatMap { SafeWords.isPlain($0) ? "\(name) \($0)" : nil }
    }
    return (["link add name \(link.name) type bridge"] + options).joined(separator: " ")
  }

  /// Lines for `bridge -batch`: ports' options and entries that someone set.
  var bridgeCommands: [String] {
    let known: Set = [
      "hairpin", "guard", "learning", "flood", "mcast_flood", "bcast_flood", "isolated",
      "neigh_suppress", "root_block",
    ]
    let options = namespace.facts.bridgePorts.records.filter { isBridge($0.bridge) }.flatMap {
      port in
      port.options.sorted { $0.key < $1.key }.filter { known.contains($0.key) }.map {
        "link set dev \(port.interface) \($0.key) \($0.value ? "on" : "off")"
      }
    }
    let entries = namespace.facts.bridgeForwarding.records.filter { entry in
      entry.state == "static" && (entry.bridge.map { isBridge($0) } ?? false)
    }.map { "fdb replace \($0.mac) dev \($0.interface) master static" }
    return options + entries
  }

  /// Lines for `bridge -batch`: what Linux bridges had learned.
  static func learned(_ namespace: NamespaceModel) -> [String] {
    namespace.facts.bridgeForwarding.records.filter { entry in
      entry.bridge != nil && ["", "stale", "reachable"].contains(entry.state)
        && !entry.flags.contains("self") && !entry.mac.isMulticast
        && SafeWords.isDevice(entry.interface) && entry.vlan == nil
    }.map { "fdb replace \($0.mac) dev \($0.interface) master dynamic" }
  }
}
