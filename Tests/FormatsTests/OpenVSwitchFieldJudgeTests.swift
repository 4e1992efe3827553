// Random values and masks of every field, said by us, repeated by ovs-ofctl in its own spelling, and
// read back: nothing may have changed. Skipped where ovs-ofctl is not installed.
import Facts
import NetworkTypes
import Testing

@testable import Formats

@Suite(.enabled(if: OfctlJudge.isInstalled, "needs ovs-ofctl"))
struct OpenVSwitchFieldJudgeTests {
  /// In a match these become bits of other fields, or ovs-ofctl prints no word for them (for
  /// ERSPAN's: unless others are there too).
  private static let unspoken: Set<OpenFlowField> = [
    .inPort32, .dlVLAN, .dlVLANPriority, .vlanVID, .vlanPriority, .ipDSCP, .tunTOS, .tunTTL,
    .skbPriority, .tunERSPANIndex, .tunERSPANDirection, .tunERSPANHardwareID,
  ]
  /// It prints these without their mask.
  private static let maskless: Set<OpenFlowField> = [
    .tunGBPFlags, .tunERSPANVersion, .tunGTPUFlags, .tunGTPUMessageType,
  ]
  private static let fields = OpenFlowField.allCases.filter {
    !unspoken.contains($0) && $0.xregIndex == nil && $0.xxregIndex == nil
  }

  @Test func matchesMeanTheSame() throws {
    var random = SeededRandom(state: 0xf1e1d)
    let matches = Self.fields.flatMap { field in
      (0..<8).map { _ in Self.match(field, &random) }
    }
    let lines = matches.map { "priority=5\($0.description.isEmpty ? "" : ",")\($0) actions=drop" }
    let spoken = try #require(try OfctlJudge.reading(of: lines, "OpenFlow15"))
    #expect(spoken.count == matches.count)
    for (match, line) in zip(matches, spoken) {
      #expect(OfctlJudge.flow(line).match == match, "\(match) became \(line)")
    }
  }

  @Test func assignmentsMeanTheSame() throws {
    var random = SeededRandom(state: 0x5e7)
    // Written under another name, inside `ct` only, or not at all.
    let silent = Self.unspoken.union([.vlanTCI, .ethType, .inPort, .nwTOS, .ctMark, .ctLabel])
    let fields = OpenFlowField.allCases.filter {
      $0.traits.isWritable && !silent.contains($0) && $0.valueBits == $0.widthBits
    }
    let flows = fields.flatMap { field in
      (0..<6).map { _ in
        let (value, mask) = Self.bits(field, &random)
        return (
          Self.prerequisites(field), FlowAction.setField(field, value: value & mask, mask: mask)
        )
      }
    }
    let lines = flows.map { "priority=5\($0.0.isEmpty ? "" : ",\($0.0)") actions=\($0.1)" }
    let spoken = try #require(try OfctlJudge.reading(of: lines, "OpenFlow15"))
    #expect(spoken.count == flows.count && fields.count > 60)
    for (flow, line) in zip(flows, spoken) {
      #expect(OfctlJudge.flow(line).actions == [flow.1], "\(flow.1) became \(line)")
    }
  }

  private static func match(_ field: OpenFlowField, _ random: inout SeededRandom) -> FlowMatch {
    var match = TraceFlowFormat.parse(prerequisites(field)).match
    var (value, mask) = bits(field, &random)
    switch field {
    case .ctState: (value, mask) = (value & 0xff, mask & 0xff | 1)
    case .tcpFlags: if mask == 0 { mask = 1 }
    case .nwTOS: (value, mask) = (value & 0xfc, 0xfc)
    // The switch takes two masks only, and no later fragment that is none.
    case .ipFrag: (value, mask) = Bool.random(using: &random) ? (3, 3) : (0, 2)
    case .ethType: value = [0x88cc, 0x88e5, 0x9999].randomElement(using: &random) ?? 0
    case .inPort: value = UInt128.random(in: 1...0xfeff, using: &random)
    case .actionSetOutput: value = UInt128.random(in: 1...0xfeff, using: &random)
    case .packetType: value = 0x1_0000 | value & 0xffff
    case .nshMDType: value = value & 1 + 1
    case .nwProto: value = [2, 47, 50, 112].randomElement(using: &random) ?? 2
    // OpenFlow 1.5 says all of the priority or none, and it only of a tag.
    case .vlanTCI:
      (value, mask) = (
        value | 0x1000, mask & 0xfff | (Bool.random(using: &random) ? 0xf000 : 0x1000)
      )
    default: break
    }
    match.set(field, value: value & mask, mask: mask)
    return match
  }

  private static func bits(
    _ field: OpenFlowField, _ random: inout SeededRandom
  ) -> (value: UInt128, mask: UInt128) {
    // ovs-ofctl assigns no operation above 255 and no NSH TTL above 63.
    let bound: UInt128 = field == .arpOp ? 255 : field == .nshTTL ? 63 : field.valueMask
    let value = UInt128.random(in: 0...bound, using: &random)
    guard field.isMaskable, !maskless.contains(field), Bool.random(using: &random) else {
      return (value, field.valueMask)
    }
    var mask = UInt128.random(in: 1...field.valueMask, using: &random)
    // It mistakes a long IPv6 mask whose text starts with a digit for a prefix length.
    if field.format == .ipv6 { mask = .max << UInt128(mask % 128) }
    return (value & mask, mask)
  }

  /// The words that a flow must have before it may speak of a field.
  private static func prerequisites(_ field: OpenFlowField) -> String {
    switch field.prerequisite {
    case .none, .ethernet: ""
    case .vlan: "dl_vlan=1"
    case .mpls: "mpls"
    case .ipv4, .ip: "ip"
    case .ipv6: "ipv6"
    case .arp: "arp"
    // It prints contexts behind their header's type only.
    case .nsh: "packet_type=(1,0x894f)" + (field >= .nshC1 ? ",nsh_mdtype=1" : "")
    case .tcp: "tcp"
    case .udp: "udp"
    case .sctp: "sctp"
    case .icmp4: "icmp"
    case .icmp6: "icmp6"
    case .nd, .ndSolicitation: "icmp6,icmp_type=135,icmp_code=0"
    case .ndAdvertisement: "icmp6,icmp_type=136,icmp_code=0"
    case .tracked:
      "ct_state=+trk-inv," + (field == .ctIPv6Src || field == .ctIPv6Dst ? "ipv6" : "ip")
        + (field == .ctTpSrc || field == .ctTpDst ? ",ct_nw_proto=6" : "")
    }
  }
}
