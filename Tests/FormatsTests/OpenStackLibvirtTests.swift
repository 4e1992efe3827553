// libvirt's domain XML: what Nova and os-vif write, and documents that mean harm.
import Facts
import NetworkTypes
import Testing

@testable import Formats

@Suite struct OpenStackLibvirtTests {
  static func domain(_ devices: String, metadata: String = "", before: String = "") -> String {
    """
    <?xml version="1.0"?>
    \(before)<domain type='kvm' id='3'><name>instance-1</name><uuid>u1</uuid>
    <metadata>\(metadata)</metadata><devices>\(devices)</devices></domain>
    """
  }

  @Test func interfacesOfEveryPlug() throws {
    let devices = """
      <interface type='bridge'><mac address='fa:16:3e:00:00:01'/><source bridge='qbr1'/>
        <target dev='tap1'/><model type='virtio'/><mtu size='1450'/><alias name='net0'/>
      </interface>
      <interface type='ethernet'><mac address='fa:16:3e:00:00:02'/><target dev='tap2'/>
        <virtualport type='openvswitch'><parameters interfaceid='p2'/></virtualport>
        <link state='down'/></interface>
      <interface type='vhostuser'><source type='unix' path='/run/vhu3' mode='server'/>
        <filterref filter='clean-traffic'/><port isolated='yes'/></interface>
      <disk/>
      """
    let parsed = LibvirtFormat.domains(CaptureText(Self.domain(devices)))
    let interfaces = try #require(parsed.records.first).interfaces
    #expect(interfaces.map(\.type) == ["bridge", "ethernet", "vhostuser"])
    #expect(interfaces[0].sourceBridge == "qbr1" && interfaces[0].mtuBytes == 1450)
    #expect(interfaces[1].interfaceID == "p2" && interfaces[1].linkState == "down")
    #expect(interfaces[2].sourceDevice == "/run/vhu3")
    #expect(interfaces[2].filter == "clean-traffic" && interfaces[2].unrecognised == ["port"])
    #expect(parsed.diagnostics.map(\.id) == ["libvirt/unknown-element"])
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func novasMetadataByNamespaceAndNotByPrefix() throws {
    let nova = "http://openstack.org/xmlns/libvirt/nova/1.0"
    let metadata = """
      <x:instance xmlns:x="urn:other"><x:name>false</x:name></x:instance>
      <n:instance xmlns:n="\(nova)"><n:name>&lt;b&gt;web\u{e9}</n:name>
      <n:flavor name="m1.small"/><n:owner><n:user uuid="u">me</n:user>
      <n:project uuid="p">shop</n:project></n:owner>
      <n:ports><n:port uuid="p1"><n:ip type="fixed" address="10.0.0.5" ipVersion="4"/>
      <n:ip type="floating" address="203.0.113.5" ipVersion="4"/></n:port></n:ports></n:instance>
      """
    let parsed = LibvirtFormat.domains(CaptureText(Self.domain("", metadata: metadata)))
    let instance = try #require(parsed.records.first?.nova)
    #expect(instance.name == "<b>web\u{e9}" && instance.flavor == "m1.small")
    #expect(instance.project == "p" && instance.projectName == "shop")
    #expect(instance.ports.map(\.id) == ["p1"])
    #expect(instance.ports[0].addresses.map(\.type) == ["fixed", "floating"])
  }

  static let harmful: [(name: String, text: String)] = [
    ("cut", "<domain type='kvm'><name>a</na"),
    ("empty", ""),
    ("no XML", "hello"),
    ("a network", "<network><name>default</name></network>"),
    ("no uuid", "<domain><name>a</name></domain>"),
    (
      "an external entity",
      domain(
        "", metadata: "<a>&x;</a>", before: "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
      )
    ),
    (
      "entities of entities",
      domain(
        "", metadata: "<a>&c;</a>",
        before: "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
          + "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>")
    ),
    ("deep nesting", String(repeating: "<domain>", count: 5000)),
  ]
  @Test func documentsThatAreRejected() {
    for row in Self.harmful {
      let parsed = LibvirtFormat.domains(CaptureText(row.text))
      #expect(parsed.records.isEmpty && parsed.isIncomplete, "\(row.name)")
      #expect(parsed.diagnostics.map(\.id) == ["libvirt/bad-xml"], "\(row.name)")
      #expect(parsed.coverage.lostBytes == 0, "\(row.name)")
      #expect(!"\(parsed.diagnostics)".contains("root:"), "\(row.name)")
    }
  }
}
