// Addresses, prefixes and ranges: what parses, what does not, and how it is written back.
import NetworkTypes
import Testing

@Test(arguments: [
  ("fa:16:3e:00:0a:ff", "fa:16:3e:00:0a:ff"), ("FA:16:3E:0:A:FF", "fa:16:3e:00:0a:ff"),
  ("00:00:00:00:00:00", "00:00:00:00:00:00"),
]) func macsAreWrittenInFull(_ text: String, _ expected: String) {
  #expect(MACAddress(text)?.description == expected)
}

@Test(arguments: [
  "", "fa:16:3e:00:0a", "fa:16:3e:00:0a:ff:00", "fa:16:3e:00:0a:fg", "fa163e000aff",
])
func noMAC(_ text: String) { #expect(MACAddress(text) == nil) }

@Test func multicastMACsFollowTheirGroup() {
  #expect(
    MACAddress(multicast: IPAddress("224.0.0.251")!) == MACAddress("01:00:5e:00:00:fb"))
  #expect(
    MACAddress(multicast: IPAddress("ff02::1:ff00:1")!) == MACAddress("33:33:ff:00:00:01"))
  #expect(MACAddress(multicast: IPAddress("10.0.0.1")!) == nil)
}

@Test(arguments: ["0.0.0.0", "10.0.0.1", "255.255.255.255"])
func ipv4RoundTrips(_ text: String) { #expect(IPv4Address(text)?.description == text) }

@Test(arguments: [
  "", "10.0.0", "10.0.0.256", "10.0.0.1.2", "10..0.1", "10.0.0.1 ", "+1.2.3.4", "0x1.2.3.4",
])
func noIPv4(_ text: String) { #expect(IPv4Address(text) == nil) }

@Test(arguments: [
  ("::", "::"), ("::1", "::1"), ("fe80::1", "fe80::1"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
  ("2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
  ("::ffff:192.0.2.1", "::ffff:c000:201"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
  ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("fdbb:17::", "fdbb:17::"),
]) func ipv6IsWrittenByRFC5952(_ text: String, _ expected: String) {
  #expect(IPv6Address(text)?.description == expected)
}

@Test(arguments: [
  "", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "fe80::1%eth0",
  "1:2:3:4:5:6:7::8:9", "::1.2.3", "1:",
]) func noIPv6(_ text: String) { #expect(IPv6Address(text) == nil) }

@Test func euiAddressesComeFromTheMAC() {
  let mac = MACAddress("fa:16:3e:c9:59:c7")!
  #expect(IPv6Address(linkLocal: mac) == IPv6Address("fe80::f816:3eff:fec9:59c7"))
  #expect(
    IPv6Address("fe80::f816:3eff:fec9:59c7")?.solicitedNode == IPv6Address("ff02::1:ffc9:59c7"))
}

@Test(arguments: [
  ("10.0.0.5/24", "10.0.0.0/24"), ("10.0.0.5", "10.0.0.5/32"), ("0.0.0.0/0", "0.0.0.0/0"),
  ("2001:db8::5/64", "2001:db8::/64"), ("::/0", "::/0"),
]) func prefixesClearHostBits(_ text: String, _ expected: String) {
  #expect(IPPrefix(text)?.description == expected)
}

@Test(arguments: ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "x/8", "::/129"])
func noPrefix(_ text: String) { #expect(IPPrefix(text) == nil) }

@Test func prefixesContainTheirOwn() {
  let prefix = IPPrefix("10.0.0.0/24")!
  for (address, isInside) in [
    ("10.0.0.0", true), ("10.0.0.255", true), ("10.0.1.0", false), ("::a00:0", false),
  ] {
    #expect(prefix.contains(IPAddress(address)!) == isInside)
  }
  #expect(prefix.last == IPAddress("10.0.0.255"))
  #expect(IPPrefix("10.0.0.0/8")!.contains(prefix))
  #expect(!prefix.contains(IPPrefix("10.0.0.0/8")!))
  #expect(IPPrefix.everything(.ipv6).contains(IPAddress("::1")!))
}

@Test func publicAndPrivate() {
  for (address, isPrivate) in [
    ("8.8.8.8", false), ("203.0.113.1", false), ("10.1.2.3", true), ("172.16.0.1", true),
    ("172.32.0.1", false), ("192.168.1.1", true), ("100.64.0.1", true), ("198.18.5.5", true),
    ("169.254.169.254", true), ("127.0.0.1", true), ("fd00::1", true), ("2001:db8::1", false),
    ("fe80::1", true), ("224.0.0.1", true),
  ] {
    #expect(IPAddress(address)!.isPrivate == isPrivate, "\(address)")
  }
}

@Test func vlansKeepTheirRange() {
  #expect(VLANID(4095)?.rawValue == 4095)
  #expect(VLANID(4096) == nil)
  #expect(VLANID(-1) == nil)
  var stack = VLANStack.none
  stack.push(VLANTag(id: VLANID(1)!))
  stack.push(VLANTag(id: VLANID(2)!))
  #expect(stack.pop()?.id == VLANID(2))
  #expect(stack.pop()?.id == VLANID(1))
  #expect(stack == .none)
}
