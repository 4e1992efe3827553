-- title: The iptables firewall cannot see a port
-- severity: critical
-- precision: certain
-- population: filtered ports: SELECT count(*) FROM neutron_port WHERE is_port_security_enabled
-- why: With the iptables_hybrid driver a guest's packets are filtered on a Linux bridge between its
--   tap and the switch. This port is plugged into the switch itself, where iptables sees nothing:
--   it is not filtered at all.
-- fix: Detach the interface from the server and attach it again, so that it is plugged as the
--   node's agent wants it, or migrate the server; check firewall_driver of the server and of the
--   node's agent.
-- references: LP1560957, LP1669074
-- needs: ovsdb-dump, openflow-flows, neutron-ports
WITH hybrid AS (
  SELECT node, min(value) AS driver FROM agent_option
  WHERE section = 'securitygroup' AND name = 'firewall_driver'
  GROUP BY node
  -- Where the node's files do not agree, it is not known which the agent reads.
  HAVING min(lower(value) LIKE '%hybrid%') = 1
), filtered AS MATERIALIZED (
  SELECT f.node, f.bridge, m.value AS ofport
  FROM flow f CROSS JOIN flow_match m ON m.flow = f.id AND m.field = 'in_port'
  WHERE f.table_id = 60 AND m.value IS NOT NULL
), bare AS MATERIALIZED (
  -- Plugged into the switch, and no flows of the openvswitch driver filter it there.
  SELECT p.node, p.name, p.bridge, coalesce(nullif(n.name, ''), n.id) AS port, p.file, p.line
  FROM v_switch_port p
  JOIN neutron_port n ON n.id = p.iface_id
  WHERE coalesce(n.is_port_security_enabled, 1) AND n.device_owner LIKE 'compute:%'
    AND n.vif_type IN ('ovs', 'vhostuser')
    AND p.tag BETWEEN 1 AND 4094 AND (p.name LIKE 'tap%' OR p.name LIKE 'vhu%')
    AND NOT EXISTS (
      SELECT 1 FROM gap g WHERE g.node = p.node AND g.format IN ('ovsdb-dump', 'openflow-flows'))
    AND EXISTS (SELECT 1 FROM flow f WHERE f.node = p.node AND f.bridge = p.bridge)
    AND NOT EXISTS (
      SELECT 1 FROM filtered f
      WHERE f.node = p.node AND f.bridge = p.bridge AND f.ofport = p.ofport)
)
SELECT b.node || ' ' || b.port AS subject,
  b.name || ' is a port of ' || b.bridge || ' itself, and the node''s firewall_driver is '
    || h.driver AS message,
  b.file, b.line
FROM hybrid h JOIN bare b ON b.node = h.node
UNION ALL
SELECT DISTINCT 'node ' || b.node || ': its firewall_driver was not captured', NULL, NULL, NULL
FROM bare b
WHERE NOT EXISTS (
  SELECT 1 FROM agent_option o
  WHERE o.node = b.node AND o.section = 'securitygroup' AND o.name = 'firewall_driver')
ORDER BY 1;

/* test: a tap on the switch
INSERT INTO agent_option (node, section, name, value)
  VALUES ('n1', 'securitygroup', 'firewall_driver', 'iptables_hybrid');
INSERT INTO neutron_port (id, name, device_owner, vif_type)
  VALUES ('p', 'web', 'compute:nova', 'ovs');
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'tap1', 2);
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 7, 'p');
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-int', 0);
expect: n1 web
*/
/* test: plugged by a Linux bridge, unfiltered on purpose, or a node with the other driver
INSERT INTO agent_option (node, section, name, value) VALUES
  ('n1', 'securitygroup', 'firewall_driver', 'iptables_hybrid'),
  ('n2', 'securitygroup', 'firewall_driver', 'openvswitch');
INSERT INTO neutron_port (id, name, device_owner, vif_type, is_port_security_enabled) VALUES
  ('p', 'web', 'compute:nova', 'ovs', 1), ('q', 'fw', 'compute:nova', 'ovs', 0),
  ('r', 'db', 'compute:nova', 'ovs', 1);
INSERT INTO ovs_port (node, bridge, name, tag) VALUES
  ('n1', 'br-int', 'qvo1', 2), ('n1', 'br-int', 'tap2', 2), ('n2', 'br-int', 'tap3', 2);
INSERT INTO ovs_interface (node, port, name, ofport, iface_id) VALUES
  ('n1', 'qvo1', 'qvo1', 7, 'p'), ('n1', 'tap2', 'tap2', 8, 'q'), ('n2', 'tap3', 'tap3', 9, 'r');
INSERT INTO flow (id, node, bridge, table_id)
  VALUES (1, 'n1', 'br-int', 0), (2, 'n2', 'br-int', 0);
expect: nothing
*/
/* test: an unfiltered port on a node whose agent's driver was not captured
INSERT INTO neutron_port (id, name, device_owner, vif_type)
  VALUES ('p', 'web', 'compute:nova', 'ovs');
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'tap1', 2);
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 7, 'p');
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-int', 0);
expect: unknown
*/
