-- title: A port's zone of connection tracking is a local VLAN that the switch tracks as well
-- severity: critical
-- precision: certain
-- population: ports with a zone: SELECT count(*) FROM v_port_conntrack_zone
-- why: Zones up to 4095 belong to the switch, which takes a network's local VLAN for its zone. A
--   port whose iptables rules use such a zone shares its connections with a whole network: replies
--   get through that no rule allows.
-- fix: Restart the node's Open vSwitch agent; agents of Queens and later take zones from 4097 on.
-- references: LP1745642
-- needs: iptables, ip6tables, openflow-flows, ovsdb-dump
WITH tracking AS (
  SELECT DISTINCT node FROM flow WHERE actions LIKE '%zone=NXM_NX_REG6%'
)
SELECT z.node || ' port ' || z.owner AS subject,
  'has zone ' || z.zone || ', which is the local VLAN of '
    || coalesce(nullif(v.network_name, ''), v.network) || ' and its zone in the switch' AS message,
  z.file, z.line
FROM tracking t
JOIN v_port_conntrack_zone z ON z.node = t.node
JOIN v_network_local_vlan v ON v.node = z.node AND v.local_vlan = z.zone
ORDER BY 1, 3, 4;

/* test: zone 2 is VLAN 2
INSERT INTO iptables_rule (node, table_name, target, physical_in, ct_zone)
  VALUES ('n1', 'raw', 'CT', 'tap00000001-00', 2);
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net', '{"tag":"2"}');
INSERT INTO flow (id, node, bridge, actions)
  VALUES (1, 'n1', 'br-int', 'ct(table=72,zone=NXM_NX_REG6[0..15])');
expect: n1 port 00000001-00
*/
/* test: above them, or a node whose switch tracks nothing
INSERT INTO iptables_rule (node, table_name, target, physical_in, ct_zone) VALUES
  ('n1', 'raw', 'CT', 'tap00000001-00', 4098), ('n2', 'raw', 'CT', 'tap00000002-00', 2);
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config) VALUES
  ('n1', 'br-int', 'tap1', 2, 'net', '{"tag":"2"}'),
  ('n2', 'br-int', 'tap2', 2, 'net', '{"tag":"2"}');
INSERT INTO flow (id, node, bridge, actions)
  VALUES (1, 'n1', 'br-int', 'ct(table=72,zone=NXM_NX_REG6[0..15])');
expect: nothing
*/
