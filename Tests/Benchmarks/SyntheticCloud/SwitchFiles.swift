// What Open vSwitch says of itself: its database, its bridges' ports, its datapath. Feeds the node's
// folder.

/// A port of a bridge, as the database and OpenFlow see it.
struct SwitchPort {
  enum Kind: String {
    case system = ""
    case `internal`, patch, vxlan
  }
  let name: Text
  /// 65534 for a bridge's own.
  let number: Int
  let kind: Kind
  let mac: MAC
  var ifindex = 0
  var mtuBytes: Int?
  var isMoved = false
  var tag: Int?
  var peer: Text?
  var remote: IPv4?
  var externalIDs: [(String, Text)] = []
  var networkConfig: [(String, Text)] = []
}

struct SwitchBridge {
  let name: String
  let mac: MAC
  let isSecure: Bool
  var ports: [SwitchPort]
}

struct SwitchFiles {
  let plan: NodePlan
  var bridges: [SwitchBridge] = []
  private var random: RandomSource

  init(_ plan: NodePlan) {
    self.plan = plan
    random = RandomSource(seed: plan.node.providerMAC.rawValue &+ 5)
    bridges = [provider, integration, underlay, tunnel]
  }

  private mutating func own(_ name: String, _ mac: MAC, _ index: Int, isUp: Bool) -> SwitchPort {
    SwitchPort(
      name: "\(name)", number: 65_534, kind: .internal, mac: mac, ifindex: index, mtuBytes: 1_500,
      isMoved: !isUp)
  }
  private mutating func patch(_ name: Text, _ number: Int, _ peer: Text) -> SwitchPort {
    SwitchPort(name: name, number: number, kind: .patch, mac: random.deviceMAC(), peer: peer)
  }

  private var provider: SwitchBridge {
    mutating get {
      let mac = random.deviceMAC()
      let card = SwitchPort(
        name: "eth1", number: 1, kind: .system, mac: plan.node.providerMAC, ifindex: 3,
        mtuBytes: 1_500)
      return SwitchBridge(
        name: "br-ex", mac: mac, isSecure: true,
        ports: [card, patch("phy-br-ex", 2, "int-br-ex"), own("br-ex", mac, 5, isUp: true)])
    }
  }
  private var underlay: SwitchBridge {
    mutating get {
      let mac = plan.node.underlayMAC
      let card = SwitchPort(
        name: "eth0", number: 1, kind: .system, mac: mac, ifindex: 2, mtuBytes: 1_600)
      return SwitchBridge(
        name: "br-phy", mac: mac, isSecure: false,
        ports: [card, own("br-phy", mac, 6, isUp: true)])
    }
  }
  private var tunnel: SwitchBridge {
    mutating get {
      let mac = random.deviceMAC()
      var ports = [patch("patch-int", 1, "patch-tun")]
      for peer in plan.peers where !plan.faults.lostTunnels.contains(peer) {
        let remote = plan.cloud.nodes[peer].underlay
        ports.append(
          SwitchPort(
            name: "vxlan-\(hex: UInt64(remote.rawValue), width: 8)",
            number: plan.tunnels[peer] ?? 0, kind: .vxlan, mac: random.deviceMAC(), remote: remote))
      }
      ports.append(own("br-tun", mac, 8, isUp: false))
      return SwitchBridge(name: "br-tun", mac: mac, isSecure: true, ports: ports)
    }
  }
  private var integration: SwitchBridge {
    mutating get {
      let mac = random.deviceMAC()
      var ports = [patch("int-br-ex", 1, "phy-br-ex"), patch("patch-tun", 2, "patch-int")]
      for plug in plan.plugs { ports.append(port(of: plug)) }
      ports.append(own("br-int", mac, 7, isUp: false))
      return SwitchBridge(name: "br-int", mac: mac, isSecure: true, ports: ports)
    }
  }

  private mutating func port(of plug: Plug) -> SwitchPort {
    let port = plan.cloud.ports[plug.port]
    let network = plan.cloud.networks[port.network]
    let isGuest = plug.namespace == nil
    var result = SwitchPort(
      name: plug.device, number: plug.number, kind: isGuest ? .system : .internal,
      mac: plan.isHybrid ? random.deviceMAC() : port.mac.hostSide,
      ifindex: isGuest ? plug.ifindex : 0, mtuBytes: isGuest ? network.mtuBytes : nil,
      isMoved: !isGuest)
    result.tag = plan.faults.wrongTags[plug.port].flatMap { plan.vlans[$0] } ?? plug.vlan
    result.externalIDs = [
      ("attached-mac", "\(port.mac)"), ("iface-id", "\(port.id)"), ("iface-status", "active"),
    ]
    if isGuest { result.externalIDs.append(("vm-uuid", "\(port.device)")) }
    result.networkConfig = [
      ("net_uuid", "\(network.id)"), ("network_type", network.kind.text),
      ("physical_network", network.kind == .vxlan ? "None" : "physnet1"),
    ]
    if network.kind != .flat {
      result.networkConfig.append(("segmentation_id", "\(network.segment)"))
    }
    result.networkConfig.append(("tag", "\(plug.vlan)"))
    return result
  }
}

extension Network.Kind {
  var text: Text {
    switch self {
    case .flat: "flat"
    case .vlan: "vlan"
    case .vxlan: "vxlan"
    }
  }
}

extension SwitchBridge {
  var portText: Text {
    var text = Text()
    for port in ports {
      let label: Text = port.number == 65_534 ? "LOCAL" : "\(port.number)"
      let isDown = port.isMoved
      // A device that was moved into a namespace is out of the switch's sight.
      let mac = isDown && port.number != 65_534 ? MAC(rawValue: 0) : port.mac
      text += """
         \(label)(\(port.name)): addr:\(mac)
             config:     \(isDown ? "PORT_DOWN" : "0")
             state:      \(isDown ? "LINK_DOWN" : "LIVE")

        """
      if port.ifindex > 0 {
        text += "     current:    10GB-FD COPPER\n     speed: 10000 Mbps now, 0 Mbps max\n"
      } else {
        text += "     speed: 0 Mbps now, 0 Mbps max\n"
      }
    }
    return text
  }
  var portDescriptions: Text { "OFPST_PORT_DESC reply (OF1.4) (xid=0x2):\n\(portText)" }
  var show: Text {
    """
    OFPT_FEATURES_REPLY (OF1.4) (xid=0x2): dpid:0000\(hex: mac.rawValue, width: 12)
    n_tables:254, n_buffers:0
    capabilities: FLOW_STATS TABLE_STATS PORT_STATS GROUP_STATS QUEUE_STATS BUNDLES
    OFPST_PORT_DESC reply (OF1.4) (xid=0x3):
    \(portText)OFPT_GET_CONFIG_REPLY (OF1.4) (xid=0x5): frags=normal miss_send_len=0

    """
  }
}

extension SwitchFiles {
  /// `ovs-appctl dpif/show`.
  var datapathPorts: Text {
    var text: Text = "netdev@ovs-netdev: hit:13577 missed:1198\n"
    var number = 1
    for bridge in bridges {
      text += "  \(bridge.name):\n"
      for port in bridge.ports {
        switch port.kind {
        case .patch:
          text += "    \(port.name) \(port.number)/none: (patch: peer=\(port.peer ?? ""))\n"
        case .vxlan:
          text += """
                \(port.name) \(port.number)/9000: (vxlan: egress_pkt_mark=0, key=flow, \
            local_ip=\(plan.node.underlay), remote_ip=\(port.remote ?? IPv4(0)))

            """
        case .system, .internal:
          text += """
                \(port.name) \(port.number)/\(number): (\(port.kind == .system ? "system" : "tap"))

            """
          number += 1
        }
      }
    }
    return text
  }
}
