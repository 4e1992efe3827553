-- title: Flows admit an address to a port that is no member of any group it admits
-- severity: critical
-- precision: certain
-- population: conjunctive flows: SELECT count(*) FROM flow WHERE actions LIKE 'conjunction%'
-- why: With the openvswitch firewall, a rule that admits a group is a conjunction of the group's
--   addresses and the admitted ports. An address that has left the group, or came with a reused
--   conjunction id, still gets in.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1934917, LP1907491
-- needs: openflow-flows, ovsdb-dump, neutron-ports, neutron-security-group-rules
WITH conjunction AS (
  SELECT f.id AS flow, f.node, f.bridge, f.table_id, a.value AS id, f.file, f.line
  FROM flow f JOIN flow_action a ON a.flow = f.id AND a.kind = 'conjunction'
),
-- IPv4 sources; the agent's register 5 holds the port's OpenFlow number.
source AS (
  SELECT c.*, printf('%d.%d.%d.%d', m.value >> 24, m.value >> 16 & 255, m.value >> 8 & 255,
    m.value & 255) AS address
  FROM conjunction c
  JOIN flow_match m ON m.flow = c.flow AND m.field = 'nw_src' AND m.is_exact
),
admitting AS (
  SELECT DISTINCT c.node, c.bridge, c.table_id, c.id, p.iface_id AS port
  FROM conjunction c
  JOIN flow_match m ON m.flow = c.flow AND m.field = 'reg5' AND m.is_exact
  JOIN v_switch_port p ON p.node = c.node AND p.bridge = c.bridge AND p.ofport = m.value
  WHERE p.iface_id IS NOT NULL
),
admitted AS (
  SELECT s.port, r.remote_group, r.remote_address_group
  FROM neutron_port_security_group s
  JOIN neutron_security_group_rule r ON r.security_group = s.security_group
  WHERE r.direction = 'ingress' AND r.family = 4
    AND (r.remote_group IS NOT NULL OR r.remote_address_group IS NOT NULL)
),
member AS (
  SELECT s.security_group, f.address
  FROM neutron_port_security_group s JOIN neutron_fixed_ip f ON f.port = s.port
  UNION
  SELECT s.security_group, replace(a.prefix, '/32', '')
  FROM neutron_port_security_group s JOIN neutron_address_pair a ON a.port = s.port
)
SELECT s.node || ' ' || coalesce(nullif(p.name, ''), p.id) AS subject,
  s.address || ' is admitted by conjunction, and is in no group that the port''s rules admit'
    AS message,
  s.file, s.line
FROM source s
JOIN admitting a ON a.node = s.node AND a.bridge = s.bridge AND a.table_id = s.table_id
  AND a.id = s.id
JOIN neutron_port p ON p.id = a.port
WHERE NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.format IN ('neutron-ports', 'neutron-security-group-rules'))
  AND NOT EXISTS (
    SELECT 1 FROM admitted x JOIN member m ON m.security_group = x.remote_group
    WHERE x.port = p.id AND m.address = s.address)
  -- Address groups hold prefixes, which are not compared here.
  AND NOT EXISTS (
    SELECT 1 FROM admitted x WHERE x.port = p.id AND x.remote_address_group IS NOT NULL)
  -- A pair wider than one address may cover it.
  AND NOT EXISTS (
    SELECT 1 FROM admitted x
    JOIN neutron_port_security_group y ON y.security_group = x.remote_group
    JOIN neutron_address_pair z ON z.port = y.port
    WHERE x.port = p.id AND z.prefix NOT LIKE '%/32' AND z.prefix NOT LIKE '%:%')
ORDER BY 1, 2, 3, 4;

/* test: an address of no admitted group
INSERT INTO neutron_port (id, name) VALUES ('p', 'web'), ('q', 'client');
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'servers'), ('q', 'clients');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1'), ('q', '10.0.0.2');
INSERT INTO neutron_security_group_rule (id, security_group, direction, family, remote_group)
  VALUES ('r', 'servers', 'ingress', 4, 'clients');
INSERT INTO ovs_port (node, bridge, name) VALUES ('n1', 'br-int', 'tap1');
INSERT INTO ovs_interface (node, port, name, ofport, iface_id) VALUES ('n1', 'tap1', 'tap1', 7, 'p');
INSERT INTO flow (id, node, bridge, table_id)
  VALUES (1, 'n1', 'br-int', 82), (2, 'n1', 'br-int', 82), (3, 'n1', 'br-int', 82);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (1, 0, 'nw_src', 0x0a000002, 1), (2, 0, 'nw_src', 0x0a000003, 1), (3, 0, 'reg5', 7, 1);
INSERT INTO flow_action (flow, position, kind, value)
  VALUES (1, 0, 'conjunction', 8), (2, 0, 'conjunction', 8), (3, 0, 'conjunction', 8);
expect: n1 web
*/
/* test: members only, and another conjunction's addresses
INSERT INTO neutron_port (id, name) VALUES ('p', 'web'), ('q', 'client');
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'servers'), ('q', 'clients');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1'), ('q', '10.0.0.2');
INSERT INTO neutron_address_pair (port, prefix) VALUES ('q', '10.0.0.9/32');
INSERT INTO neutron_security_group_rule (id, security_group, direction, family, remote_group)
  VALUES ('r', 'servers', 'ingress', 4, 'clients');
INSERT INTO ovs_port (node, bridge, name) VALUES ('n1', 'br-int', 'tap1');
INSERT INTO ovs_interface (node, port, name, ofport, iface_id) VALUES ('n1', 'tap1', 'tap1', 7, 'p');
INSERT INTO flow (id, node, bridge, table_id) VALUES
  (1, 'n1', 'br-int', 82), (2, 'n1', 'br-int', 82), (3, 'n1', 'br-int', 82), (4, 'n1', 'br-int', 82);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (1, 0, 'nw_src', 0x0a000002, 1), (2, 0, 'nw_src', 0x0a000009, 1), (3, 0, 'reg5', 7, 1),
  (4, 0, 'nw_src', 0x0a000003, 1);
INSERT INTO flow_action (flow, position, kind, value) VALUES
  (1, 0, 'conjunction', 8), (2, 0, 'conjunction', 8), (3, 0, 'conjunction', 8), (4, 0, 'conjunction', 9);
expect: nothing
*/
