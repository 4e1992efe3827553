// Makes a frame enter a node as if a guest had sent it, and leaves the guest alone. Where the guest's
// device is a switch's port, the switch is told that the frame came in there; where it is a Linux
// bridge's, a device of ours hands the frame to its receiving side.
import DataPlane
import Foundation
import Namespaces
import NetworkTypes
import OpenFlow

/// Where a guest's frames enter its node.
public enum FrameEntry: Hashable, Sendable, CustomStringConvertible {
  case switchPort(NodeName, SwitchPortKey)
  case device(DeviceKey)

  /// Throws what is in the way.
  public init(of guest: Guest, in cloud: DataPlaneModel) throws {
    guard guest.vlan == nil else {
      throw NamespaceError("\(guest.name) is a trunk's subport: its frames are its parent's")
    }
    switch guest.plug {
    case .nowhere(let why): throw NamespaceError("\(guest.name): \(why)")
    case .switchPort(let node, let port): self = .switchPort(node, port)
    case .device(let key):
      if let port = cloud.device(key)?.switchPort {
        self = .switchPort(key.node, port)
      } else {
        self = .device(key)
      }
    }
  }

  public var description: String {
    switch self {
    case .switchPort(let node, let port): "port \(port.number) of \(port.bridge) on \(node)"
    case .device(let key): "\(key)"
    }
  }
}

/// A way of running commands on nodes, to inject frames with.
public struct FrameInjector: Sendable {
  private let command: @Sendable (NodeName, [String]) throws -> Command

  public init(_ command: @escaping @Sendable (NodeName, [String]) throws -> Command) {
    self.command = command
  }

  /// One frame. Throws what the node says where it cannot.
  func inject(_ frame: [UInt8], at entry: FrameEntry) throws {
    let text = frame.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count < 2 ? "0" + digits : digits
    }.joined()
    switch entry {
    case .switchPort(let node, let port):
      _ = try command(
        node,
        [
          "ovs-ofctl", "-O", Self.versions, "packet-out", port.bridge.rawValue,
          "in_port=\(port.number) packet=\(text) actions=resubmit(,0)",
        ]
      ).run()
    case .device(let key):
      let script = ["sh", "-c", Self.script, "sh", key.interface.rawValue, text, Self.sender]
      _ = try command(key.node, script).run()
    }
  }

  private static let versions = "OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15"

  /// Devices of ours, for the moment of one frame: gone with the script, also where its connection
  /// breaks; what a killed one left is taken away by the next. Nothing but the frame comes out of them.
  private static let script = #"""
    set -e
    end() { ip link delete ovsight-inject 2>/dev/null || :; }
    trap end EXIT
    trap 'exit 1' HUP INT TERM PIPE
    end
    command -v python3 >/dev/null || { echo "python3 is not installed" >&2; exit 1; }
    ip link add ovsight-inject type veth peer name ovsight-entry
    for device in ovsight-inject ovsight-entry; do
      ip link set dev $device addrgenmode none
      if [ -e /proc/sys/net/ipv6/conf/$device ]; then
        echo 1 > /proc/sys/net/ipv6/conf/$device/disable_ipv6
      fi
      ip link set dev $device mtu 9216 up
    done
    tc qdisc add dev ovsight-entry clsact
    tc filter add dev ovsight-entry ingress protocol all u32 match u32 0 0 \
      action mirred ingress redirect dev "$1"
    python3 -c "$3" "$2"
    sleep 0.2
    """#
  private static let sender = """
    import socket, sys
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("ovsight-inject", 0))
    s.send(bytes.fromhex(sys.argv[1]))
    """
}

extension FrameInjector {
  /// Through ways onto real nodes.
  public init(_ access: [NodeName: NodeAccess]) {
    self.init { node, words in
      guard let way = access[node] else { throw NamespaceError("no way onto \(node) was given") }
      return Command(way.command(words, in: .root))
    }
  }
}
