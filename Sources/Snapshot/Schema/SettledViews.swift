// The views as tables of one connection: many questions in a row ask the same views, and SQLite makes
// a view anew each time that it is named.
import GRDB

package enum SettledViews {
  /// What rules join by. SQLite takes an index for the columns that a join names first.
  private static let keys: [String: [[String]]] = [
    "v_place": [["file"]],
    "v_host_node": [["host"], ["node"]],
    "v_neutron_device": [["node", "namespace", "interface"], ["owner"]],
    "v_switch_port": [["node", "bridge", "ofport"], ["node", "name"], ["iface_id"]],
    "v_port_location": [["port"], ["node", "bridge"]],
    "v_network_local_vlan": [["node", "local_vlan"], ["node", "network"], ["network"]],
    "v_floating_ip_holder": [["floating_ip"], ["node", "namespace"]],
    "v_router_node": [["router"], ["node"]],
    "v_provider_bridge": [["node"]],
    "v_tunnel": [["node", "interface"], ["remote_node"]],
    "v_port_conntrack_zone": [["node", "zone"]],
  ]

  /// Temporary tables of the views' names, which the names then mean on this connection: to the views
  /// that come after them too.
  package static func make(in database: Database) throws {
    for view in SnapshotViews.all {
      try database.execute(sql: "CREATE TEMP TABLE \(view.name) AS \(view.sql)")
      for (number, columns) in (keys[view.name] ?? []).enumerated() {
        try database.execute(
          sql: """
            CREATE INDEX temp.\(view.name)_by_\(number) ON \(view.name)
            (\(columns.joined(separator: ", ")))
            """)
      }
    }
    try database.execute(sql: "ANALYZE temp")
  }

  package static func drop(in database: Database) throws {
    for view in SnapshotViews.all {
      try database.execute(sql: "DROP TABLE temp.\(view.name)")
    }
  }
}
