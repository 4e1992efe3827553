// Users' words: what they mean, that two meanings stay two, and what is near where there is none.
import Facts
import NetworkTypes
import Testing

@testable import LogicalModel

@Suite struct ResolutionTests {
  @Test func everyNameIdAddressAndDeviceFindsItsThing() throws {
    let model = try ModelFixture.whole()
    for port in model.ports where port.owner.isPlugged {
      let item = ModelItem.port(port.id)
      #expect(model.resolve(port.id.rawValue).items.map(\.item) == [item])
      #expect(model.resolve(String(port.id.rawValue.prefix(8))).items.map(\.item) == [item])
      for address in port.addresses {
        #expect(model.resolve("\(address)", among: [.port]).items.map(\.item).contains(item))
      }
      for location in port.locations {
        #expect(model.resolve("\(location.interface)").items.map(\.item) == [item])
      }
      guard let mac = port.mac else { continue }
      #expect(model.resolve("\(mac)".uppercased()).items.map(\.item) == [item])
    }
    for server in model.servers {
      #expect(model.resolve(server.name).items.map(\.item) == [.server(server.id)])
      #expect(model.resolve(server.instanceName ?? "").items.map(\.item) == [.server(server.id)])
    }
    for router in model.routers {
      #expect(model.resolve(router.name).items.map(\.item) == [.router(router.id)])
    }
    for floating in model.floatingIPs {
      let item = ModelItem.floatingIP(floating.address, floating.router)
      #expect(model.resolve(floating.label).items.map(\.item) == [item])
    }
  }

  @Test func aFixedAddressOnTwoNetworksIsTwo() throws {
    let model = try ModelFixture.whole()
    let byAddress = Dictionary(grouping: model.ports.filter { $0.owner == .server }) {
      $0.addresses.first
    }
    let (address, ports) = try #require(byAddress.first { $0.value.count == 2 })
    guard case .several(let items) = model.resolve("\(try #require(address))") else {
      Issue.record("wanted two")
      return
    }
    #expect(Set(items.map(\.item)) == Set(ports.map { ModelItem.port($0.id) }))
    let networks = ports.compactMap { model.network($0.network)?.name }
    #expect(
      Set(items.map(\.reason)) == Set(networks.map { "fixed address on network \($0)" }))
  }

  @Test func aNameThatSeveralGroupsHaveIsAllOfThem() throws {
    let model = try ModelFixture.whole()
    let count = model.securityGroups.filter { $0.name == "default" }.count
    #expect(count > 1 && model.resolve("default").items.count == count)
    #expect(model.resolve("default", among: [.router]).items.isEmpty)
  }

  @Test func namespacesByNameAndByNode() throws {
    let model = try ModelFixture.whole()
    let router = try #require(model.routers.first { $0.mode == .highlyAvailable })
    let place = router.places[0]
    #expect(model.resolve(place.namespace.rawValue).items.count == 2)
    #expect(
      model.resolve("\(place.node)/\(place.namespace)").items.map(\.item)
        == [.namespace(place.key)])
    #expect(model.resolve("\(place.node):root").items.count == 1)
  }

  @Test func namesThatDifferInCaseAndNamesThatBeginSo() throws {
    let model = try ModelFixture.whole()
    let router = try #require(model.routers.first)
    #expect(model.resolve(router.name.uppercased()).items.map(\.item) == [.router(router.id)])
    let beginning = String(router.name.dropLast())
    #expect(model.resolve(beginning, among: [.router]).items.map(\.item) == [.router(router.id)])
    #expect(model.resolve("rou", among: [.router]).items.isEmpty)
  }

  @Test func aMissSuggestsWhatIsNear() throws {
    let model = try ModelFixture.whole()
    let router = try #require(model.routers.first)
    let mistyped = router.name.replacing("router", with: "ruoter")
    guard case .none(let suggestions) = model.resolve(mistyped) else {
      Issue.record("wanted no match")
      return
    }
    #expect(suggestions.first == router.name && suggestions.count <= 5)
    #expect(model.resolve("zzzzzzzz") == .none(suggestions: []))
    #expect(model.resolve("") == .none(suggestions: []))
  }

  @Test func theErrorOfAMiss() throws {
    let model = try ModelFixture.whole()
    let error = UnknownName(name: "web\u{1b}[2J", topic: .routers, suggestions: ["web1"])
    #expect(
      error.description
        == #"nothing is called 'web\x1b[2J': wanted the name, id or address of a "#
        + "network, node, router; did you mean web1?")
    #expect(throws: UnknownName.self) {
      try model.show(.routers, name: "zzzz", facts: ModelFixture.facts())
    }
  }
}
