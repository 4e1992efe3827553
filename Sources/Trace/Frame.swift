// A frame on its way, with what it carries when it is a tunnel's outer packet.
import DataPlane
import NetworkTypes

/// A frame; `inner` is what a tunnel's outer packet carries.
public struct Frame: Sendable {
  public var packet: Packet
  public var inner: Encapsulation?
  public init(_ packet: Packet, inner: Encapsulation? = nil) {
    self.packet = packet
    self.inner = inner
  }

  /// Bytes of the Ethernet payload, tags included: what a device's MTU is compared with, where a
  /// tagged frame may be four bytes longer.
  var payloadBytes: Int { packet.lengthBytes }
}

/// A frame inside a tunnel packet. A class, since a frame cannot hold a frame by value.
public final class Encapsulation: Sendable {
  public let frame: Frame
  /// `vxlan`, `gre`, `geneve`, …
  public let type: String
  public let key: UInt64
  init(frame: Frame, type: String, key: UInt64) {
    self.frame = frame
    self.type = type
    self.key = key
  }
}
