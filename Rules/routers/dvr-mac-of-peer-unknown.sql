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
WITH own AS (
  -- What a node puts in place of gateways' addresses is its own.
  SELECT f.node, f.bridge,
    printf('%02x:%02x:%02x:%02x:%02x:%02x', a.value >> 40, a.value >> 32 & 255,
      a.value >> 24 & 255, a.value >> 16 & 255, a.value >> 8 & 255, a.value & 255) AS mac,
    min(f.file) AS file,
    min(f.line) AS line
  FROM flow f
  JOIN flow_match m ON m.flow = f.id AND m.field = 'dl_src' AND m.is_exact
  JOIN flow_action a ON a.flow = f.id AND a.field = 'dl_src' AND a.value IS NOT NULL
  WHERE f.table_id = 1
  GROUP BY f.node, f.bridge, mac
),
peer AS (
  -- Addresses of other nodes, which are not learned.
  SELECT f.node, f.bridge,
    printf('%02x:%02x:%02x:%02x:%02x:%02x', m.value >> 40, m.value >> 32 & 255,
      m.value >> 24 & 255, m.value >> 16 & 255, m.value >> 8 & 255, m.value & 255) AS mac,
    f.file, f.line
  FROM flow f
  JOIN flow_match m ON m.flow = f.id AND m.field = 'dl_src' AND m.is_exact
  WHERE f.table_id = 9
    AND NOT EXISTS (SELECT 1 FROM flow_match o WHERE o.flow = f.id AND o.field <> 'dl_src')
)
SELECT a.node || ' of ' || b.node AS subject,
  'table 9 of ' || a.bridge || ' lacks ' || b.mac || ', which ' || b.node || ' routes with'
    AS message,
  b.file, b.line
FROM (
  SELECT DISTINCT node, bridge FROM flow
  WHERE table_id = 9 AND bridge IN (SELECT bridge FROM peer)) a
JOIN own b ON b.node <> a.node AND b.bridge IN (SELECT bridge FROM peer)
WHERE EXISTS (SELECT 1 FROM own o WHERE o.node = a.node)
  AND NOT EXISTS (
    SELECT 1 FROM peer p WHERE p.node = a.node AND p.bridge = a.bridge AND p.mac = b.mac)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.node = a.node AND g.format = 'openflow-flows')
  -- A line that could not be read may have been it.
  AND NOT EXISTS (
    SELECT 1 FROM diagnostic d JOIN peer p ON p.file = d.file
    WHERE p.node = a.node AND d.severity <> 'note')
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
