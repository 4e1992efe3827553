// Words for a shell: names on nodes are whatever someone chose.
import NetworkTypes

enum Shell {
  private static let plain = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/=@%+,-")

  /// The word as one argument, quoted where it must be.
  static func word(_ text: String) -> String {
    if !text.isEmpty, text.allSatisfy(plain.contains) { return text }
    return "'" + text.replacing("'", with: "'\\''") + "'"
  }
  static func word<Kind>(_ name: Identifier<Kind>) -> String { word(name.rawValue) }

  /// A line of iptables-save as words for a shell: there, double quotes hold what has spaces, and
  /// what stands in them is anybody's.
  static func rule(_ text: String) -> String {
    var words: [String] = []
    var current = ""
    var isWord = false
    var isQuoted = false
    var isEscaped = false
    for character in text {
      switch character {
      case _ where isEscaped:
        current.append(character)
        isEscaped = false
      case "\\" where isQuoted: isEscaped = true
      case "\"":
        isQuoted.toggle()
        isWord = true
      case " " where !isQuoted:
        if isWord { words.append(current) }
        (current, isWord) = ("", false)
      default:
        current.append(character)
        isWord = true
      }
    }
    if isWord { words.append(current) }
    return words.map { word($0) }.joined(separator: " ")
  }

  /// `ip netns exec NS ` where it is not the root namespace.
  static func inside(_ key: NamespaceKey) -> String {
    key.namespace == .root ? "" : "ip netns exec \(word(key.namespace)) "
  }
}

/// Ways of mending that many checks share.
enum Ways {
  static func restart(_ agent: String, on node: NodeName) -> [FixCommand] {
    [FixCommand(node, "systemctl restart \(agent)", level: .agent)]
  }
  static let openVSwitchAgent = "neutron-openvswitch-agent"
  static let l3Agent = "neutron-l3-agent"
  static let dhcpAgent = "neutron-dhcp-agent"
  static let metadataAgent = "neutron-metadata-agent"

  /// Makes the agents apply a port again.
  static func replug(_ port: PortID) -> [FixCommand] {
    [
      FixCommand(nil, "openstack port set --disable \(Shell.word(port))"),
      FixCommand(nil, "openstack port set --enable \(Shell.word(port))"),
    ]
  }
  /// Makes the L3 agent build a router anew.
  static func rebuild(_ router: RouterID) -> [FixCommand] {
    [
      FixCommand(nil, "openstack router set --disable \(Shell.word(router))"),
      FixCommand(nil, "openstack router set --enable \(Shell.word(router))"),
    ]
  }
  static func flow(_ key: BridgeKey, add text: String) -> FixCommand {
    FixCommand(
      key.node, "ovs-ofctl -O OpenFlow14 add-flow \(Shell.word(key.bridge)) \(Shell.word(text))")
  }
}
