// A frame captured on all devices at once (`tcpdump -i any`): Linux's cooked header says on which
// device and in which direction, and leaves the destination's MAC out.
import NetworkTypes

/// DLT_LINUX_SLL2's header, taken off.
struct CookedFrame: Hashable {
  static let headerBytes = 20
  let interfaceIndex: Int
  let isOut: Bool
  /// As Ethernet, the destination's MAC zero.
  let ethernet: [UInt8]

  /// Nil for what is cut short or of no Ethernet-like device.
  init?(_ bytes: [UInt8]) {
    guard bytes.count > Self.headerBytes else { return nil }
    func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 << 8 | Int($1) } }
    interfaceIndex = number(4..<8)
    // PACKET_OUTGOING.
    isOut = bytes[10] == 4
    guard number(8..<10) == 1 else { return nil }
    ethernet =
      [0, 0, 0, 0, 0, 0] + bytes[12..<18] + bytes[0..<2] + bytes[Self.headerBytes...]
  }
}
