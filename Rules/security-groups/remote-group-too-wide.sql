-- title: Flows admit an address to a port that is no member of any group it admits
-- severity: critical
-- precision: certain
-- population: conjunctive flows: SELECT count(*) FROM flow_action WHERE kind = 'conjunction' AND
--   position = 0
-- why: With the openvswitch firewall, a rule that admits a group is a conjunction of the group's
--   addresses and the admitted ports. An address that has left the group, or came with a reused
--   conjunction id, still gets in.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1934917, LP1907491
-- needs: openflow-flows, ovsdb-dump, neutron-ports, neutron-security-group-rules
WITH conjunction AS MATERIALIZED (
  SELECT f.id AS flow, f.node, f.bridge, f.table_id, a.value AS id, f.file, f.line
  FROM flow_action a CROSS JOIN flow f ON f.id = a.flow
  WHERE a.kind = 'conjunction'
),
-- IPv4 sources.
source AS (
  SELECT c.*, printf('%d.%d.%d.%d', m.value >> 24, m.value >> 16 & 255, m.value >> 8 & 255,
    m.value & 255) AS address
  FROM conjunction c
  CROSS JOIN flow_match m ON m.flow = c.flow AND m.field = 'nw_src' AND m.is_exact
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
),
-- Most ports of a node admit the same groups: their names together stand for the ports.
choice AS MATERIALIZED (
  SELECT port, group_concat(remote_group, ' ') AS groups
  FROM (SELECT DISTINCT port, remote_group FROM admitted ORDER BY 1, 2) GROUP BY port
),
allowed AS MATERIALIZED (
  SELECT DISTINCT c.groups, m.address
  FROM (SELECT groups, min(port) AS port FROM choice GROUP BY groups) c
  JOIN admitted x ON x.port = c.port
  JOIN member m ON m.security_group = x.remote_group
),
-- The agent's register 5 holds the port's OpenFlow number.
admitting AS MATERIALIZED (
  SELECT DISTINCT c.node, c.bridge, c.table_id, c.id, n.id AS port, n.name,
    coalesce(x.groups, '') AS groups
  FROM conjunction c
  CROSS JOIN flow_match m ON m.flow = c.flow AND m.field = 'reg5' AND m.is_exact
  CROSS JOIN v_switch_port p ON p.node = c.node AND p.bridge = c.bridge AND p.ofport = m.value
  CROSS JOIN neutron_port n ON n.id = p.iface_id
  LEFT JOIN choice x ON x.port = n.id
  -- Address groups hold prefixes, which are not compared here.
  WHERE n.id NOT IN (SELECT port FROM admitted WHERE remote_address_group IS NOT NULL)
    -- A pair wider than one address may cover it.
    AND n.id NOT IN (
      SELECT y.port FROM admitted y
      JOIN neutron_port_security_group s ON s.security_group = y.remote_group
      JOIN neutron_address_pair z ON z.port = s.port
      WHERE z.prefix NOT LIKE '%/32' AND z.prefix NOT LIKE '%:%')
),
stranger AS MATERIALIZED (
  SELECT s.*, a.groups
  FROM source s
  JOIN (SELECT DISTINCT node, bridge, table_id, id, groups FROM admitting) a
    ON a.id = s.id AND a.node = s.node AND a.bridge = s.bridge AND a.table_id = s.table_id
  LEFT JOIN allowed w ON w.address = s.address AND w.groups = a.groups
  WHERE w.address IS NULL
)
SELECT s.node || ' ' || coalesce(nullif(a.name, ''), a.port) AS subject,
  s.address || ' is admitted by conjunction, and is in no group that the port''s rules admit'
    AS message,
  s.file, s.line
FROM stranger s
JOIN admitting a ON a.id = s.id AND a.node = s.node AND a.bridge = s.bridge
  AND a.table_id = s.table_id AND a.groups = s.groups
WHERE NOT EXISTS (
  SELECT 1 FROM gap g WHERE g.format IN ('neutron-ports', 'neutron-security-group-rules'))
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
