-- title: A port is wired into another network's local VLAN
-- severity: critical
-- precision: certain
-- population: ports of switches: SELECT count(*) FROM v_switch_port
-- why: On a node, a network is a local VLAN of the integration bridge. A port with another network's
--   VLAN hears and reaches that network's guests, whoever owns them, and no longer its own.
-- fix: Restart the node's Open vSwitch agent, which sets the port's tag again; if two networks share a
--   VLAN, clean the other_config of their ports first.
-- references: LP2071451, LP1764738
-- needs: ovsdb-dump, neutron-networks, neutron-ports
WITH wrong AS (
  SELECT p.node, p.name, p.iface_id, p.network, p.tag, p.file, p.line,
    'is in VLAN ' || p.tag || ', its network '
      || coalesce(nullif(n.name, ''), p.network, '?') || ' is VLAN ' || p.noted_tag || ' there'
      || coalesce((
        SELECT '; ' || p.tag || ' is ' || group_concat(coalesce(nullif(v.network_name, ''), v.network), ', ')
        FROM v_network_local_vlan v WHERE v.node = p.node AND v.local_vlan = p.tag), '') AS message
  FROM v_switch_port p LEFT JOIN neutron_network n ON n.id = p.network
  WHERE p.tag BETWEEN 1 AND 4094 AND p.noted_tag BETWEEN 1 AND 4094 AND p.tag <> p.noted_tag
  UNION ALL
  SELECT p.node, p.name, i.iface_id, n.network, p.tag, p.file, p.line,
    'is wired as a port of network ' || p.network || ', Neutron has it in ' || n.network
  FROM ovs_port p
  JOIN ovs_interface i ON i.node = p.node AND i.port = p.name
  JOIN neutron_port n ON n.id = i.iface_id
  WHERE p.network IS NOT NULL AND p.network <> n.network AND p.tag BETWEEN 1 AND 4094
),
shared AS (
  SELECT a.node, a.local_vlan, a.file, a.line,
    'VLAN ' || a.local_vlan || ' is both '
      || coalesce(nullif(a.network_name, ''), a.network) || ' and '
      || coalesce(nullif(b.network_name, ''), b.network) AS message
  FROM v_network_local_vlan a JOIN v_network_local_vlan b
    ON b.node = a.node AND b.local_vlan = a.local_vlan AND a.network < b.network
)
SELECT w.node || ' ' || w.name AS subject,
  coalesce((SELECT nullif(name, '') || ' ' FROM neutron_port WHERE id = w.iface_id), '') || w.message
    AS message,
  w.file, w.line
FROM wrong w
UNION ALL
SELECT node || ' VLAN ' || local_vlan, message, file, line FROM shared
ORDER BY 1;

/* test: a tag other than the one that the agent noted
INSERT INTO neutron_network (id, name) VALUES ('a', 'blue'), ('b', 'red');
INSERT INTO ovs_interface (node, name, port) VALUES ('n1', 'tap1', 'tap1'), ('n1', 'tap2', 'tap2');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config) VALUES
  ('n1', 'br-int', 'tap1', 2, 'a', '{"tag":"1"}'), ('n1', 'br-int', 'tap2', 2, 'b', '{"tag":"2"}');
expect: n1 tap1
*/
/* test: two networks with one VLAN on a node
INSERT INTO ovs_interface (node, name, port) VALUES ('n1', 'tap1', 'tap1'), ('n1', 'tap2', 'tap2');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config) VALUES
  ('n1', 'br-int', 'tap1', 2, 'a', '{"tag":"2"}'), ('n1', 'br-int', 'tap2', 2, 'b', '{"tag":"2"}');
expect: n1 VLAN 2
*/
/* test: wired as a port of a network that Neutron does not have it in
INSERT INTO neutron_port (id, network) VALUES ('p', 'b');
INSERT INTO ovs_interface (node, name, port, iface_id) VALUES ('n1', 'tap1', 'tap1', 'p');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config)
  VALUES ('n1', 'br-int', 'tap1', 2, 'a', '{"tag":"2"}');
expect: n1 tap1
*/
/* test: one VLAN for different networks on different nodes, and the dead VLAN
INSERT INTO ovs_interface (node, name, port) VALUES ('n1', 'tap1', 'tap1'), ('n2', 'tap2', 'tap2'), ('n2', 'tap3', 'tap3');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config) VALUES
  ('n1', 'br-int', 'tap1', 2, 'a', '{"tag":"2"}'), ('n2', 'br-int', 'tap2', 2, 'b', '{"tag":"2"}'),
  ('n2', 'br-int', 'tap3', 4095, 'a', '{"tag":"3"}');
expect: nothing
*/
