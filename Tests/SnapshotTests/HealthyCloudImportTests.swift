// The import of the healthy cloud: every byte accounted for, and how many facts of each kind.
import Facts
import Formats
import Snapshot
import Testing

@Suite struct HealthyCloudImportTests {
  @Test func everyByteBecameAFactOrStructure() throws {
    let facts = try Fixture.facts.get()
    for (file, coverage) in zip(facts.files, facts.coverage) {
      guard let coverage else { continue }
      #expect(coverage.lostBytes == 0, "\(file.path)")
      #expect(coverage.totalBytes == file.sizeBytes, "\(file.path)")
    }
    #expect(ImportSummary(facts).lostBytes == 0)
  }

  @Test func nothingIsMissingOrStrange() throws {
    let facts = try Fixture.facts.get()
    #expect(facts.diagnostics == [])
    #expect(facts.gaps == [])
    #expect(facts.nodes.map(\.name) == ["cmp1", "cmp2", "net1", "net2"])
    let ignored = ImportSummary(facts).ignored.map(\.path)
    #expect(ignored.count == 1)
    #expect(ignored.first?.hasSuffix("/neutron-keepalived-state-change.log") == true)
  }

  static let counts = [
    "agent-configuration": 256,
    "bridge-fdb": 185,
    "bridge-link": 14,
    "bridge-vlan": 0,
    "commands": 538,
    "conntrack": 29,
    "date": 4,
    "dnsmasq-addn_hosts": 24,
    "dnsmasq-host": 21,
    "dnsmasq-interface": 6,
    "dnsmasq-leases": 15,
    "dnsmasq-opts": 19,
    "dnsmasq-pid": 6,
    "dpctl-conntrack": 0,
    "dpctl-dump-flows": 13,
    "dpif-show": 97,
    "ebtables": 0,
    "fdb-show": 86,
    "fip-linklocal-networks": 4,
    "fip-priorities": 2,
    "ha-state": 2,
    "hostname": 4,
    "hosts": 24,
    "ip-addr": 124,
    "ip-link": 124,
    "ip-link-statistics": 124,
    "ip-neigh": 121,
    "ip-route-4": 220,
    "ip-route-6": 306,
    "ip-rule-4": 80,
    "ip-rule-6": 44,
    "ip6tables": 1079,
    "ipset": 5,
    "iptables": 1345,
    "iptables-legacy": 0,
    "keepalived": 4,
    "libvirt-domain": 15,
    "lsns": 21,
    "metadata-proxy": 186,
    "netns-list": 18,
    "netns-pids": 22,
    "neutron-address-scopes": 0,
    "neutron-agents": 13,
    "neutron-dhcp-agents": 8,
    "neutron-floatingips": 5,
    "neutron-l3-agents": 4,
    "neutron-networks": 8,
    "neutron-objects": 80,
    "neutron-port-forwardings": 1,
    "neutron-ports": 42,
    "neutron-routers": 3,
    "neutron-security-group-rules": 63,
    "neutron-security-groups": 14,
    "neutron-subnetpools": 0,
    "neutron-subnets": 9,
    "neutron-trunks": 0,
    "nft": 2398,
    "openflow-flows": 1013,
    "openflow-groups": 0,
    "openflow-ports": 97,
    "openflow-show": 97,
    "ovs-route-show": 65,
    "ovs-version": 4,
    "ovs-vsctl-show": 421,
    "ovsdb-dump": 230,
    "pid-file": 15,
    "ps": 117,
    "radvd": 1,
    "ss": 98,
    "ss-local": 60,
    "sysctl": 3500,
    "tnl-neigh-show": 86,
    "tnl-ports-show": 4,
    "uname": 4,
    "uptime": 4,
  ]

  @Test func factsOfEachKind() throws {
    let summary = ImportSummary(try Fixture.facts.get())
    let found = Dictionary(uniqueKeysWithValues: summary.records.map { ($0.format, $0.count) })
    #expect(found == Self.counts)
  }

  @Test func theSameBytesGiveTheSameFacts() throws {
    let capture = try Fixture.capture.get()
    let first = CloudFacts(parsing: capture)
    let second = try Fixture.facts.get()
    #expect(first.files == second.files)
    #expect(first.coverage == second.coverage)
    #expect(first.nodes.map(\.namespaces.count) == second.nodes.map(\.namespaces.count))
    for (one, other) in zip(first.nodes, second.nodes) {
      #expect(one.openVSwitch.database == other.openVSwitch.database)
      for (name, namespace) in one.namespaces {
        #expect(namespace.links == other.namespaces[name]?.links)
        #expect(namespace.iptables4 == other.namespaces[name]?.iptables4)
      }
    }
  }
}
