// The model of a healthy cloud is what Neutron was asked for, found on the nodes.
import Facts
import NetworkTypes
import Testing

@testable import LogicalModel

@Suite struct HealthyModelTests {
  @Test func everyThingOfTheAPIIsThereAndOnTheNodes() throws {
    let (facts, model) = (try ModelFixture.facts().neutron, try ModelFixture.whole())
    #expect(Set(model.networks.map(\.id)) == Set(facts.networks.records.map(\.id)))
    #expect(Set(model.ports.map(\.id)) == Set(facts.ports.records.map(\.id)))
    #expect(Set(model.routers.map(\.id)) == Set(facts.routers.records.map(\.id)))
    #expect(Set(model.floatingIPs.map(\.id)) == Set(facts.floatingIPs.records.map(\.id)))
    #expect(model.subnets.count == facts.subnets.records.count)
    #expect(model.securityGroups.flatMap(\.rules).count == facts.securityGroupRules.records.count)
    #expect(model.networks.allSatisfy { $0.origin == .both })
    #expect(model.routers.allSatisfy { $0.origin == .both })
    #expect(model.floatingIPs.allSatisfy { $0.origin == .both })
    #expect(model.portForwardings.allSatisfy { $0.origin == .both && $0.places.count == 1 })
  }

  @Test func everyPluggedPortIsLocatedWhereItIsBound() throws {
    let model = try ModelFixture.whole()
    for port in model.ports where port.owner.isPlugged {
      let nodes = port.locations.map(\.node)
      #expect(!nodes.isEmpty, "\(port.id)")
      if let bound = port.boundNode { #expect(nodes.contains(bound), "\(port.id)") }
      if port.owner == .server { #expect(nodes == [port.boundNode], "\(port.id)") }
    }
    #expect(model.ports.filter { !$0.owner.isPlugged }.allSatisfy { $0.locations.isEmpty })
  }

  @Test func everyPortIsInItsNetworksLocalVLAN() throws {
    let model = try ModelFixture.whole()
    for port in model.ports {
      for location in port.locations {
        let vlans = try #require(model.network(port.network)).vlans(on: location.node)
        #expect(vlans.count == 1 && location.tag == vlans.first, "\(port.id) \(location.node)")
        #expect(location.bridge == "br-int" && location.openFlowPort != nil)
      }
    }
  }

  @Test func guestsPlugThroughALinuxBridgeWhereTheirPortSaysSo() throws {
    let (facts, model) = (try ModelFixture.facts(), try ModelFixture.whole())
    for record in facts.neutron.ports.records where record.deviceOwner.hasPrefix("compute:") {
      let location = try #require(model.port(record.id)?.locations.first)
      #expect((location.linuxBridge != nil) == record.isHybridPlugged)
      #expect(location.interface.rawValue.hasPrefix("tap") && location.namespace == .root)
    }
  }

  @Test func routersDevicesHoldTheirPortsAddresses() throws {
    let model = try ModelFixture.whole()
    for router in model.routers {
      let active = router.places.filter { $0.isActive == true }.map(\.key)
      for interface in router.interfaces + router.centralInterfaces {
        let port = try #require(model.port(interface.port))
        let held = port.locations.filter { location in
          active.contains(NamespaceKey(location.node, location.namespace))
        }
        #expect(!held.isEmpty)
        for location in held {
          #expect(Set(location.addresses.map(\.address)).isSuperset(of: interface.addresses))
        }
      }
    }
  }

  @Test func modesAndActiveNodes() throws {
    let (facts, model) = (try ModelFixture.facts().neutron, try ModelFixture.whole())
    for record in facts.routers.records {
      let router = try #require(model.router(record.id))
      #expect(router.mode.isHA == record.isHA && router.mode.isDistributed == record.isDistributed)
      if router.mode == .highlyAvailable {
        let reported = facts.routerAgents[record.id]?.records.filter { $0.haState == "active" }
        #expect(router.activeNodes.map(\.rawValue) == reported?.map(\.host))
        #expect(router.places.count == 2)
      }
      #expect(router.snatNodes.count == 1)
      #expect(router.gateway?.snatAddress == record.gateway?.fixedIPs.first?.address)
    }
  }

  /// A distributed router's live beside the guest, an HA router's on the active node, a legacy one's
  /// on its only node.
  @Test func everyFloatingIPIsServedOnTheOneRightNode() throws {
    let model = try ModelFixture.whole()
    for floating in model.floatingIPs {
      let router = try #require(model.router(floating.router))
      let expected =
        router.mode.isDistributed
        ? [model.port(floating.port)?.boundNode].compactMap { $0 } : router.activeNodes
      #expect(floating.servingNodes == expected, "\(floating.address)")
      let kind: FloatingIPPlace.Kind = router.mode.isDistributed ? .distributed : .router
      #expect(floating.places.filter { $0.isServing == true }.map(\.kind) == [kind])
      #expect(floating.places.allSatisfy { !$0.evidence.isEmpty })
    }
  }

  @Test func dhcpServersRunWhereTheAPISchedulesThem() throws {
    let (facts, model) = (try ModelFixture.facts().neutron, try ModelFixture.whole())
    let scheduled = facts.dhcpAgents.flatMap { network, section in
      section.records.map { "\(network) \($0.host)" }
    }
    let running = model.dhcpServers.filter { $0.isAlive == true }
    #expect(running.count == model.dhcpServers.count && !running.isEmpty)
    for server in running {
      #expect(scheduled.contains("\(server.network) \(server.node)"))
      #expect(server.port != nil && !server.addresses.isEmpty && !server.ranges.isEmpty)
      let wanted = Set(model.port(server.port)?.addresses ?? [])
      #expect(Set(server.addresses) == wanted)
    }
  }

  @Test func agentsAreAliveAndRun() throws {
    let model = try ModelFixture.whole()
    #expect(model.agents.allSatisfy { $0.isAlive == true && $0.isRunning == true })
    #expect(model.agents.allSatisfy { $0.origin == .both && $0.node != nil })
    #expect(model.metadataProxies.allSatisfy { $0.isAlive == true && !$0.ports.isEmpty })
    #expect(model.nodes.allSatisfy { $0.tunnelAddress != nil && !$0.bridgeMappings.isEmpty })
  }
}

/// What nodes know without the API is the same as with it.
@Suite struct NodesAloneTests {
  @Test func theSameNetworksAndLocalVLANs() throws {
    let (whole, alone) = (try ModelFixture.whole(), try ModelFixture.nodesAlone())
    #expect(!alone.hasAPI && alone.networks.allSatisfy { $0.origin == .nodes })
    #expect(Set(alone.networks.map(\.id)) == Set(whole.networks.map(\.id)))
    for network in alone.networks {
      let wanted = try #require(whole.network(network.id))
      #expect(network.segments == wanted.segments && network.isExternal == wanted.isExternal)
      #expect(network.localVLANs == wanted.localVLANs)
    }
  }

  @Test func theSamePortsWithTheirAddressesAndPlaces() throws {
    let (whole, alone) = (try ModelFixture.whole(), try ModelFixture.nodesAlone())
    let plugged = whole.ports.filter(\.owner.isPlugged)
    #expect(Set(alone.ports.map(\.id)) == Set(plugged.map(\.id)))
    for wanted in plugged {
      let port = try #require(alone.port(wanted.id))
      #expect(port.network == wanted.network && port.mac == wanted.mac, "\(port.id)")
      #expect(port.owner == wanted.owner && port.locations == wanted.locations, "\(port.id)")
      #expect(port.server == wanted.server && port.router == wanted.router, "\(port.id)")
      #expect(Set(port.addresses) == Set(wanted.addresses), "\(port.id)")
    }
  }

  @Test func theSameSubnetsButForVRRPs() throws {
    let (whole, alone) = (try ModelFixture.whole(), try ModelFixture.nodesAlone())
    for wanted in whole.subnets where wanted.origin.contains(.nodes) {
      let subnet = try #require(
        alone.subnets.first { $0.network == wanted.network && $0.cidr == wanted.cidr })
      #expect(subnet.gateway == wanted.gateway, "\(wanted.cidr)")
      #expect(subnet.id == nil || subnet.id == wanted.id)
    }
    #expect(alone.subnets.count == whole.subnets.filter { $0.origin.contains(.nodes) }.count)
  }

  @Test func theSameRoutersAndFloatingIPs() throws {
    let (whole, alone) = (try ModelFixture.whole(), try ModelFixture.nodesAlone())
    #expect(alone.routers.count == whole.routers.count)
    for wanted in whole.routers {
      let router = try #require(alone.router(wanted.id))
      #expect(router.mode == wanted.mode && router.activeNodes == wanted.activeNodes)
      #expect(Set(router.interfaces) == Set(wanted.interfaces))
      #expect(router.gateway == wanted.gateway)
    }
    #expect(alone.floatingIPs.map(\.address) == whole.floatingIPs.map(\.address))
    for (floating, wanted) in zip(alone.floatingIPs, whole.floatingIPs) {
      #expect(floating.servingNodes == wanted.servingNodes && floating.port == wanted.port)
      #expect(floating.fixedAddress == wanted.fixedAddress)
    }
    #expect(
      alone.portForwardings.map(\.internalAddress) == whole.portForwardings.map(\.internalAddress))
    #expect(alone.portForwardings.map(\.port) == whole.portForwardings.map(\.port))
  }

  @Test func serversKeepTheirNames() throws {
    let (whole, alone) = (try ModelFixture.whole(), try ModelFixture.nodesAlone())
    #expect(alone.servers.map(\.name) == whole.servers.map(\.name))
    #expect(alone.servers.map(\.ports) == whole.servers.map(\.ports))
    #expect(alone.servers.allSatisfy { !$0.name.isEmpty && $0.node != nil })
  }
}
