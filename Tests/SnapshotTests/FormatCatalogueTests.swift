// Which file is read as what: by the command that wrote it, and by its name without one.
import Facts
import Formats
import NetworkTypes
import Testing

@Suite struct FormatCatalogueTests {
  private func format(_ path: String, _ commandLine: String? = nil) -> String? {
    let command = commandLine.map {
      CapturedCommand(commandLine: $0, exitCode: 0, standardError: "")
    }
    let node: NodeName? = path.hasPrefix("neutron/") ? nil : "n1"
    return FormatCatalogue.row(
      for: CaptureFile(
        id: CaptureFileID(0), node: node, path: path, sizeBytes: 0, command: command))?.name
  }

  @Test func namesAreUnique() {
    let names = FormatCatalogue.rows.map(\.name)
    #expect(Set(names).count == names.count)
  }

  @Test(arguments: [
    ("root/ip_-d_-j_link.json", "ip-link"), ("root/ip_-s_-j_link.json", "ip-link-statistics"),
    ("root/ip_-j_-d_-s_link.json", "ip-link-full"), ("ns/qrouter-1/ip_-j_addr.json", "ip-addr"),
    ("ns/q/ip_-6_-j_route_table_all.json", "ip-route-6"),
    ("ns/q/ip_-j_route_show_table_all.json", "ip-route"), ("ns/q/ip_-4_-j_route.json", nil),
    ("root/ip_-o_addr.txt", nil), ("root/ip_addr.txt", "ip-addr"),
    ("root/iptables-legacy-save_-c.txt", "iptables-legacy"),
    ("root/ip6tables-save.txt", "ip6tables"), ("root/ss_-H_-lntuxp.txt", "ss-local"),
    ("root/ss_-H_-lntup.txt", "ss"), ("ovs/br-int/ofctl_dump-flows.txt", "openflow-flows"),
    ("ovs/dpctl_dump-flows_-m.txt", "dpctl-dump-flows"),
    ("ovs/br-int/ofctl_-O_OpenFlow10_show.txt", "openflow-show-10"),
    ("ovs/br-int/ofctl_show.txt", "openflow-show"), ("neutron/ports.json", "neutron-ports"),
    ("neutron/security_groups.json", "neutron-security-groups"), ("commands.tsv", "commands"),
    ("files/etc/libvirt/qemu/instance-1.xml", "libvirt-domain"), ("root/free.txt", nil),
    ("ps.txt", nil),
  ]) func byName(_ path: String, _ name: String?) { #expect(format(path) == name) }

  @Test(arguments: [
    ("root/a", "env ip -d -j link", "ip-link"), ("root/a", "sudo ip -j -4 rule show", "ip-rule-4"),
    ("ns/q/a", "ip netns exec q ip -j neigh", "ip-neigh"),
    ("root/a", "sh -c sysctl -a 2>/dev/null | grep -E '^net'", "sysctl"),
    ("root/a", "/usr/sbin/iptables-save -c", "iptables"),
    ("ovs/a", "ovs-appctl dpif/show", "dpif-show"),
    ("ovs/a", "docker exec -i ovs_vswitchd ovs-appctl tnl/neigh/show", "tnl-neigh-show"),
    ("ovs/br-int/a", "timeout 20 ovs-ofctl -O OpenFlow14 dump-flows br-int", "openflow-flows"),
    ("root/a", "cat /etc/hosts", "hosts"),
  ]) func byCommandLine(_ path: String, _ line: String, _ name: String) {
    #expect(format(path, line) == name)
  }
}
