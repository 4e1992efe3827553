-- title: A guest behind a Linux bridge may answer ARP for others
-- severity: critical
-- precision: certain
-- population: ports behind a Linux bridge: SELECT count(*) FROM neutron_port WHERE
--   is_hybrid_plugged AND device_owner LIKE 'compute:%' AND coalesce(is_port_security_enabled, 1)
-- why: iptables sees no ARP. The Open vSwitch agent checks it by flows: table 0 sends a port's ARP
--   to table 24, which knows its addresses, and all its other frames to table 25, which knows its
--   MAC addresses. Without these rows the guest takes its neighbours' traffic by answering for
--   them.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew. Before Ocata, set
--   prevent_arp_spoofing to true first.
-- references: OSSN-0027, CVE-2016-5363, LP1274034
-- needs: openflow-flows, ovsdb-dump, iptables, neutron-ports
WITH checked AS MATERIALIZED (
  SELECT p.id, p.name AS port_name, s.node, s.bridge, s.name AS interface, i.ofport, s.file, s.line,
    EXISTS (SELECT 1 FROM neutron_fixed_ip a WHERE a.port = p.id AND a.address LIKE '%.%')
      AS has_ipv4
  FROM neutron_port p
  CROSS JOIN ovs_interface i ON i.iface_id = p.id
  CROSS JOIN ovs_port s ON s.node = i.node AND s.name = i.port
  WHERE p.is_hybrid_plugged AND coalesce(p.is_port_security_enabled, 1)
    AND p.device_owner NOT LIKE 'network:%' AND p.device_owner NOT LIKE 'neutron:%'
    AND p.is_admin_up AND p.status = 'ACTIVE' AND i.ofport > 0 AND s.tag BETWEEN 1 AND 4094
    -- The openvswitch firewall checks ARP in tables of its own.
    AND (s.node, 'neutron-openvswi-o' || substr(p.id, 1, 10)) IN (
      SELECT c.node, c.name FROM iptables_chain c
      WHERE c.namespace = 'root' AND c.table_name = 'filter' AND c.rule_count > 0)
    AND EXISTS (SELECT 1 FROM neutron_fixed_ip a WHERE a.port = p.id)
    -- A pair that covers every address switches it off on purpose.
    AND p.id NOT IN (
      SELECT a.port FROM neutron_address_pair a WHERE a.prefix IN ('0.0.0.0/0', '::/0'))
    AND EXISTS (
      SELECT 1 FROM flow f WHERE f.node = s.node AND f.bridge = s.bridge AND f.table_id = 0)
    AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'openflow-flows' AND g.node = s.node)
),
entry AS MATERIALIZED (
  SELECT f.node, f.bridge, m.value AS ofport, g.table_id AS target,
    EXISTS (
      SELECT 1 FROM flow_match t WHERE t.flow = f.id AND +t.field = 'dl_type' AND t.value = 2054)
      AS is_arp,
    EXISTS (SELECT 1 FROM flow_match t WHERE t.flow = f.id AND t.field <> 'in_port') AS is_some
  FROM flow f
  JOIN flow_match m ON m.flow = f.id AND m.field = 'in_port'
  JOIN flow_action g ON g.flow = f.id AND g.table_id IN (24, 25)
  WHERE f.table_id = 0
),
spoken AS MATERIALIZED (
  SELECT f.node, f.bridge, m.value AS ofport, f.file, f.line,
    CASE WHEN instr(f.match, 'arp_spa=') > 0 THEN
      substr(substr(f.match, instr(f.match, 'arp_spa=') + 8) || ',', 1,
        instr(substr(f.match, instr(f.match, 'arp_spa=') + 8) || ',', ',') - 1) END AS address
  FROM flow f
  JOIN flow_match m ON m.flow = f.id AND m.field = 'in_port'
  JOIN flow_match t ON t.flow = f.id AND t.field = 'dl_type' AND t.value = 2054
  WHERE f.table_id = 24 AND f.actions <> 'drop'
),
fault AS (
  SELECT c.node, c.id, c.port_name, c.file, c.line,
    'no flow of table 0 sends the ARP of ' || c.interface || ' to table 24' AS message
  FROM checked c LEFT JOIN entry e
    ON e.node = c.node AND e.bridge = c.bridge AND e.ofport = c.ofport AND e.target = 24
    AND e.is_arp
  WHERE c.has_ipv4 AND e.node IS NULL
  UNION ALL
  SELECT c.node, c.id, c.port_name, c.file, c.line,
    'no flow of table 0 sends all frames of ' || c.interface || ' to table 25'
  FROM checked c LEFT JOIN entry e
    ON e.node = c.node AND e.bridge = c.bridge AND e.ofport = c.ofport AND e.target = 25
      AND NOT e.is_some
  WHERE e.node IS NULL
  UNION ALL
  SELECT c.node, c.id, c.port_name, s.file, s.line,
    'table 24 lets ' || c.interface || ' answer for ' || coalesce(s.address, 'every address')
      || ', which is none of the port''s'
  FROM checked c JOIN spoken s ON s.node = c.node AND s.bridge = c.bridge AND s.ofport = c.ofport
  -- A prefix is a pair's, which may be written in another way.
  WHERE coalesce(s.address, '') NOT LIKE '%/%'
    AND NOT EXISTS (
      SELECT 1 FROM neutron_fixed_ip a WHERE a.port = c.id AND a.address = s.address)
    AND NOT EXISTS (
      SELECT 1 FROM neutron_address_pair a
      WHERE a.port = c.id AND s.address IN (a.prefix, replace(a.prefix, '/32', '')))
)
SELECT node || ' ' || coalesce(nullif(port_name, ''), id) AS subject, message, file, line
FROM fault
ORDER BY 1, 2;

/* test: neither ARP nor MAC addresses are checked
INSERT INTO neutron_port (id, name, device_owner, is_hybrid_plugged, is_admin_up, status)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web', 'compute:nova', 1, 1, 'ACTIVE');
INSERT INTO neutron_fixed_ip (port, address)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', '10.0.0.1');
INSERT INTO iptables_chain (node, table_name, name, rule_count)
  VALUES ('n1', 'filter', 'neutron-openvswi-o01234567-8', 4);
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'qvo1', 3);
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'qvo1', 'qvo1', 7, '01234567-89ab-cdef-0123-456789abcdef');
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-int', 0);
expect: n1 web
expect: n1 web
*/
/* test: another's address in the table of those that the port may have
INSERT INTO neutron_port (id, name, device_owner, is_hybrid_plugged, is_admin_up, status)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web', 'compute:nova', 1, 1, 'ACTIVE');
INSERT INTO neutron_fixed_ip (port, address)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', '10.0.0.1');
INSERT INTO iptables_chain (node, table_name, name, rule_count)
  VALUES ('n1', 'filter', 'neutron-openvswi-o01234567-8', 4);
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'qvo1', 3);
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'qvo1', 'qvo1', 7, '01234567-89ab-cdef-0123-456789abcdef');
INSERT INTO flow (id, node, bridge, table_id, match) VALUES
  (1, 'n1', 'br-int', 0, 'arp,in_port=7'), (2, 'n1', 'br-int', 0, 'in_port=7'),
  (3, 'n1', 'br-int', 24, 'arp,in_port=7,arp_spa=10.0.0.2');
INSERT INTO flow_match (flow, position, field, value) VALUES
  (1, 0, 'in_port', 7), (1, 1, 'dl_type', 2054), (2, 0, 'in_port', 7),
  (3, 0, 'in_port', 7), (3, 1, 'dl_type', 2054);
INSERT INTO flow_action (flow, position, kind, table_id)
  VALUES (1, 0, 'goto_table', 24), (2, 0, 'goto_table', 25), (3, 0, 'goto_table', 25);
expect: n1 web
*/
/* test: its own addresses and a pair, or a pair that switches the check off
INSERT INTO neutron_port (id, name, device_owner, is_hybrid_plugged, is_admin_up, status) VALUES
  ('01234567-89ab-cdef-0123-456789abcdef', 'web', 'compute:nova', 1, 1, 'ACTIVE'),
  ('abcdef01-89ab-cdef-0123-456789abcdef', 'open', 'compute:nova', 1, 1, 'ACTIVE');
INSERT INTO neutron_fixed_ip (port, address) VALUES
  ('01234567-89ab-cdef-0123-456789abcdef', '10.0.0.1'),
  ('abcdef01-89ab-cdef-0123-456789abcdef', '10.0.0.2');
INSERT INTO neutron_address_pair (port, prefix) VALUES
  ('01234567-89ab-cdef-0123-456789abcdef', '10.0.0.9/32'),
  ('01234567-89ab-cdef-0123-456789abcdef', '10.0.1.0/24'),
  ('abcdef01-89ab-cdef-0123-456789abcdef', '0.0.0.0/0');
INSERT INTO iptables_chain (node, table_name, name, rule_count) VALUES
  ('n1', 'filter', 'neutron-openvswi-o01234567-8', 4),
  ('n1', 'filter', 'neutron-openvswi-oabcdef01-8', 4);
INSERT INTO ovs_port (node, bridge, name, tag)
  VALUES ('n1', 'br-int', 'qvo1', 3), ('n1', 'br-int', 'qvo2', 3);
INSERT INTO ovs_interface (node, port, name, ofport, iface_id) VALUES
  ('n1', 'qvo1', 'qvo1', 7, '01234567-89ab-cdef-0123-456789abcdef'),
  ('n1', 'qvo2', 'qvo2', 8, 'abcdef01-89ab-cdef-0123-456789abcdef');
INSERT INTO flow (id, node, bridge, table_id, match) VALUES
  (1, 'n1', 'br-int', 0, 'arp,in_port=7'), (2, 'n1', 'br-int', 0, 'in_port=7'),
  (3, 'n1', 'br-int', 24, 'arp,in_port=7,arp_spa=10.0.0.1'),
  (4, 'n1', 'br-int', 24, 'arp,in_port=7,arp_spa=10.0.0.9'),
  (5, 'n1', 'br-int', 24, 'arp,in_port=7,arp_spa=10.0.1.0/24');
INSERT INTO flow_match (flow, position, field, value) VALUES
  (1, 0, 'in_port', 7), (1, 1, 'dl_type', 2054), (2, 0, 'in_port', 7),
  (3, 0, 'in_port', 7), (3, 1, 'dl_type', 2054), (4, 0, 'in_port', 7), (4, 1, 'dl_type', 2054),
  (5, 0, 'in_port', 7), (5, 1, 'dl_type', 2054);
INSERT INTO flow_action (flow, position, kind, table_id) VALUES
  (1, 0, 'goto_table', 24), (2, 0, 'goto_table', 25), (3, 0, 'goto_table', 25),
  (4, 0, 'goto_table', 25), (5, 0, 'goto_table', 25);
expect: nothing
*/
/* test: the node's flows were not captured
INSERT INTO gap (node, path, format, reason)
  VALUES ('n1', 'ovs/dump-flows_br-int.txt', 'openflow-flows', 'missing');
expect: unknown
*/
