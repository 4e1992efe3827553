// The kernel's side: a router namespace with a wire to each of its devices, captured by the
// commands that our captures hold and parsed by our parsers.
import Facts
import Formats
import Foundation
import KernelLab
import NetworkTypes

final class KernelRoutingLab {
  private let router: LabNamespace
  private let peers: LabNamespace

  init(_ network: RoutingNetwork) throws {
    router = try LabNamespace()
    peers = try LabNamespace()
    for device in network.devices {
      try router.ip(
        """
        link add \(device) address \(RoutingNetwork.routerMAC(device)) type veth peer name \(device) \
        address \(RoutingNetwork.peerMAC(device)) netns \(peers.processID)
        """)
      try router.sysctl("net.ipv6.conf.\(device).accept_dad", "0")
      try peers.sysctl("net.ipv6.conf.\(device).disable_ipv6", "1")
      try peers.ip("link set \(device) up")
      try router.ip("link set \(device) up")
    }
    // First, since the kernel keeps what it chose for a route when that was added.
    for (name, value) in network.sysctls { try router.sysctl(name, value) }
    for (family, commands) in [("-4", network.commands), ("-6", network.commands6)] {
      try router.run(
        ["sh", "-c", "ip \(family) -force -batch - 2>/dev/null; true"],
        input: commands.joined(separator: "\n") + "\n")
    }
    try peers.listen(on: network.devices)
  }

  // MARK: Capture

  /// The files of a namespace's folder and the commands that fill them.
  private static let files: [(name: String, command: String)] = [
    ("ip_-d_-j_link.json", "ip -d -j link"), ("ip_-j_addr.json", "ip -j addr"),
    ("ip_-4_-j_route_table_all.json", "ip -4 -j route show table all"),
    ("ip_-6_-j_route_table_all.json", "ip -6 -j route show table all"),
    ("ip_-4_-j_rule.json", "ip -4 -j rule"), ("ip_-6_-j_rule.json", "ip -6 -j rule"),
    ("ip_-j_neigh.json", "ip -j neigh"), ("sysctl.txt", "sysctl -a"),
    ("iptables-save_-c.txt", "iptables-save -c"),
    ("iptables-legacy-save_-c.txt", "iptables-legacy-save -c"),
    ("ip6tables-save_-c.txt", "ip6tables-save -c"), ("ipset_save.txt", "ipset save"),
    ("nft_-j_list_ruleset.json", "nft -j list ruleset"), ("ss_-H_-lntup.txt", "ss -H -lntup"),
  ]
  private static let separator = "=====8<=====\n"
  static let key = NamespaceKey("node", "router")

  func capture() throws -> CloudFacts {
    // The kernel notes a new wire's carrier a little later than the wire works.
    try router.run(
      [
        "sh", "-c",
        "for i in $(seq 100); do ip link | grep -q NO-CARRIER || exit 0; sleep 0.03; done",
      ])
    let script = Self.files.map { "\($0.command) 2>/dev/null; echo '=====8<====='" }
    let output = try router.run(["sh", "-c", script.joined(separator: "\n")])
    let files = zip(
      Self.files, output.split(separator: Self.separator, omittingEmptySubsequences: false)
    )
    .map { file, text in
      RawFile(
        node: "node", path: "ns/router/\(file.name)", bytes: Array(text.utf8),
        command: nil)
    }
    return CloudFacts(
      parsing: Capture(sources: ["lab"], nodes: ["node"], files: files, unreadable: []))
  }

  // MARK: Questions

  /// What `ip route get` says to each: its line, or what the kernel refuses with.
  func ask(_ questions: [RouteQuestion], _ family: AddressFamily) throws -> [String] {
    let output = try router.run(
      [
        "sh", "-c",
        """
        exec 3>&1
        errors=$(ip -\(family == .ipv4 ? 4 : 6) -o -force -batch - 2>&1 1>&3 3>&-)
        echo '=====8<====='
        echo "$errors"
        """,
      ], input: questions.map(\.command).joined(separator: "\n") + "\n")
    let parts = output.split(separator: Self.separator, omittingEmptySubsequences: false)
    var said = parts[0].split(separator: "\n").map(String.init)[...]
    let refusals = refusals(parts.last ?? "")
    return questions.indices.map { refusals[$0 + 1] ?? said.popFirst() ?? "nothing" }
  }

  /// By the line of the batch.
  private func refusals(_ text: Substring) -> [Int: String] {
    var refusals: [Int: String] = [:]
    var last = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("Command failed"), let number = line.split(separator: ":").last {
        refusals[Int(number) ?? 0] = last
        last = ""
      } else {
        last = String(line)
      }
    }
    return refusals
  }

  /// Sends a frame in and hears what comes out.
  func send(
    _ frame: [UInt8], into device: InterfaceName, quietSeconds: Double
  ) throws -> [(device: InterfaceName, frame: [UInt8])] {
    try peers.send(frame, on: device, quietSeconds: quietSeconds)
  }

  /// What the namespace looks like, for a failure's report.
  func state() throws -> String {
    try router.run(
      [
        "sh", "-c",
        "for f in -4 -6; do ip $f -o addr; ip $f rule; ip $f route show table all; done",
      ])
  }
}

/// ARP over Ethernet and IPv4 as bytes.
enum ARPFrame {
  static func request(
    _ target: IPAddress, from sender: IPAddress, _ mac: MACAddress
  ) -> [UInt8] {
    [UInt8](repeating: 0xff, count: 6) + octets(mac) + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1]
      + octets(mac) + octets(sender) + [0, 0, 0, 0, 0, 0] + octets(target)
  }

  /// The address that a frame says to have, and the MAC for it; nil for what is no ARP reply.
  static func reply(_ frame: [UInt8]) -> (address: IPAddress, mac: MACAddress)? {
    guard frame.count >= 42, frame[12] == 8, frame[13] == 6, frame[21] == 2 else { return nil }
    let address = frame[28..<32].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let mac = frame[22..<28].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return (.v4(IPv4Address(rawValue: address)), MACAddress(rawValue: mac))
  }

  private static func octets(_ mac: MACAddress) -> [UInt8] {
    (0..<6).map { UInt8(truncatingIfNeeded: mac.rawValue >> UInt64(40 - 8 * $0)) }
  }
  private static func octets(_ address: IPAddress) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: address.bits >> UInt128(24 - 8 * $0)) }
  }
}
