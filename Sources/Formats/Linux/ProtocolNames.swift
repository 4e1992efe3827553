// Names that `ip` prints for numbers of the IP header: /etc/protocols and iproute2's rt_dsfield.
import NetworkTypes

/// A protocol as `ip rule` prints it: a name of /etc/protocols, a number, or `ipproto-99`.
func ipProtocol(_ text: String) -> UInt8? {
  if let number = UInt8(text) { return number }
  if text.hasPrefix("ipproto-") { return UInt8(text.dropFirst("ipproto-".count)) }
  return protocolNumbers[text]
}

private let protocolNumbers: [String: UInt8] = [
  "ip": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "ipip": 4, "st": 5, "tcp": 6, "egp": 8,
  "igp": 9, "udp": 17, "dccp": 33, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "rsvp": 46,
  "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "icmpv6": 58, "ipv6-nonxt": 59,
  "ipv6-opts": 60, "eigrp": 88, "ospf": 89, "ospfigp": 89, "pim": 103, "ipcomp": 108,
  "vrrp": 112, "l2tp": 115, "sctp": 132, "udplite": 136, "mpls-in-ip": 137, "ethernet": 143,
]

/// The DS field (all eight bits) as `ip` prints it: `0x10`, or a name of rt_dsfield.
func differentiatedServices(_ text: String) -> UInt8? {
  if let number = parseNumber(text) { return UInt8(exactly: number) }
  return differentiatedServicesValues[text]
}

private let differentiatedServicesValues: [String: UInt8] = [
  "default": 0, "lowdelay": 0x10, "throughput": 0x08, "reliability": 0x04, "mincost": 0x02,
  "AF11": 0x28, "AF12": 0x30, "AF13": 0x38, "AF21": 0x48, "AF22": 0x50, "AF23": 0x58,
  "AF31": 0x68, "AF32": 0x70, "AF33": 0x78, "AF41": 0x88, "AF42": 0x90, "AF43": 0x98,
  "CS1": 0x20, "CS2": 0x40, "CS3": 0x60, "CS4": 0x80, "CS5": 0xa0, "CS6": 0xc0, "CS7": 0xe0,
  "EF": 0xb8, "VA": 0xb0, "VOICE-ADMIT": 0xb0, "LE": 0x04,
]
