// The catalogue of fields is whole and without contradictions.
import Facts
import Testing

@Suite struct OpenVSwitchFieldTests {
  @Test func everyFieldHasOneRowAndItsOwnNames() {
    var seen: Set<String> = []
    for field in OpenFlowField.allCases {
      let traits = field.traits
      #expect(traits.field == field)
      #expect(!traits.name.isEmpty && (1...992).contains(traits.widthBits))
      for name in [traits.name] + traits.aliases {
        #expect(seen.insert(name).inserted, "\(name) names two fields")
        #expect(OpenFlowField(name: name) == field)
      }
    }
    #expect(OpenFlowField.allCases.count == 183)
  }

  @Test(arguments: [
    ("tp_dst", OpenFlowField.tcpDst, 16), ("tcp_dst", .tcpDst, 16), ("eth_src", .ethSrc, 48),
    ("NXM_OF_ETH_SRC", .ethSrc, 48), ("OXM_OF_VLAN_VID", .vlanVID, 12), ("vlan_tci", .vlanTCI, 16),
    ("NXM_NX_REG15", .reg15, 32), ("OXM_OF_PKT_REG7", .xreg7, 64), ("xxreg3", .xxreg3, 128),
    ("tunnel_id", .tunID, 64), ("tun_metadata63", .tunMetadata63, 992), ("ip_dst", .ipDst, 32),
    ("OXM_OF_IPV6_ND_TARGET", .ndTarget, 128), ("ct_label", .ctLabel, 128),
    ("OXM_OF_IN_PORT", .inPort32, 32), ("NXM_OF_IN_PORT", .inPort, 16), ("nshc4", .nshC4, 32),
  ])
  func nameAndWidth(name: String, field: OpenFlowField, bits: Int) {
    #expect(OpenFlowField(name: name) == field)
    #expect(field.widthBits == UInt16(bits))
  }

  @Test func wideRegistersOverlayNarrowOnes() {
    #expect(OpenFlowField.xreg3.overlaidRegisters == 6..<8)
    #expect(OpenFlowField.xxreg3.overlaidRegisters == 12..<16)
    #expect(OpenFlowField.reg(15) == .reg15 && OpenFlowField.reg(16) == nil)
    #expect(OpenFlowField.tunMetadata(63) == .tunMetadata63)
  }

  @Test(arguments: [
    (Subfield(.reg6), "NXM_NX_REG6[]", UInt128(0xffff_ffff)),
    (Subfield(.reg6, firstBit: 0, bitCount: 16), "NXM_NX_REG6[0..15]", 0xffff),
    (Subfield(.vlanTCI, firstBit: 12, bitCount: 1), "NXM_OF_VLAN_TCI[12]", 0x1000),
    (Subfield(.xxreg0), "NXM_NX_XXREG0[]", .max),
  ])
  func subfields(field: Subfield, text: String, mask: UInt128) {
    #expect(field.description == text)
    #expect(field.mask == mask)
  }

  @Test func reservedPortsAreOneInEitherNumbering() {
    #expect(OpenFlowPort(0xfffe) == .local && OpenFlowPort(0xffff_fffe) == .local)
    #expect(OpenFlowPort.local.sixteenBits == 0xfffe)
    #expect("\(OpenFlowPort.inPort)" == "IN_PORT" && "\(OpenFlowPort(7))" == "7")
  }
}
