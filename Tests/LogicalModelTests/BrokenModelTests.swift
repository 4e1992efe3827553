// What the model says where a node differs from what was asked for, and where it was not captured.
import Facts
import NetworkTypes
import Testing

@testable import LogicalModel

@Suite struct BrokenModelTests {
  /// A floating IP of a distributed router with the node and namespace that serve it.
  private func distributed() throws -> (FloatingIP, FloatingIPPlace) {
    let model = try ModelFixture.whole()
    let floating = try #require(
      model.floatingIPs.first { $0.places.contains { $0.kind == .distributed } })
    return (floating, try #require(floating.places.first))
  }

  private func broken(
    _ floating: FloatingIP, _ place: FloatingIPPlace,
    _ change: (inout NamespaceFacts) -> Void
  ) throws -> FloatingIPPlace {
    let model = try ModelFixture.model { facts in
      facts.change(place.node) { node in
        for name in node.namespaces.keys
        where name == place.namespace || name.rawValue.hasPrefix("fip-") {
          if var namespace = node.namespaces[name] {
            change(&namespace)
            node.namespaces[name] = namespace
          }
        }
      }
    }
    let found = try #require(model.floatingIPs.first { $0.id == floating.id })
    return try #require(found.places.first { $0.node == place.node })
  }

  @Test func aMissingRouteIsMissing() throws {
    let (floating, place) = try distributed()
    let found = try broken(floating, place) { namespace in
      namespace.routes4.records.removeAll { $0.destination == IPPrefix(host: floating.address) }
    }
    #expect(found.isServing == false && found.missing == [.route])
    #expect(found.present == [.destinationNAT, .sourceNAT])
  }

  @Test func missingRulesAreMissing() throws {
    let (floating, place) = try distributed()
    let found = try broken(floating, place) { namespace in
      for table in namespace.iptables4.records.indices
      where namespace.iptables4.records[table].name == "nat" {
        namespace.iptables4.records[table].chains = []
      }
    }
    #expect(found.isServing == false && found.missing == [.destinationNAT, .sourceNAT])
  }

  @Test func rulesThatWereNotCapturedAreUnknown() throws {
    let (floating, place) = try distributed()
    let found = try broken(floating, place) { namespace in
      namespace.iptables4 = .unread
      namespace.iptables4Legacy = .unread
    }
    #expect(found.isServing == nil && found.missing.isEmpty)
    #expect(found.unknown == [.destinationNAT, .sourceNAT])
  }

  @Test func aFloatingIPThatTheAPIDoesNotKnowIsOnTheNodesOnly() throws {
    let model = try ModelFixture.model { facts in
      facts.neutron.floatingIPs.records.removeFirst()
    }
    let removed = try #require(try ModelFixture.facts().neutron.floatingIPs.records.first)
    let found = try #require(model.floatingIPs.first { $0.address == removed.address })
    #expect(found.id == nil && found.origin == .nodes)
    #expect(found.router == removed.router && found.fixedAddress == removed.fixedAddress)
  }

  @Test func twoActiveNodesOfAnHARouterAreTwo() throws {
    let whole = try ModelFixture.whole()
    let router = try #require(whole.routers.first { $0.mode == .highlyAvailable })
    let standby = try #require(router.places.first { $0.isActive == false })
    let active = try #require(router.places.first { $0.isActive == true })
    let model = try ModelFixture.model { facts in
      let held = facts.node(active.node)?.namespaces[active.namespace]?.addresses
      facts.change(standby.node) { $0.namespaces[standby.namespace]?.addresses = held ?? .unread }
    }
    #expect(model.router(router.id)?.activeNodes.count == 2)
  }

  /// Addresses, then what keepalived's monitor wrote, then what the API reports, then nothing.
  @Test func howAnHANodesStateIsKnown() throws {
    let whole = try ModelFixture.whole()
    let router = try #require(whole.routers.first { $0.mode == .highlyAvailable })
    let active = try #require(router.places.first { $0.isActive == true })
    func state(_ change: (inout CloudFacts) -> Void) throws -> Bool? {
      let model = try ModelFixture.model { facts in
        facts.change(active.node) { $0.namespaces[active.namespace]?.addresses = .unread }
        change(&facts)
      }
      return model.router(router.id)?.places.first { $0.key == active.key }?.isActive
    }
    #expect(try state { _ in } == true)
    #expect(
      try state { facts in
        facts.change(active.node) { $0.files.haStates[router.id]?.records[0].value = "backup" }
      } == false)
    #expect(try state { $0.change(active.node) { $0.files.haStates = [:] } } == true)
    #expect(
      try state { facts in
        facts.change(active.node) { $0.files.haStates = [:] }
        facts.neutron.routerAgents = [:]
      } == nil)
  }

  @Test func adnsmasqThatDoesNotRunAndOneThatNobodyLookedFor() throws {
    let server = try #require(try ModelFixture.whole().dhcpServers.first)
    func isAlive(_ change: (inout NodeFacts) -> Void) throws -> Bool? {
      let model = try ModelFixture.model { $0.change(server.node, change) }
      let found = model.dhcpServers.first { $0.key == server.key }
      return try #require(found).isAlive
    }
    #expect(try isAlive { $0.processes.records.removeAll { $0.pid == server.processID } } == false)
    #expect(try isAlive { $0.processes = .unread } == nil)
  }

  @Test func aPortWithAnotherTagThanItsNetwork() throws {
    let whole = try ModelFixture.whole()
    let port = try #require(whole.ports.first { $0.owner == .server })
    let location = try #require(port.locations.first)
    let model = try ModelFixture.model { facts in
      facts.change(location.node) { node in
        for index in node.openVSwitch.database.records[0].ports.indices
        where node.openVSwitch.database.records[0].ports[index].name == location.switchPort {
          node.openVSwitch.database.records[0].ports[index].tag = VLANID(4095)
        }
      }
    }
    #expect(model.port(port.id)?.locations.first?.tag == VLANID(4095))
    #expect(model.network(port.network)?.localVLANs == whole.network(port.network)?.localVLANs)
    let shown = try model.show(.ports, name: port.name, facts: ModelFixture.facts())[0]
    #expect(shown.rendered().contains("4095 (dead)"))
  }

  @Test func aPortThatNoNodeHasIsBoundAndNotFound() throws {
    let whole = try ModelFixture.whole()
    let port = try #require(whole.ports.first { $0.owner == .server })
    let host = try #require(port.boundHost)
    let model = try ModelFixture.model { facts in
      facts.nodes.removeAll { $0.name == port.boundNode }
    }
    #expect(model.port(port.id)?.origin == .api)
    let shown = try model.show(.ports, name: port.name, facts: ModelFixture.facts())[0]
    #expect(shown.rendered().contains("\(host) (bound, not found)"))
  }

  @Test func nothingIsAModelOfNothing() {
    let model = CloudModel(CloudFacts())
    #expect(model.networks.isEmpty && model.nodes.isEmpty && !model.hasAPI)
    for topic in ShowTopic.allCases {
      #expect(throws: Never.self) { try model.show(topic, facts: CloudFacts()) }
    }
  }
}
