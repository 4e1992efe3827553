-- title: Distributed routing uses a wrong address of a node
-- severity: high
-- precision: certain
-- population: interfaces of distributed routers: SELECT count(*) FROM neutron_port WHERE
--   device_owner = 'network:router_interface_distributed'
-- why: With distributed routers, each node sends routed frames with a MAC address of its own, which
--   the others know. When two nodes have one address, or a node takes its own for another's, frames
--   go to the wrong node or round and round.
-- fix: Find the host's row in Neutron's table dvr_host_macs, delete the wrong one, and restart the
--   Open vSwitch agents of the nodes named.
-- needs: openflow-flows
WITH own AS MATERIALIZED (
  -- What a node puts in place of gateways' addresses is its own.
  SELECT f.node, f.bridge, a.value AS mac, printf('%02x:%02x:%02x:%02x:%02x:%02x', a.value >> 40,
      a.value >> 32 & 255, a.value >> 24 & 255, a.value >> 16 & 255, a.value >> 8 & 255,
      a.value & 255) AS text,
    min(f.file) AS file, min(f.line) AS line
  FROM flow f
  CROSS JOIN flow_match m ON m.flow = f.id AND m.field = 'dl_src' AND m.is_exact
  CROSS JOIN flow_action a ON a.flow = f.id AND a.field = 'dl_src' AND a.value IS NOT NULL
  WHERE f.table_id = 1
  GROUP BY f.node, f.bridge, mac
),
peer AS (
  -- Addresses of other nodes, which are not learned.
  SELECT f.id, f.node, f.bridge, m.value AS mac, f.file, f.line
  FROM flow f
  CROSS JOIN flow_match m ON m.flow = f.id AND m.field = 'dl_src' AND m.is_exact
  WHERE f.table_id = 9
)
SELECT o.node || ' ' || o.text AS subject,
  'is the address of ' || (
    SELECT group_concat(x.node, ' and ') FROM (
      SELECT DISTINCT node FROM own y WHERE y.mac = o.mac ORDER BY 1) x) AS message,
  o.file, o.line
FROM own o
WHERE o.mac IN (SELECT mac FROM own GROUP BY mac HAVING count(DISTINCT node) > 1)
UNION ALL
SELECT DISTINCT o.node || ' ' || o.text, 'is the node''s own address, and ' || p.bridge
    || ' has it as another node''s', p.file, p.line
FROM peer p JOIN own o ON o.node = p.node AND o.mac = p.mac
WHERE NOT EXISTS (SELECT 1 FROM flow_match m WHERE m.flow = p.id AND m.field <> 'dl_src')
UNION ALL
SELECT o.node || ' ' || o.text, o.bridge || ' uses another one as well: ' || y.text, o.file, o.line
FROM own o JOIN own y ON y.node = o.node AND y.bridge = o.bridge AND y.mac <> o.mac
ORDER BY 1, 2;

/* test: two nodes with one address, and a node that takes its own for another's
INSERT INTO node (name) VALUES ('n3');
INSERT INTO flow (id, node, bridge, table_id) VALUES
  (1, 'n1', 'br-tun', 1), (2, 'n2', 'br-tun', 1), (3, 'n3', 'br-tun', 1), (4, 'n3', 'br-tun', 9);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (1, 0, 'dl_src', 0xfa163e000001, 1), (2, 0, 'dl_src', 0xfa163e000001, 1),
  (3, 0, 'dl_src', 0xfa163e000001, 1), (4, 0, 'dl_src', 0xfa163f000003, 1);
INSERT INTO flow_action (flow, position, kind, field, value) VALUES
  (1, 0, 'set_field', 'dl_src', 0xfa163f000001), (2, 0, 'set_field', 'dl_src', 0xfa163f000001),
  (3, 0, 'set_field', 'dl_src', 0xfa163f000003);
expect: n1 fa:16:3f:00:00:01
expect: n2 fa:16:3f:00:00:01
expect: n3 fa:16:3f:00:00:03
*/
/* test: one a node, known to the other
INSERT INTO flow (id, node, bridge, table_id) VALUES
  (1, 'n1', 'br-tun', 1), (2, 'n2', 'br-tun', 1), (3, 'n1', 'br-tun', 9), (4, 'n2', 'br-tun', 9);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (1, 0, 'dl_src', 0xfa163e000001, 1), (2, 0, 'dl_src', 0xfa163e000001, 1),
  (3, 0, 'dl_src', 0xfa163f000002, 1), (4, 0, 'dl_src', 0xfa163f000001, 1);
INSERT INTO flow_action (flow, position, kind, field, value) VALUES
  (1, 0, 'set_field', 'dl_src', 0xfa163f000001), (2, 0, 'set_field', 'dl_src', 0xfa163f000002);
expect: nothing
*/
