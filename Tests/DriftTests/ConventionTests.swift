import Facts
// Conventions of other releases: the same cloud in their words has no drift either. And names that
// look alike: ids that begin alike, tenants with the same ranges, addresses and names.
import FaultCaptures
import Formats
import LogicalModel
import NetworkTypes
import Testing

@Suite struct ConventionTests {
  private func drift(_ change: (String, String) -> String?) throws -> [String] {
    let facts = try FaultCapture.healthy(changing: change)
    return Drift.findings(CloudModel(facts), facts).map(\.text)
  }

  /// Until 2013 chains, files and processes began with Quantum's name.
  @Test func quantumsNames() throws {
    var changed = 0
    let found = try drift { path, text in
      guard path.contains("tables") || path.hasSuffix("/ps.txt") else { return nil }
      changed += 1
      return text.replacing("neutron-openvswi-", with: "quantum-openvswi-")
        .replacing("neutron-l3-agent-", with: "quantum-l3-agent-")
        .replacing("neutron-filter-top", with: "quantum-filter-top")
        .replacing("neutron-postrouting-bottom", with: "quantum-postrouting-bottom")
    }
    #expect(changed > 0)
    #expect(found == [])
  }

  /// `ovs-ofctl`'s spellings before OpenFlow 1.3, which the agent used until Rocky.
  @Test func flowsAsOlderReleasesWriteThem() throws {
    var changed = 0
    let found = try drift { path, text in
      guard path.hasSuffix("ofctl_dump-flows.txt") else { return nil }
      var lines: [String] = []
      for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        var line = String(line).replacing("pop_vlan", with: "strip_vlan")
        for vlan in 1...7 {
          line = line.replacing(
            "push_vlan:0x8100,set_field:\(4096 + vlan)->vlan_vid", with: "mod_vlan_vid:\(vlan)")
        }
        for table in [1, 2, 3, 4, 9, 10, 20, 21, 22, 59, 60] {
          line = line.replacing("goto_table:\(table)", with: "resubmit(,\(table))")
        }
        if let match = line.firstMatch(of: #/set_field:(0x[0-9a-f]+)->tun_id/#) {
          line = line.replacing(match.0, with: "set_tunnel:\(match.1)")
        }
        lines.append(line)
      }
      changed += 1
      return lines.joined(separator: "\n")
    }
    #expect(changed > 0)
    #expect(found == [])
  }

  /// Xena and before go from table 0 straight to 60; `master` was the word for the active node.
  @Test func tablesAndWordsOfOlderReleases() throws {
    let found = try drift { path, text in
      if path.hasSuffix("ha_confs") || path.hasSuffix("/state") {
        return text.replacing("primary", with: "master")
      }
      guard path.hasSuffix("ofctl_dump-flows.txt") else { return nil }
      return text.replacing("goto_table:59", with: "goto_table:60")
    }
    #expect(found == [])
  }

  @Test func theLegacyBackEnd() throws {
    var facts = try FaultCapture.healthyFacts.get()
    for node in facts.nodes.indices {
      for name in facts.nodes[node].namespaces.keys {
        guard var namespace = facts.nodes[node].namespaces[name] else { continue }
        (namespace.iptables4Legacy, namespace.iptables4) = (namespace.iptables4, .unread)
        (namespace.iptables6Legacy, namespace.iptables6) = (namespace.iptables6, .unread)
        facts.nodes[node].namespaces[name] = namespace
      }
    }
    #expect(Drift.findings(CloudModel(facts), facts).map(\.text) == [])
  }

  /// Without ipsets each member has a rule of its own.
  @Test func remoteGroupsWithoutSets() throws {
    let members = ["172.17.17.11", "172.17.17.12", "172.17.17.17", "172.17.17.200"]
    let found = try drift { path, text in
      if path == "cmp1/files/etc/neutron/plugins/ml2/openvswitch_agent.ini" {
        return text.replacing("enable_ipset = true", with: "enable_ipset = false")
      }
      if path == "cmp1/root/ipset_save.txt" { return "" }
      guard path == "cmp1/root/iptables-save_-c.txt" else { return nil }
      return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap {
        line -> [String] in
        let set = " -m set --match-set NIPv4734df103-03ea-4aef-990a- src"
        guard line.contains(set) else { return [String(line)] }
        return members.map { member in
          line.replacing(set, with: "").replacing(" -p ", with: " -s \(member)/32 -p ")
        }.map { String($0) }
      }.joined(separator: "\n")
    }
    #expect(found == [])
  }
}

@Suite struct LookalikeTests {
  /// Two ports on two nodes whose ids share eleven characters have devices of one name.
  @Test func idsThatBeginAlike() throws {
    let healthy = try FaultCapture.healthyFacts.get()
    let (first, second) = (healthy.portID("port-a1"), healthy.portID("port-a2"))
    let (short, old) = (first.rawValue.prefix(11), second.rawValue.prefix(11))
    let alike = short + second.rawValue.dropFirst(11)
    let facts = try FaultCapture.healthy { path, text in
      let text = text.replacing(second.rawValue, with: alike)
      return path.hasPrefix("cmp2/") ? text.replacing(old, with: short) : text
    }
    let model = CloudModel(facts)
    let one = try #require(model.port(first))
    let other = try #require(model.port(PortID(String(alike))))
    #expect(one.locations.map(\.node) == ["cmp1"] && other.locations.map(\.node) == ["cmp2"])
    #expect(one.addresses != other.addresses && one.server != other.server)
    #expect(Drift.findings(model, facts).map(\.text) == [])
    #expect(model.resolve(String(short)).items.count == 2)
    #expect(model.resolve(first.rawValue).items.count == 1)
  }

  /// Where only a device's name tells, a port that begins alike is not taken for it.
  @Test func aNameAloneIsNoPlace() throws {
    var facts = try FaultCapture.healthyFacts.get()
    let first = facts.portID("port-a1")
    guard var twin = facts.neutron.ports.records.first(where: { $0.id == first }) else { return }
    twin.id = PortID(String(first.rawValue.prefix(11)) + "00-0000-0000-0000-000000000000")
    twin.name = "twin"
    twin.status = "DOWN"
    facts.neutron.ports.records.append(twin)
    let model = CloudModel(facts)
    #expect(model.port(twin.id)?.locations == [])
    #expect(model.port(first)?.locations.count == 1)
    #expect(Drift.findings(model, facts).map(\.object.name).contains("twin") == false)
  }

  /// Two on one node share their chains' names: that is said, and nothing is claimed of either.
  @Test func chainsThatTwoPortsShare() throws {
    var facts = try FaultCapture.healthyFacts.get()
    let first = facts.portID("port-a1")
    guard var twin = facts.neutron.ports.records.first(where: { $0.id == first }) else { return }
    twin.id = PortID(String(first.rawValue.prefix(10)) + "f-0000-0000-0000-000000000000")
    twin.name = "twin"
    twin.mac = MACAddress("fa:16:3e:00:00:01")
    facts.neutron.ports.records.append(twin)
    facts.changeDatabase("cmp1") { database in
      guard
        let index = database.interfaces.firstIndex(where: {
          $0.externalIDs["iface-id"] == first.rawValue
        })
      else { return }
      var copy = database.interfaces[index]
      copy.externalIDs["iface-id"] = twin.id.rawValue
      database.interfaces.append(copy)
    }
    let report = Drift.report(CloudModel(facts), facts)
    #expect(report.unknowns.contains { $0.reason.contains("share the chains of") })
    let claimed = report.findings.filter { $0.code == .securityRule || $0.code == .antiSpoofing }
    #expect(claimed.map(\.text) == [])
  }

  /// Tenants A and B have the same range, and a1 and b1 the same address; here also the same name.
  @Test func oneNameAndAddressOfTwoTenants() throws {
    let facts = try FaultCapture.healthy { path, text in
      path.contains("libvirt") ? text.replacing("<nova:name>b1<", with: "<nova:name>a1<") : nil
    }
    let model = CloudModel(facts)
    let servers = model.servers.filter { $0.name == "a1" }
    #expect(servers.count == 2 && Set(servers.map(\.project)).count == 2)
    let page = try model.show(.vm, name: "a1", facts: facts)
    #expect(page[0].rows.count == 2)
    #expect(page[0].notes == ["2 things are called 'a1'"])
    let first = try #require(model.ports.first { $0.name == "port-a1" })
    let second = try #require(model.ports.first { $0.name == "port-b1" })
    let shared = Set(first.addresses).intersection(second.addresses)
    #expect(shared.count == 1 && first.network != second.network)
    #expect(model.resolve(shared.first?.description ?? "").items.count == 2)
    let floating = model.floatingIPs.filter { $0.fixedAddress == shared.first }
    #expect(Set(floating.map(\.port)) == [first.id, second.id])
    #expect(Drift.findings(model, facts).map(\.text) == [])
  }
}
