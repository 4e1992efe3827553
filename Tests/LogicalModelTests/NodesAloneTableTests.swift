// The model from nodes alone beside the model with the API, property by property: equal for every
// object, but for what nodes cannot show, which is listed with the reason.
import Facts
import NetworkTypes
import Testing

@testable import LogicalModel

/// A property of one kind of object: for each object its value with the API and without.
struct ComparedProperty: Sendable, CustomStringConvertible {
  var description: String
  /// Why nodes cannot show it; nil where they must.
  var why: String?
  var values: @Sendable (CloudModel) -> [String: String]

  static func of<Item>(
    _ description: String, butFor why: String? = nil,
    _ items: @escaping @Sendable (CloudModel) -> [Item],
    _ key: @escaping @Sendable (Item) -> String,
    _ value: @escaping @Sendable (Item) -> (any CustomStringConvertible)?
  ) -> ComparedProperty {
    ComparedProperty(description: description, why: why) { model in
      var found: [String: String] = [:]
      for item in items(model) { found[key(item)] = value(item)?.description ?? "none" }
      return found
    }
  }
}

@Suite struct NodesAloneTableTests {
  @Test(arguments: networks + subnets + ports + routers + floatingIPs + services)
  func thePropertyIsTheSame(_ property: ComparedProperty) throws {
    let with = property.values(try ModelFixture.whole())
    let without = property.values(try ModelFixture.nodesAlone())
    if property.why == nil {
      #expect(with == without)
      #expect(!with.isEmpty)
    } else {
      #expect(with != without, "the nodes do show it")
    }
  }

  @Test func everyItemOfTheNodesSaysWhereItIsKnownFrom() throws {
    let alone = try ModelFixture.nodesAlone()
    #expect(alone.ports.allSatisfy { !$0.evidence.isEmpty && $0.origin == .nodes })
    #expect(alone.subnets.allSatisfy { !$0.evidence.isEmpty && $0.origin == .nodes })
    #expect(alone.servers.allSatisfy { !$0.evidence.isEmpty && $0.origin == .nodes })
    #expect(alone.floatingIPs.allSatisfy { !$0.evidence.isEmpty && $0.origin == .nodes })
    #expect(alone.networks.flatMap(\.localVLANs).allSatisfy { $0.evidence.line > 0 })
  }

  static func text(_ value: (any CustomStringConvertible)?) -> String {
    value?.description ?? "none"
  }

  static let networks: [ComparedProperty] = [
    .of("networks", { $0.networks }, { $0.id.rawValue }, { _ in "there" }),
    .of("segments", { $0.networks }, { $0.id.rawValue }, { "\($0.segments)" }),
    .of("MTU", { $0.networks }, { $0.id.rawValue }, { $0.mtuBytes }),
    .of("external", { $0.networks }, { $0.id.rawValue }, { "\($0.isExternal)" }),
    .of("local VLANs", { $0.networks }, { $0.id.rawValue }, { "\($0.localVLANs.map(\.vlan))" }),
    .of(
      "names of networks", butFor: "agents work with ids", { $0.networks }, { $0.id.rawValue },
      { $0.name }),
    .of(
      "projects of networks", butFor: "agents do not know them", { $0.networks },
      { $0.id.rawValue }, { $0.project }),
  ]

  /// VRRP's own subnet is no tenant's: its addresses are link-local ones.
  @Sendable static func tenants(_ model: CloudModel) -> [Subnet] {
    model.subnets.filter { !$0.cidr.address.isLinkLocal }
  }
  @Sendable static func key(_ subnet: Subnet) -> String { "\(subnet.network) \(subnet.cidr)" }

  static let subnets: [ComparedProperty] = [
    .of("subnets", tenants, key, { _ in "there" }),
    .of("gateways", tenants, key, { $0.gateway }),
    .of("name servers of subnets", tenants, key, { "\($0.dnsServers)" }),
    .of(
      "ids of subnets", butFor: "only DHCP's tags hold them: not where DHCP is off", tenants, key,
      { $0.id }),
    .of(
      "pools", butFor: "Neutron gives addresses out, no node does", tenants, key,
      {
        "\($0.pools)"
      }),
  ]

  @Sendable static func plugged(_ model: CloudModel) -> [Port] {
    model.ports.filter(\.owner.isPlugged)
  }
  @Sendable static func id(_ port: Port) -> String { port.id.rawValue }

  static let ports: [ComparedProperty] = [
    .of("ports", plugged, id, { _ in "there" }),
    .of(
      "ports of floating IPs", butFor: "never plugged",
      { $0.ports.filter { !$0.owner.isPlugged } }, id, { _ in "there" }),
    .of("networks of ports", plugged, id, { $0.network }),
    .of("MAC addresses", plugged, id, { $0.mac }),
    .of("addresses", plugged, id, { "\($0.addresses.sorted())" }),
    .of("owners", plugged, id, { $0.owner }),
    .of("servers of ports", plugged, id, { $0.server }),
    .of("routers of ports", plugged, id, { $0.router }),
    .of("places", plugged, id, { "\($0.locations)" }),
    .of("names of ports", butFor: "agents work with ids", plugged, id, { $0.name }),
    .of(
      "security groups of ports", butFor: "rules are made of them, without their ids", plugged, id,
      {
        "\($0.securityGroups)"
      }),
    .of("servers", { $0.servers }, { $0.id.rawValue }, { _ in "there" }),
    .of("names of servers", { $0.servers }, { $0.id.rawValue }, { $0.name }),
    .of("nodes of servers", { $0.servers }, { $0.id.rawValue }, { $0.node }),
    .of("ports of servers", { $0.servers }, { $0.id.rawValue }, { "\($0.ports)" }),
  ]

  static let routers: [ComparedProperty] = [
    .of("routers", { $0.routers }, { $0.id.rawValue }, { _ in "there" }),
    .of("modes", { $0.routers }, { $0.id.rawValue }, { $0.mode }),
    .of("active nodes", { $0.routers }, { $0.id.rawValue }, { "\($0.activeNodes)" }),
    .of("nodes of source NAT", { $0.routers }, { $0.id.rawValue }, { "\($0.snatNodes)" }),
    .of("VRRP groups", { $0.routers }, { $0.id.rawValue }, { "\($0.vrrpGroups)" }),
    .of(
      "gateways of routers", { $0.routers }, { $0.id.rawValue },
      {
        $0.gateway.map { "\($0)" }
      }),
    .of(
      "interfaces", { $0.routers }, { $0.id.rawValue },
      {
        $0.interfaces.map { "\($0)" }.sorted().joined()
      }),
    .of("namespaces", { $0.routers }, { $0.id.rawValue }, { "\($0.places.map(\.key))" }),
    .of(
      "names of routers", butFor: "agents work with ids", { $0.routers }, { $0.id.rawValue },
      {
        $0.name
      }),
  ]

  static let floatingIPs: [ComparedProperty] = [
    .of("floating IPs", { $0.floatingIPs }, { "\($0.address)" }, { _ in "there" }),
    .of("their guests", { $0.floatingIPs }, { "\($0.address)" }, { $0.port }),
    .of("their fixed addresses", { $0.floatingIPs }, { "\($0.address)" }, { $0.fixedAddress }),
    .of("their routers", { $0.floatingIPs }, { "\($0.address)" }, { $0.router }),
    .of("who serves them", { $0.floatingIPs }, { "\($0.address)" }, { "\($0.servingNodes)" }),
    .of(
      "their ids", butFor: "rules hold addresses", { $0.floatingIPs }, { "\($0.address)" },
      {
        $0.id
      }),
    .of(
      "port forwardings", { $0.portForwardings }, { "\($0.address) \(text($0.externalPorts))" },
      {
        "\($0.protocolName) \(text($0.internalAddress)) \(text($0.internalPorts)) \(text($0.port)) \($0.places)"
      }),
  ]

  static let services: [ComparedProperty] = [
    .of(
      "DHCP servers", { $0.dhcpServers }, { "\($0.key)" },
      {
        "\($0.isAlive == true) \($0.addresses) \(text($0.port))"
      }),
    .of(
      "metadata proxies", { $0.metadataProxies }, { "\($0.key)" },
      {
        "\($0.scope) \($0.isAlive == true)"
      }),
    .of("roles", { $0.nodes }, { $0.name.rawValue }, { "\($0.roles)" }),
    .of("interfaces of nodes", { $0.nodes }, { $0.name.rawValue }, { "\($0.interfaces)" }),
    .of("tunnel addresses", { $0.nodes }, { $0.name.rawValue }, { $0.tunnelAddress }),
    .of(
      "agents", butFor: "a process does not say what Neutron last heard", { $0.agents },
      {
        "\($0.host) \($0.binary)"
      }, { "\($0.isAlive == true)" }),
    .of(
      "security groups", butFor: "what is enforced stands in rules and flows: `show vm`",
      { $0.securityGroups }, { $0.id.rawValue }, { $0.name }),
  ]
}
