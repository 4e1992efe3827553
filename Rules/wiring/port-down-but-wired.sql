-- title: A port that is administratively down still carries traffic
-- severity: high
-- precision: certain
-- population: ports that are administratively down: SELECT count(*) FROM neutron_port WHERE NOT
--   is_admin_up
-- why: The agent moves a port that is switched off to VLAN 4095 and drops all that comes from it.
--   Here neither was done: whoever was to be cut off is still in the network.
-- fix: Toggle the port (openstack port set --enable PORT, then --disable); if it stays, restart the
--   node's Open vSwitch agent.
-- references: LP1930414
-- needs: ovsdb-dump, openflow-flows, neutron-ports
SELECT p.node || ' ' || p.name AS subject,
  'port ' || coalesce(nullif(n.name, ''), n.id) || ' is administratively down and in VLAN ' || p.tag
    AS message,
  p.file, p.line
FROM neutron_port n
CROSS JOIN ovs_interface i ON i.iface_id = n.id
CROSS JOIN ovs_port p ON p.node = i.node AND p.name = i.port
WHERE NOT n.is_admin_up AND p.tag BETWEEN 1 AND 4094 AND i.ofport > 0
  AND i.type NOT IN ('patch', 'vxlan', 'gre', 'geneve')
  AND NOT EXISTS (SELECT 1 FROM json_each(p.trunks) WHERE value = '4095')
  AND EXISTS (
    SELECT 1 FROM flow f WHERE f.node = p.node AND f.bridge = p.bridge AND f.table_id = 0)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'openflow-flows' AND g.node = p.node)
  AND NOT EXISTS (
    SELECT 1 FROM flow f JOIN flow_match m ON m.flow = f.id AND m.field = 'in_port'
    WHERE f.node = p.node AND f.bridge = p.bridge AND f.table_id = 0 AND f.actions = 'drop'
      AND m.value = i.ofport
      AND NOT EXISTS (SELECT 1 FROM flow_match o WHERE o.flow = f.id AND o.field <> 'in_port'))
ORDER BY 1;

/* test: still in its VLAN
INSERT INTO neutron_port (id, name, is_admin_up) VALUES ('p', 'web', 0);
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'tap1', 3);
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 7, 'p');
INSERT INTO flow (id, node, bridge, table_id, actions)
  VALUES (1, 'n1', 'br-int', 0, 'goto_table:60');
expect: n1 tap1
*/
/* test: dropped by a flow, dead, or up
INSERT INTO neutron_port (id, name, is_admin_up)
  VALUES ('p', 'web', 0), ('q', 'db', 0), ('r', 'up', 1);
INSERT INTO ovs_port (node, bridge, name, tag) VALUES
  ('n1', 'br-int', 'tap1', 3), ('n1', 'br-int', 'tap2', 4095), ('n1', 'br-int', 'tap3', 3);
INSERT INTO ovs_interface (node, port, name, ofport, iface_id) VALUES
  ('n1', 'tap1', 'tap1', 7, 'p'), ('n1', 'tap2', 'tap2', 8, 'q'), ('n1', 'tap3', 'tap3', 9, 'r');
INSERT INTO flow (id, node, bridge, table_id, actions) VALUES (1, 'n1', 'br-int', 0, 'drop');
INSERT INTO flow_match (flow, position, field, value) VALUES (1, 0, 'in_port', 7);
expect: nothing
*/
/* test: the node's flows were not captured
INSERT INTO gap (node, path, format, reason)
  VALUES ('n1', 'ovs/dump-flows_br-int.txt', 'openflow-flows', 'missing');
INSERT INTO neutron_port (id, name, is_admin_up) VALUES ('p', 'web', 0);
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'tap1', 3);
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 7, 'p');
expect: unknown
*/
