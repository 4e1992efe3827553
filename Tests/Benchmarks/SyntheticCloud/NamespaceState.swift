// A network namespace's state as iproute2 tells it, and how it spells it. Made by NodeNamespaces; feeds
// the node's folder.

/// A network device.
struct Device {
  enum Kind {
    case loopback, card
    /// Made by Open vSwitch's userspace datapath, or by libvirt for a guest.
    case tap
    case pair(peer: Text?, peerIndex: Int)
    case bridge
  }
  var index: Int
  var name: Text
  var kind: Kind
  var mac: MAC
  var mtuBytes: Int
  var isUp = true
  var master: Text?
  var addresses4: [Address4] = []
  var addresses6: [Address6] = []
}

struct Address4 {
  let address: IPv4
  let length: Int
  /// keepalived adds addresses without a broadcast address.
  var hasBroadcast = true
  /// Of the last address of the prefix.
  var broadcast: IPv4 {
    length >= 31
      ? address : IPv4(address.rawValue | UInt32(truncatingIfNeeded: (1 << (32 - length)) - 1))
  }
  var base: IPv4 { IPv4(address.rawValue & (UInt32.max << UInt32(32 - length))) }
}

struct Address6 {
  let address: IPv6
  var length = 64
  var isLink: Bool { address.high == 0xfe80_0000_0000_0000 }
}

struct NamespaceState {
  /// Nil for the root namespace.
  let name: Text?
  var devices: [Device] = [.loopback]
  /// Objects of `ip -j route`, without what addresses bring.
  var routes4: [Text] = []
  var routes6: [Text] = []
  /// Objects of `ip -j rule`, without the built-in ones.
  var rules4: [Text] = []
  var neighbours: [Text] = []
  var iptables4 = Text()
  var iptables6 = Text()
  var ipsets = Text()
  var pids: [Int] = []
  var sockets = Text()
  var forwards4 = true
  var forwards6 = true
  var isRouter = true
  var bindsForeign = false
}

extension Device {
  static var loopback: Device {
    Device(
      index: 1, name: "lo", kind: .loopback, mac: MAC(rawValue: 0), mtuBytes: 65_536,
      addresses4: [Address4(address: IPv4(127, 0, 0, 1), length: 8, hasBroadcast: false)],
      addresses6: [Address6(address: IPv6(high: 0, low: 1), length: 128)])
  }

  private var isLoopback: Bool { if case .loopback = kind { true } else { false } }
  private var flags: Text {
    if isLoopback { return #""LOOPBACK","UP","LOWER_UP""# }
    return isUp
      ? #""BROADCAST","MULTICAST","UP","LOWER_UP""# : #""BROADCAST","MULTICAST""#
  }
  /// What `ip link` and `ip addr` begin with alike.
  private var head: Text {
    var text: Text = #"{"ifindex":\#(index),"#
    if case .pair(let peer, let peerIndex) = kind {
      text += peer.map { #""link":"\#($0)","# } ?? #""link_index":\#(peerIndex),"#
    }
    text += #""ifname":"\#(name)","flags":[\#(flags)],"mtu":\#(mtuBytes),"qdisc":"\#(queue)","#
    if let master { text += #""master":"\#(master)","# }
    text += #""operstate":"\#(state)","#
    return text
  }
  private var queue: String {
    switch kind {
    case .tap: isUp ? "pfifo_fast" : "noop"
    default: "noqueue"
    }
  }
  private var state: String {
    switch kind {
    case .loopback: "UNKNOWN"
    case .tap: isUp ? "UNKNOWN" : "DOWN"
    default: isUp ? "UP" : "DOWN"
    }
  }
  private var hardware: Text {
    isLoopback
      ? #""link_type":"loopback","address":"00:00:00:00:00:00","broadcast":"00:00:00:00:00:00""#
      : #""link_type":"ether","address":"\#(mac)","broadcast":"ff:ff:ff:ff:ff:ff""#
  }
  /// The peer's namespace is numbered in the order of `ip netns`; only that it is elsewhere matters.
  private var peerNamespace: Text {
    if case .pair(nil, _) = kind { #","link_netnsid":0"# } else { "" }
  }

  var link: Text {
    #"""
    \#(head)"linkmode":"DEFAULT","group":"default","txqlen":1000,\#(hardware)\#(peerNamespace),\#
    "promiscuity":0,"allmulti":0,"min_mtu":68,"max_mtu":65535\#(info),"inet6_addr_gen_mode":\#
    "eui64","num_tx_queues":1,"num_rx_queues":1,"gso_max_size":65536,"gso_max_segs":65535,\#
    "tso_max_size":65536,"tso_max_segs":65535,"gro_max_size":65536}
    """#
  }

  private var info: Text {
    let enslaved: Text =
      master == nil
      ? ""
      : #","info_slave_kind":"bridge","info_slave_data":{"state":"forwarding","hairpin":false}"#
    switch kind {
    case .loopback, .card: return ""
    case .tap:
      return #"""
        ,"linkinfo":{"info_kind":"tun","info_data":{"type":"tap","pi":false,"vnet_hdr":false,\#
        "multi_queue":false,"persist":true}\#(enslaved)}
        """#
    case .pair: return #","linkinfo":{"info_kind":"veth"\#(enslaved)}"#
    case .bridge:
      return #"""
        ,"linkinfo":{"info_kind":"bridge","info_data":{"forward_delay":0,"hello_time":200,\#
        "max_age":2000,"ageing_time":0,"stp_state":0,"priority":32768,"vlan_filtering":0,\#
        "group_fwd_mask":"0","mcast_snooping":0,"nf_call_iptables":0,"nf_call_ip6tables":0,\#
        "nf_call_arptables":0}}
        """#
    }
  }

  var address: Text {
    let forever = #""valid_life_time":4294967295,"preferred_life_time":4294967295}"#
    var infos: [Text] = addresses4.map { own in
      let broadcast: Text =
        own.hasBroadcast && own.length != 31
        ? #""broadcast":"\#(own.broadcast)","# : ""
      return #"""
        {"family":"inet","local":"\#(own.address)","prefixlen":\#(own.length),\#(broadcast)\#
        "scope":"\#(isLoopback ? "host" : "global")","label":"\#(name)",\#(forever)
        """#
    }
    infos += addresses6.map { own in
      let scope = isLoopback ? "host" : own.isLink ? "link" : "global"
      return #"""
        {"family":"inet6","local":"\#(own.address)","prefixlen":\#(own.length),\#
        "scope":"\#(scope)",\#(forever)
        """#
    }
    return #"""
      \#(head)"group":"default","txqlen":1000,\#(hardware)\#(peerNamespace),\#
      "addr_info":[\#(infos, separator: ",")]}
      """#
  }

  var localRoutes4: [Text] {
    addresses4.flatMap { own -> [Text] in
      let local: (Text) -> Text = { dst in
        #"""
        {"type":"local","dst":"\#(dst)","dev":"\#(name)","table":"local","protocol":"kernel",\#
        "scope":"host","prefsrc":"\#(own.address)","flags":[]}
        """#
      }
      let broadcast: Text = #"""
        {"type":"broadcast","dst":"\#(own.broadcast)","dev":"\#(name)","table":"local",\#
        "protocol":"kernel","scope":"link","prefsrc":"\#(own.address)","flags":[]}
        """#
      if isLoopback { return [local("127.0.0.0/8"), local("\(own.address)"), broadcast] }
      if own.length == 32, !own.hasBroadcast { return [local("\(own.address)")] }
      return own.length == 31 ? [local("\(own.address)")] : [local("\(own.address)"), broadcast]
    }
  }
  var connectedRoutes4: [Text] {
    guard !isLoopback else { return [] }
    return addresses4.filter { $0.length < 32 }.map { own in
      #"""
      {"dst":"\#(own.base)/\#(own.length)","dev":"\#(name)","protocol":"kernel","scope":"link",\#
      "prefsrc":"\#(own.address)","flags":[]}
      """#
    }
  }
  var connectedRoutes6: [Text] {
    guard !isLoopback else { return [] }
    var seen: Set<UInt64> = []
    return addresses6.filter { seen.insert($0.address.high).inserted }.map { own in
      #"""
      {"dst":"\#(IPv6(high: own.address.high, low: 0))/64","dev":"\#(name)","protocol":"kernel",\#
      "metric":256,"flags":[],"pref":"medium"}
      """#
    }
  }
  var localRoutes6: [Text] {
    var routes: [Text] = addresses6.map { own in
      #"""
      {"type":"local","dst":"\#(own.address)","dev":"\#(name)","table":"local",\#
      "protocol":"kernel","metric":0,"flags":[],"pref":"medium"}
      """#
    }
    if !isLoopback, !addresses6.isEmpty {
      routes.append(
        #"""
        {"type":"multicast","dst":"ff00::/8","dev":"\#(name)","table":"local",\#
        "protocol":"kernel","metric":256,"flags":[],"pref":"medium"}
        """#)
    }
    return routes
  }
}
