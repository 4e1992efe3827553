// Intent: security groups and the address pools that networks are carved out of.
import Facts
import GRDB
import NetworkTypes

enum NeutronSecurityTables {
  static let all: [ProjectedTable] = [
    group, rule, subnetPool, addressScope, addressGroup, rbacPolicy, object,
  ]

  private static let group = ProjectedTable(
    "neutron_security_group", "A security group.",
    [
      Column<NeutronSecurityGroup>.uuid { $0.id.rawValue },
      .text("name", "As its owner named it.") { $0.name },
      .optionalText("project", "Its owner.") { $0.project?.rawValue },
      .optionalFlag("is_stateful", "NULL where the answer does not say: stateful.") {
        $0.isStateful
      },
    ] + .evidence(\.evidence),
    rows: { $0.facts.neutron.securityGroups.records })

  private static let rule = ProjectedTable(
    "neutron_security_group_rule", "What a security group lets through.",
    [
      Column<NeutronSecurityGroupRule>.uuid { $0.id },
      .text("security_group", "The group.") { $0.group.rawValue },
      .text(
        "direction", "`ingress` is towards the guest.",
        check: "direction IN ('ingress', 'egress')", emptyText: "'ingress'"
      ) { $0.direction.rawValue },
      .family { $0.family },
      .optionalText("protocol", "A name or number; NULL for any.") { $0.protocolName },
      .optionalInteger("port_minimum", "ICMP: the type.") { $0.portMinimum },
      .optionalInteger("port_maximum", "ICMP: the code.") { $0.portMaximum },
      .optionalText("remote_prefix", "The far end.") { $0.remotePrefix?.description },
      .optionalText("remote_group", "The far end's group.") { $0.remoteGroup?.rawValue },
      .optionalText("remote_address_group", "The far end's address group.") {
        $0.remoteAddressGroup
      },
    ] + .evidence(\.evidence),
    indexes: ["security_group"],
    rows: { $0.facts.neutron.securityGroupRules.records })

  private static let subnetPool = ProjectedTable(
    "neutron_subnet_pool", "A pool that subnets are allocated from.",
    [
      Column<NeutronSubnetPool>.uuid { $0.id },
      .text("name", "As its owner named it.") { $0.name },
      .optionalText("project", "Its owner.") { $0.project?.rawValue },
      .list("prefixes", "What it holds.") { $0.prefixes.map(\.description) },
      .optionalText("address_scope", "Inside which no two addresses overlap.") {
        $0.addressScope
      },
    ] + .evidence(\.evidence),
    rows: { $0.facts.neutron.subnetPools.records })

  private static let addressScope = ProjectedTable(
    "neutron_address_scope", "An address scope.",
    [
      Column<NeutronAddressScope>.uuid { $0.id },
      .text("name", "As its owner named it.") { $0.name },
      .optionalText("project", "Its owner.") { $0.project?.rawValue },
      .flag("is_shared", "Every project may use it.") { $0.isShared },
    ] + .evidence(\.evidence),
    rows: { $0.facts.neutron.addressScopes.records })

  private static let rbacPolicy = ProjectedTable(
    "neutron_rbac_policy", "Who may use what of another project.",
    [
      Column<NeutronRBACPolicy>.uuid { $0.id },
      .text("object_type", "`network`, `security_group`, ….") { $0.objectType },
      .text("object_id", "The object.") { $0.objectID },
      .text("action", "`access_as_shared`, `access_as_external`.") { $0.action },
      .text("target_project", "A project, or `*`.") { $0.targetProject },
    ] + .evidence(\.evidence),
    rows: { $0.facts.neutron.rbacPolicies.records })

  private static let addressGroup = ProjectedTable(
    "neutron_address_group", "Addresses that security group rules refer to together.",
    [
      Column<NeutronAddressGroup>.uuid { $0.id },
      .text("name", "As its owner named it.") { $0.name },
      .optionalText("project", "Its owner.") { $0.project?.rawValue },
      .list("prefixes", "What it holds.") { $0.addresses.map(\.description) },
    ] + .evidence(\.evidence),
    rows: { $0.facts.neutron.addressGroups.records })

  private static let object = ProjectedTable(
    "neutron_object", "An object of any other collection of the API, whole.",
    [
      Column<(collection: String, object: NeutronObject)>.text(
        "collection", "`extensions`, `service-providers`, …."
      ) { $0.collection },
      .text("id", "Empty where it has none.") { $0.object.id },
      .text("name", "Empty where it has none.") { $0.object.name },
      .object("attributes", "Each as JSON text.") { $0.object.extra },
    ] + .evidence(\.object.evidence),
    rows: { source in
      source.facts.neutron.others.sorted { $0.key < $1.key }.flatMap { collection, section in
        section.records.map { (collection, $0) }
      }
    })
}
