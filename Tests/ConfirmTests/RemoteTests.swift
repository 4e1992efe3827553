// Captures on nodes elsewhere: what is asked of them, word for word, and what their frames say.
import NetworkTypes
import Testing

@testable import Confirm

@Suite struct RemoteTests {
  @Test func whatSSHIsGivenIsOneWordToTheShellThere() throws {
    let access = try #require(NodeAccess("ssh -o BatchMode=yes root@node1"))
    #expect(
      access.command(["tcpdump", "-w", "-", "icmp or (vlan and (icmp))"], in: .root) == [
        "ssh", "-o", "BatchMode=yes", "root@node1", "'tcpdump'", "'-w'", "'-'",
        "'icmp or (vlan and (icmp))'",
      ])
    #expect(NodeAccess.quoted("a'b; reboot") == "'a'\\''b; reboot'")
  }

  @Test func whatRunsHereIsNotQuoted() throws {
    let access = try #require(NodeAccess("nsenter -t 42 -n --"))
    #expect(
      access.command(["date"], in: NamespaceName("qrouter-1")) == [
        "nsenter", "-t", "42", "-n", "--", "ip", "netns", "exec", "qrouter-1", "date",
      ])
    #expect(NodeAccess("  ") == nil)
  }

  @Test func theConnectionThatCapturesComeThroughIsLeftOut() throws {
    let connection = try #require(ManagementConnection("192.0.2.1 50022 192.0.2.7 22"))
    #expect(connection.filter == "(host 192.0.2.1 and host 192.0.2.7 and tcp port 22)")
    let v6 = try #require(ManagementConnection("2001:db8::1 50022 2001:db8::7 2222"))
    #expect(v6.filter == "(host 2001:db8::1 and host 2001:db8::7 and tcp port 2222)")
  }

  @Test(arguments: [
    "", "192.0.2.1 50022 192.0.2.7", "192.0.2.1 50022 192.0.2.7 22 or tcp",
    "$(reboot) 50022 192.0.2.7 22", "192.0.2.1 50022 192.0.2.7 65536",
  ])
  func whatIsNoConnectionIsNone(_ text: String) {
    #expect(ManagementConnection(text) == nil)
  }

  @Test func aCookedHeader() throws {
    // IPv4 on device 7, outgoing, of Ethernet.
    var bytes: [UInt8] = [8, 0, 0, 0, 0, 0, 0, 7, 0, 1, 4, 6, 2, 0, 0, 0, 0, 9, 0, 0]
    bytes += [0x45, 0]
    let frame = try #require(CookedFrame(bytes))
    #expect(frame.interfaceIndex == 7)
    #expect(frame.isOut)
    #expect(frame.ethernet == [0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 9, 8, 0, 0x45, 0])
    for count in 0...20 { #expect(CookedFrame(Array(bytes.prefix(count))) == nil) }
  }
}
