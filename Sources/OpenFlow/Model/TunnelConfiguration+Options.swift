// Reads an interface's `options` as netdev-vport does.
import NetworkTypes

extension TunnelConfiguration {
  /// The interface types that carry packets to other hosts, with their usual UDP port.
  static let tunnelTypes: [String: UInt16] = [
    "vxlan": 4789, "geneve": 6081, "gre": 0, "ip6gre": 0, "stt": 7471, "lisp": 4341,
    "gtpu": 2152, "bareudp": 0, "erspan": 0, "ip6erspan": 0,
  ]

  init?(type: String, options: [String: String]) {
    guard let usualPort = Self.tunnelTypes[type] else { return nil }
    self.type = type
    self.options = options
    local = Endpoint(options["local_ip"])
    remote = Endpoint(options["remote_ip"])
    inKey = Key(options["in_key"] ?? options["key"])
    outKey = Key(options["out_key"] ?? options["key"])
    destinationPort = options["dst_port"].flatMap { UInt16($0) } ?? usualPort
    inheritsTOS = options["tos"] == "inherit"
    tos = options["tos"].flatMap(Self.number).map { UInt8(truncatingIfNeeded: $0) } ?? 0
    inheritsTTL = options["ttl"] == "inherit"
    ttl = options["ttl"].flatMap(Self.number).map { UInt8(truncatingIfNeeded: $0) } ?? 64
    dontFragment = options["df_default"] != "false"
    checksum = options["csum"] == "true"
    egressMark = options["egress_pkt_mark"].flatMap(Self.number).map {
      UInt32(truncatingIfNeeded: $0)
    }
  }

  /// Decimal, `0x` hexadecimal; nil for all else.
  static func number(_ text: String) -> UInt64? {
    text.hasPrefix("0x") || text.hasPrefix("0X")
      ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
  }
}

extension TunnelConfiguration.Endpoint {
  fileprivate init(_ text: String?) {
    guard let text else {
      self = .any
      return
    }
    if text == "flow" {
      self = .flow
    } else if let address = IPAddress(text) {
      self = address.isUnspecified ? .any : .address(address)
    } else {
      self = .unrecognised(text)
    }
  }
}

extension TunnelConfiguration.Key {
  fileprivate init(_ text: String?) {
    guard let text else {
      self = .absent
      return
    }
    self = text == "flow" ? .flow : .fixed(TunnelConfiguration.number(text) ?? 0)
  }
}
