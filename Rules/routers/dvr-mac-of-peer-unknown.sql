-- title: A node does not know the address that another one routes with
-- severity: info
-- precision: certain
-- population: interfaces of distributed routers: SELECT count(*) FROM neutron_port WHERE
--   device_owner = 'network:router_interface_distributed'
-- why: With distributed routers, a node lets the other nodes' own addresses through from tunnels
--   without learning them, and puts the gateway's address back. The frames of a node that it was
--   not told of are learned like a guest's, and reach its guests with that node's address. Guests
--   still hear them; what goes by the gateway's address, as filters and other switches do, does not
--   know them.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- needs: openflow-flows
WITH own AS MATERIALIZED (
  -- What a node puts in place of gateways' addresses is its own.
  SELECT f.node, f.bridge, a.value AS mac, min(f.file) AS file, min(f.line) AS line
  FROM flow f
  CROSS JOIN flow_match m ON m.flow = f.id AND m.field = 'dl_src' AND m.is_exact
  CROSS JOIN flow_action a ON a.flow = f.id AND a.field = 'dl_src' AND a.value IS NOT NULL
  WHERE f.table_id = 1
  GROUP BY f.node, f.bridge, mac
),
peer AS MATERIALIZED (
  -- Addresses of other nodes, which are not learned.
  SELECT f.node, f.bridge, m.value AS mac, f.file
  FROM flow f
  CROSS JOIN flow_match m ON m.flow = f.id AND m.field = 'dl_src' AND m.is_exact
  WHERE f.table_id = 9
    AND NOT EXISTS (SELECT 1 FROM flow_match o WHERE o.flow = f.id AND o.field <> 'dl_src')
),
asked AS MATERIALIZED (
  SELECT DISTINCT f.node, f.bridge FROM flow f
  WHERE f.table_id = 9 AND f.bridge IN (SELECT bridge FROM peer)
    AND f.node IN (SELECT node FROM own)
    AND f.node NOT IN (
      SELECT node FROM gap WHERE format = 'openflow-flows' AND node IS NOT NULL)
    -- A line that could not be read may have been it.
    AND f.node NOT IN (
      SELECT p.node FROM peer p JOIN diagnostic d ON d.file = p.file WHERE d.severity <> 'note')
),
-- Most nodes know all: who has as many as there are is not compared one by one.
told AS MATERIALIZED (
  SELECT p.node, p.bridge, count(DISTINCT p.mac) AS macs
  FROM peer p JOIN own o ON o.mac = p.mac AND o.node <> p.node
  WHERE o.bridge IN (SELECT bridge FROM peer)
  GROUP BY p.node, p.bridge
),
doubtful AS MATERIALIZED (
  SELECT a.node, a.bridge FROM asked a LEFT JOIN told t ON t.node = a.node AND t.bridge = a.bridge
  WHERE coalesce(t.macs, 0) < (
    SELECT count(DISTINCT o.mac) FROM own o
    WHERE o.node <> a.node AND o.bridge IN (SELECT bridge FROM peer))
),
lacking AS (
  SELECT a.node, a.bridge, o.mac FROM doubtful a
  JOIN own o ON o.node <> a.node AND o.bridge IN (SELECT bridge FROM peer)
  EXCEPT SELECT node, bridge, mac FROM peer WHERE node IN (SELECT node FROM doubtful)
)
SELECT l.node || ' of ' || b.node AS subject,
  'table 9 of ' || l.bridge || ' lacks ' || printf('%02x:%02x:%02x:%02x:%02x:%02x', l.mac >> 40,
      l.mac >> 32 & 255, l.mac >> 24 & 255, l.mac >> 16 & 255, l.mac >> 8 & 255, l.mac & 255)
    || ', which ' || b.node || ' routes with' AS message,
  b.file, b.line
FROM lacking l
JOIN own b ON b.mac = l.mac AND b.node <> l.node AND b.bridge IN (SELECT bridge FROM peer)
ORDER BY 1;

/* test: one of two
INSERT INTO node (name) VALUES ('n3');
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-tun', 1),
  (2, 'n2', 'br-tun', 1), (3, 'n3', 'br-tun', 1), (4, 'n1', 'br-tun', 9);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (1, 0, 'dl_src', 0xfa163e000001, 1), (2, 0, 'dl_src', 0xfa163e000001, 1),
  (3, 0, 'dl_src', 0xfa163e000001, 1), (4, 0, 'dl_src', 0xfa163f000002, 1);
INSERT INTO flow_action (flow, position, kind, field, value) VALUES
  (1, 0, 'set_field', 'dl_src', 0xfa163f000001), (2, 0, 'set_field', 'dl_src', 0xfa163f000002),
  (3, 0, 'set_field', 'dl_src', 0xfa163f000003);
expect: n1 of n3
*/
/* test: all of them, or a node that does not route
INSERT INTO flow (id, node, bridge, table_id) VALUES
  (1, 'n1', 'br-tun', 1), (2, 'n2', 'br-tun', 1), (3, 'n1', 'br-tun', 9), (4, 'n2', 'br-tun', 9);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (1, 0, 'dl_src', 0xfa163e000001, 1), (2, 0, 'dl_dst', 0xfa163e000001, 1),
  (3, 0, 'dl_src', 0xfa163f000002, 1), (4, 0, 'dl_src', 0xfa163f000009, 1);
INSERT INTO flow_action (flow, position, kind, field, value) VALUES
  (1, 0, 'set_field', 'dl_src', 0xfa163f000001), (2, 0, 'drop', NULL, NULL);
expect: nothing
*/
