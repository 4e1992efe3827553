// A kernel network device and what is at its other end. Made by the cloud model's wiring.
import Facts
import NetworkTypes
import OpenFlow

/// What takes a frame that leaves a device, and gives those that come in.
public enum Attachment: Hashable, Sendable {
  /// Nothing that the capture shows.
  case none
  /// The other end of a veth pair.
  case veth(DeviceKey)
  /// A guest's own device: index into the cloud model's guests.
  case guest(Int)
  /// The wire of a physical network or of the underlay: index into the cloud model's segments.
  case segment(Int)
}

/// A kernel device as the simulation uses it.
public struct Device: Sendable {
  public let key: DeviceKey
  public let link: Link
  public var attachment: Attachment = .none
  /// The OVS port that this device is.
  public var switchPort: SwitchPortKey?
  /// True for OVS's own devices (internal ports, LOCAL): what the stack sends enters the switch,
  /// what the switch outputs enters the stack. False for devices that the switch has taken over,
  /// whose far end is `attachment`.
  public var isSwitchInternal = false

  public init(key: DeviceKey, link: Link) {
    self.key = key
    self.link = link
  }

  public var mac: MACAddress { link.address ?? .zero }
  public var mtuBytes: Int { link.mtuBytes }
  public var isUp: Bool { link.isUp }
  /// True where the kernel reports no carrier: frames handed to it are dropped.
  public var hasCarrier: Bool {
    !link.flags.contains("NO-CARRIER") && link.operState != "LOWERLAYERDOWN"
  }
}
