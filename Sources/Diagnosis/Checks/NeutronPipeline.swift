// Numbers and names of Neutron's switch pipeline and packet filter chains, in this one place. Source:
// neutron/plugins/ml2/drivers/openvswitch/agent/common/constants.py, neutron/agent/linux/
// {iptables_manager,iptables_firewall,ipset_manager}.py.
import Facts
import NetworkTypes

enum NeutronPipeline {
  static let integration: BridgeName = "br-int"
  static let tunnelBridge: BridgeName = "br-tun"
  static let patchToTunnel: InterfaceName = "patch-tun"
  static let patchFromTunnel: InterfaceName = "patch-int"
  static let deadVLAN = VLANID(truncating: 4095)

  /// Where a tunnel bridge looks up what came in, by the tunnel's type.
  static let tunnelTables: [String: UInt8] = ["gre": 3, "vxlan": 4, "geneve": 6]
  static let distributedMACTable: UInt8 = 9
  static let learnTable: UInt8 = 10
  static let unicastTable: UInt8 = 20
  static let responderTable: UInt8 = 21
  static let floodTable: UInt8 = 22
  /// br-int's tables of the openvswitch firewall and before it.
  static let portTables: Set<UInt8> = [60, 71, 72, 73, 81, 82, 94]

  static let policyTable: UInt32 = 16
  static let metadataPort: UInt16 = 9697
  static let metadataMark = MaskedMark(value: 1, mask: 0xffff)

  /// `int-br-ex` and `phy-br-ex` for `br-ex`; long names are cut by a hash, which is not rebuilt.
  static func patchNames(_ bridge: BridgeName) -> (
    integration: InterfaceName, physical: InterfaceName
  ) {
    (InterfaceName("int-\(bridge)"), InterfaceName("phy-\(bridge)"))
  }

  static let hybridPrefix = "neutron-openvswi-"
  /// A hybrid port's chain: `i` towards the guest, `o` from it, `s` anti-spoofing.
  static func chain(_ kind: String, of port: PortID) -> NetfilterChainName {
    NetfilterChainName("\(hybridPrefix)\(kind)\(port.rawValue.prefix(10))")
  }
  static let groupChain = NetfilterChainName("\(hybridPrefix)sg-chain")
  static let fallbackChain = NetfilterChainName("\(hybridPrefix)sg-fallback")
  static let routerPrefix = "neutron-l3-agent-"
  static func routerChain(_ name: String) -> NetfilterChainName {
    NetfilterChainName(routerPrefix + name)
  }
  /// `NIPv4<group>` cut to the 31 characters of a set's name less the two of the suffix for swapping.
  static func setName(_ group: SecurityGroupID, _ family: AddressFamily) -> IPSetName {
    let name = "N\(family == .ipv4 ? "IPv4" : "IPv6")\(group)"
    return IPSetName(String(name.prefix(29)))
  }
}

extension FlowMatch {
  /// The VLAN that it demands, however it was written.
  var vlan: VLANID? {
    guard let match = self[.vlanTCI], match.mask & 0xfff == 0xfff else { return nil }
    return VLANID(truncating: UInt16(truncatingIfNeeded: match.value))
  }
  /// It demands a frame without a tag.
  var isUntagged: Bool {
    guard let match = self[.vlanTCI] else { return false }
    return match.mask & 0x1000 != 0 && match.value & 0x1000 == 0
  }
  var ethDst: MACAddress? { exact(.ethDst).map { MACAddress(rawValue: UInt64($0)) } }
  var ethSrc: MACAddress? { exact(.ethSrc).map { MACAddress(rawValue: UInt64($0)) } }
}

extension FlowEntry {
  /// All ports that it sends to, with or without conditions.
  var outputPorts: [OpenFlowPort] {
    actions.compactMap { if case .output(let port, _) = $0 { port } else { nil } }
  }
  /// The VLAN that it puts on.
  var assignedVLAN: VLANID? {
    for action in actions.reversed() {
      switch action {
      case .setVLANID(let vlan): return vlan
      case .setField(.vlanVID, let value, _), .setField(.vlanTCI, let value, _),
        .setField(.dlVLAN, let value, _):
        return VLANID(truncating: UInt16(truncatingIfNeeded: value))
      case .load(let value, let into) where into.field == .vlanTCI:
        return VLANID(truncating: UInt16(truncatingIfNeeded: value))
      default: continue
      }
    }
    return nil
  }
  var assignedTunnelID: UInt64? {
    for action in actions.reversed() {
      switch action {
      case .setTunnelID(let id): return id
      case .setField(.tunID, let value, _): return UInt64(truncatingIfNeeded: value)
      case .load(let value, let into) where into.field == .tunID:
        return UInt64(truncatingIfNeeded: value)
      default: continue
      }
    }
    return nil
  }
  var dropsAll: Bool { actions.isEmpty || actions == [.drop] }
}
