// The nodes' files: dnsmasq's, keepalived's, radvd's, haproxy's and the agents', one row a line.
import Facts
import NetworkTypes
import Testing

@testable import Formats

@Suite struct OpenStackDnsmasqTests {
  struct HostRow: Sendable {
    let line: String
    let addresses: [String]
    var name: String?
    var setTags: [String] = []
    var matchTags: [String] = []
    var clientID: String?
    var isIgnored = false
    var unrecognised: [String] = []
  }
  static let hosts = [
    HostRow(
      line: "fa:16:3e:00:00:01,web.example,10.0.0.5", addresses: ["10.0.0.5"],
      name: "web.example"),
    HostRow(
      line: "fa:16:3e:00:00:01,web,10.0.0.5,set:port-7", addresses: ["10.0.0.5"],
      name: "web", setTags: ["port-7"]),
    HostRow(
      line: "fa:16:3e:00:00:01,tag:dhcpv6,web,[fd00::5]", addresses: ["fd00::5"],
      name: "web", matchTags: ["dhcpv6"]),
    HostRow(
      line: "fa:16:3e:00:00:01,id:01:02,web,10.0.0.5,12h", addresses: ["10.0.0.5"],
      name: "web", clientID: "01:02"),
    HostRow(line: "fa:16:3e:00:00:01,set:port-7", addresses: [], setTags: ["port-7"]),
    HostRow(line: "fa:16:3e:00:00:01,ignore", addresses: [], isIgnored: true),
    HostRow(
      line: "fa:16:3e:00:00:01,net:old,10.0.0.5,infinite", addresses: ["10.0.0.5"],
      matchTags: ["old"]),
    HostRow(
      line: "fa:16:3e:00:00:01,a/b,10.0.0.5", addresses: ["10.0.0.5"],
      unrecognised: ["a/b"]),
  ]
  @Test(arguments: hosts) func hostLines(row: HostRow) throws {
    let parsed = DnsmasqFormat.hosts(CaptureText(row.line + "\n"))
    let host = try #require(parsed.records.first)
    #expect(host.macs == [MACAddress("fa:16:3e:00:00:01")])
    #expect(host.addresses.map(\.description) == row.addresses)
    #expect(host.name == row.name && host.clientID == row.clientID)
    #expect(host.setTags == row.setTags && host.matchTags == row.matchTags)
    #expect(host.isIgnored == row.isIgnored && host.unrecognised == row.unrecognised)
    #expect(parsed.diagnostics.count == row.unrecognised.count)
  }

  @Test func optionLines() throws {
    let text = """
      tag:subnet-1,option:classless-static-route,169.254.169.254/32,10.0.0.1,0.0.0.0/0,10.0.0.1
      tag:subnet-1,tag:!known,249,10.9.0.0/16,10.0.0.1
      tag:subnet-1,option:router
      tag:port-2,option6:dns-server,[fd00::53],[fd00::54]
      tag:port-2,option6:59,http://boot/x
      option:bogus-line-without-tag
      nonsense
      """
    let parsed = DnsmasqFormat.options(CaptureText(text))
    let options = parsed.records
    #expect(
      options.map(\.code) == [
        .named("classless-static-route"), .number(249), .named("router"), .named6("dns-server"),
        .number6(59), .named("bogus-line-without-tag"),
      ])
    #expect(
      options[0].classlessRoutes?.map(\.destination.description)
        == ["169.254.169.254/32", "0.0.0.0/0"])
    #expect(options[1].tags == ["subnet-1", "!known"])
    #expect(options[2].values.isEmpty && options[2].classlessRoutes == nil)
    #expect(options[3].addresses.map(\.description) == ["fd00::53", "fd00::54"])
    #expect(parsed.diagnostics.map(\.message) == ["wanted tags, an option, its values"])
  }

  @Test func leaseLines() {
    let text = """
      1795481168 fa:16:3e:00:00:01 10.0.0.5 web 01:fa:16:3e:00:00:01
      0 06-fa:16:3e:00:00:02 10.0.0.6 * *
      duid 00:01:00:01:2a
      1795481168 12345 fd00::5 * 00:04:aa
      what is this
      """
    let parsed = DnsmasqFormat.leases(CaptureText(text))
    #expect(parsed.records.map(\.expiry) == [1_795_481_168, 0, nil, 1_795_481_168])
    #expect(parsed.records.map(\.name) == ["web", nil, nil, nil])
    #expect(parsed.records[1].mac == MACAddress("fa:16:3e:00:00:02"))
    #expect(parsed.records[2].serverDUID == "00:01:00:01:2a")
    #expect(parsed.records[3].identityAssociation == "12345")
    #expect(parsed.diagnostics.map(\.id) == ["dnsmasq/bad-lease"])
  }

  struct RangeRow: Sendable {
    let text: String
    let prefix: String?
    let modes: [String]
    let tags: [String]
  }
  static let ranges = [
    RangeRow(
      text: "set:subnet-1,10.0.0.0,static,255.255.255.0,86400s", prefix: "10.0.0.0/24",
      modes: ["static"], tags: ["subnet-1"]),
    RangeRow(
      text: "set:tag0,10.0.0.0,static,86400s", prefix: nil, modes: ["static"],
      tags: ["tag0"]),
    RangeRow(
      text: "set:subnet-1,fd00::,static,64,86400s", prefix: "fd00::/64",
      modes: ["static"], tags: ["subnet-1"]),
    RangeRow(
      text: "set:subnet-1,fd00::,ra-stateless,64", prefix: "fd00::/64",
      modes: ["ra-stateless"], tags: ["subnet-1"]),
    RangeRow(
      text: "10.0.0.10,10.0.0.20,255.255.252.0,infinite", prefix: "10.0.0.0/22",
      modes: [], tags: []),
  ]
  @Test(arguments: ranges) func rangesOfTheCommandLine(row: RangeRow) {
    let range = DnsmasqRange(text: row.text)
    #expect(range.prefix?.description == row.prefix)
    #expect(range.modes == row.modes && range.setTags == row.tags)
  }

  struct ProcessRow: Sendable {
    let arguments: String
    let hostsFile: String??
  }
  static let processes = [
    ProcessRow(
      arguments: "dnsmasq --no-hosts --dhcp-hostsfile=/s/dhcp/1/host", hostsFile: "/s/dhcp/1/host"),
    ProcessRow(arguments: "/usr/sbin/dnsmasq -k", hostsFile: .some(nil)),
    ProcessRow(arguments: "sudo /usr/sbin/dnsmasq --dhcp-hostsfile=/h", hostsFile: "/h"),
    ProcessRow(arguments: "[dnsmasq] <defunct>", hostsFile: .none),
    ProcessRow(arguments: "tail --follow /var/log/dnsmasq", hostsFile: .none),
    ProcessRow(arguments: "", hostsFile: .none),
  ]
  @Test(arguments: processes) func whichProcessIsADnsmasq(row: ProcessRow) {
    #expect(DnsmasqCommandLine(process: row.arguments).map(\.hostsFile) == row.hostsFile)
  }
}

@Suite struct OpenStackDaemonTests {
  static let keepalived = """
    ! comment
    global_defs {
        router_id neutron
    }
    vrrp_instance VR_1
    {
        state BACKUP
        interface ha-1
        virtual_router_id 1
        priority 50   # why 50
        nopreempt
        advert_int 2
        authentication {
            auth_type PASS
            auth_pass hunter2
        }
        track_interface {
            ha-1
        }
        virtual_ipaddress {
            169.254.0.1/24 dev ha-1
        }
        virtual_ipaddress_excluded {
            10.0.0.1/24 dev qr-1 no_track
            fe80::1/64 dev qr-1 scope link no_track
            nonsense dev qr-1
        }
        virtual_routes {
            0.0.0.0/0 via 203.0.113.1 dev qg-1 no_track protocol static
            10.9.0.0/16 dev qg-1 scope link
            default via fd00::1 dev qg-1
        }
        brand_new_option 7
    }
    """
  @Test func keepalivedOfAnHARouter() throws {
    let parsed = KeepalivedFormat.parse(CaptureText(Self.keepalived))
    let section = Section(records: parsed.records)
    let instance = try #require(section.instances.first)
    #expect(section.records.count == 2 && instance.name == "VR_1")
    #expect(instance.virtualRouterID == 1 && instance.priority == 50 && !instance.isPreempting)
    #expect(instance.interface == "ha-1" && instance.trackedInterfaces == ["ha-1"])
    #expect(instance.virtualAddresses.map(\.address.description) == ["169.254.0.1/24"])
    #expect(instance.excludedAddresses.map(\.address.description) == ["10.0.0.1/24", "fe80::1/64"])
    #expect(instance.excludedAddresses.map(\.scope) == [nil, "link"])
    #expect(
      instance.virtualRoutes.map(\.destination.description)
        == ["0.0.0.0/0", "10.9.0.0/16", "::/0"])
    #expect(instance.virtualRoutes[0].flags == ["no_track", "protocol static"])
    #expect(
      parsed.diagnostics.map(\.id) == [
        "keepalived/bad-address", "keepalived/unknown-statement",
      ])
    #expect(
      instance.unrecognised == [
        "authentication { auth_type PASS; auth_pass *** }", "brand_new_option 7",
      ])
    #expect(!"\(parsed)".contains("hunter2"))
    #expect(parsed.coverage.lostBytes == 0)
  }

  @Test func aBlockThatIsCutIsRejectedAndTheOthersStay() {
    let text = "global_defs {\n  router_id x\n}\nvrrp_instance V {\n  state"
    let parsed = KeepalivedFormat.parse(CaptureText(text))
    #expect(parsed.records.count == 1 && parsed.isIncomplete)
    #expect(parsed.diagnostics.map(\.message) == ["the file ends inside a block: wanted '}'"])
    #expect(parsed.diagnostics[0].evidence.line == 4)
  }

  @Test func radvdOfARouterWithTwoPrefixes() throws {
    let text = """
      interface qr-1
      {
         AdvSendAdvert on; AdvManagedFlag off;
         AdvLinkMTU 1450;
         prefix fd00:1::/64 { AdvOnLink on; AdvAutonomous on; };
         prefix fd00:2::/64 { AdvAutonomous off; };
         RDNSS fd00::53 fd00::54 {};
         route fe80::a9fe:a9fe/128 {
         };
         abro fe80::1 { };
      };
      """
    let parsed = RadvdFormat.parse(CaptureText(text))
    let interface = try #require(parsed.records.first)
    #expect(interface.isAdvertising && interface.linkMTUBytes == 1450)
    #expect(interface.prefixes.map(\.isAutonomous) == [true, false])
    #expect(interface.dnsServers.count == 2 && interface.routes.count == 1)
    #expect(parsed.diagnostics.map(\.id) == ["radvd/unknown-statement"])
    #expect(interface.unrecognised == ["abro fe80::1"])
  }

  @Test func haproxyOfAMetadataProxy() {
    let text = """
      global
          user neutron
          stats socket /x auth admin:hunter2
      listen listener
          bind 169.254.169.254:80
          bind :::9697   # IPv6
          bind fe80::a9fe:a9fe:80 interface tap1
          server metadata /var/lib/neutron/metadata_proxy
          http-request set-header X-Neutron-Network-ID n1
          http-request set-header X-Secret-Token hunter2
      """
    let parsed = HaproxyFormat.parse(CaptureText(text))
    let section = Section(records: parsed.records)
    #expect(section.boundSockets.map(\.port) == [80, 9697, 80])
    #expect(
      section.boundSockets.map(\.address) == [
        IPAddress("169.254.169.254"), IPAddress("::"), IPAddress("fe80::a9fe:a9fe"),
      ])
    #expect(section.server == "/var/lib/neutron/metadata_proxy")
    #expect(section.header("X-Neutron-Network-ID") == "n1")
    #expect(section.header("X-Neutron-Router-ID") == nil)
    #expect(!"\(parsed)".contains("hunter2"))
  }

  static let words: [(text: String, value: String?, isPID: Bool)] = [
    ("backup", "backup", false), ("610\n", "610", true), ("", nil, true),
    ("two words", nil, false), ("-1\n", "-1", false),
  ]
  @Test func filesOfOneWord() {
    for row in Self.words {
      #expect(FileWordFormat.parse(CaptureText(row.text)).records.first?.value == row.value)
      let pid = FileWordFormat.processID(CaptureText(row.text))
      #expect(pid.diagnostics.isEmpty == row.isPID, "\(row.text)")
      #expect(pid.coverage.lostBytes == 0)
    }
  }
}

@Suite struct OpenStackIniTests {
  /// As oslo.config's own parser reads it.
  @Test func sectionsKeysAndContinuations() {
    let text = """
      early = 1
      [ovs]
      # bridge_mappings = commented:out
      bridge_mappings = a:br-a,
        b:br-b
      local_ip: 10.0.0.1
      ; done
      [securitygroup]
      firewall_driver = "openvswitch"
      firewall_driver = noop
      enable_ipset = Yes
      [DEFAULT]
      host=n1.example
      """
    let parsed = IniFormat.parse(CaptureText(text))
    let section = Section(records: parsed.records)
    #expect(parsed.diagnostics.isEmpty && parsed.coverage.lostBytes == 0)
    #expect(section.value("early", in: "DEFAULT") == "1")
    #expect(section.bridgeMappings == ["a": "br-a", "b": "br-b"])
    #expect(section.tunnelAddress == IPAddress("10.0.0.1"))
    #expect(section.values("firewall_driver", in: "securitygroup") == ["openvswitch", "noop"])
    #expect(section.firewallDriver == "noop")
    #expect(section.flag("enable_ipset", in: "securitygroup") == true)
    #expect(section.host == "n1.example")
    #expect(section.records.first { $0.key == "bridge_mappings" }?.evidence.line == 4)
  }

  static let wrong: [(text: String, id: String, message: String)] = [
    ("[ovs\n", "ini/bad-section", "wanted ']' behind a section's name"),
    ("word\n", "ini/bad-option", "wanted 'key = value'"),
    ("= value\n", "ini/bad-option", "wanted a key before '='"),
    (
      "[a]\n  indented\n", "ini/bad-continuation",
      "an indented line wanted an option before it"
    ),
  ]
  @Test func linesThatAreNone() {
    for row in Self.wrong {
      let parsed = IniFormat.parse(CaptureText(row.text))
      #expect(parsed.diagnostics.map(\.id) == [row.id])
      #expect(parsed.diagnostics.map(\.message) == [row.message])
      #expect(parsed.coverage.lostBytes == 0)
    }
  }

  static let secrets: [(line: String, value: String)] = [
    ("metadata_proxy_shared_secret = hunter2", "***"),
    ("password = hunter2", "***"),
    ("admin_password: hunter2", "***"),
    ("auth_pass = hunter2", "***"),
    ("connection = mysql://u:hunter2@db/x", "mysql://***@db/x"),
    ("connection = mysql://u:hun@ter2@db/x", "mysql://***@db/x"),
    ("transport_url = rabbit://u:hunter2@a:1,u:hunter2@b:2/", "rabbit://***@b:2/"),
    ("sentinel = redis://h?password=hunter2&db=1", "redis://h?password=***&db=1"),
    ("auth_type = password", "password"),
    ("token_cache_time = 300", "300"),
    ("nova_metadata_host = 10.0.0.1", "10.0.0.1"),
    ("password =", ""),
  ]
  @Test func secretsAreMasked() {
    for row in Self.secrets {
      let parsed = IniFormat.parse(CaptureText(row.line + "\n"))
      #expect(parsed.records.map(\.value) == [row.value], "\(row.line)")
    }
  }
}

@Suite struct OpenStackPathTests {
  static let network = "0e4842f8-b34e-428c-a7f0-753cf060198c"
  static let rows: [(path: String, format: String?)] = [
    ("/var/lib/neutron/dhcp/\(network)/host", "dnsmasq-host"),
    ("/var/lib/neutron/dhcp/7/\(network)/opts", "dnsmasq-opts"),
    ("/var/lib/docker/volumes/n/_data/dhcp/\(network)/leases", "dnsmasq-leases"),
    ("/var/lib/neutron/dhcp/\(network)/pid", "dnsmasq-pid"),
    ("/var/lib/neutron/ns-metadata-proxy/\(network).conf", "metadata-proxy"),
    ("/var/lib/neutron/ha_confs/\(network)/keepalived.conf", "keepalived"),
    ("/var/lib/neutron/ha_confs/\(network)/state", "ha-state"),
    ("/var/lib/neutron/ha_confs/\(network).pid.keepalived-vrrp", "pid-file"),
    ("/var/lib/neutron/ra/\(network).radvd.conf", "radvd"),
    ("/var/lib/neutron/fip-priorities", "fip-priorities"),
    ("/etc/neutron/plugins/ml2/openvswitch_agent.ini", "agent-configuration"),
    ("/etc/kolla/neutron-l3-agent/l3_agent.ini", "agent-configuration"),
    ("/etc/neutron/rootwrap.d/l3.filters", nil),
    ("/etc/libvirt/qemu/instance-00000001.xml", "libvirt-domain"),
    ("/etc/libvirt/qemu/networks/default.xml", nil),
    ("/etc/hosts", nil),
  ]
  @Test func whichFileIsReadByWhat() {
    for row in Self.rows {
      let file = CaptureFile(
        id: CaptureFileID(0), node: "n", path: "files" + row.path, sizeBytes: 0, command: nil)
      #expect(FormatCatalogue.row(for: file)?.name == row.format, "\(row.path)")
    }
  }
}
