-- title: Routed frames for a guest are dropped at its node
-- severity: high
-- precision: certain
-- population: interfaces of distributed routers: SELECT count(*) FROM neutron_port WHERE
--   device_owner = 'network:router_interface_distributed'
-- why: Frames that another node has routed come with that node's address. A flow for each local
--   guest puts the gateway's address back; what no such flow takes is dropped, so the guest hears
--   nothing that is routed on other nodes.
-- fix: openstack port set --disable PORT, then --enable, makes the agent write the flow; else
--   restart the node's Open vSwitch agent.
-- references: LP1892405, LP2093248
-- needs: openflow-flows, ovsdb-dump, neutron-ports
WITH gateway AS (
  SELECT n.id, n.network, f.subnet, lower(n.mac) AS mac
  FROM neutron_port n JOIN neutron_fixed_ip f ON f.port = n.id
  WHERE n.device_owner = 'network:router_interface_distributed'
),
rewrite AS MATERIALIZED (
  SELECT f.node, f.bridge,
    printf('%02x:%02x:%02x:%02x:%02x:%02x', m.value >> 40, m.value >> 32 & 255,
      m.value >> 24 & 255, m.value >> 16 & 255, m.value >> 8 & 255, m.value & 255) AS mac,
    printf('%02x:%02x:%02x:%02x:%02x:%02x', a.value >> 40, a.value >> 32 & 255,
      a.value >> 24 & 255, a.value >> 16 & 255, a.value >> 8 & 255, a.value & 255) AS source
  FROM flow f
  CROSS JOIN flow_match m ON m.flow = f.id AND m.field = 'dl_dst' AND m.is_exact
  CROSS JOIN flow_action a ON a.flow = f.id AND a.field = 'dl_src' AND a.value IS NOT NULL
  WHERE f.table_id IN (1, 2)
),
guest AS (
  SELECT DISTINCT p.node, p.bridge, n.id, n.name, n.network,
    lower(n.mac) AS mac, p.file, p.line
  FROM v_switch_port p
  JOIN neutron_port n ON n.id = p.iface_id
  JOIN neutron_fixed_ip f ON f.port = n.id
  JOIN gateway g ON g.network = n.network AND g.subnet = f.subnet
  WHERE p.tag BETWEEN 1 AND 4094 AND n.device_owner LIKE 'compute:%' AND n.status = 'ACTIVE'
    -- The router is on this node.
    AND EXISTS (
      SELECT 1 FROM ovs_interface r JOIN ovs_port q ON q.node = r.node AND q.name = r.port
      WHERE r.iface_id = g.id AND r.node = p.node AND q.bridge = p.bridge)
)
SELECT x.node || ' ' || coalesce(nullif(x.name, ''), x.id) AS subject,
  'tables 1 and 2 of ' || x.bridge || ' put no gateway''s address into frames for ' || x.mac
    AS message,
  x.file, x.line
FROM guest x
WHERE EXISTS (
    SELECT 1 FROM flow f WHERE f.node = x.node AND f.bridge = x.bridge AND f.table_id IN (1, 2))
  AND NOT EXISTS (
    SELECT 1 FROM rewrite w JOIN gateway g ON g.mac = w.source AND g.network = x.network
    WHERE w.node = x.node AND w.bridge = x.bridge AND w.mac = x.mac)
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = x.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
  -- A line that could not be read may have been it.
  AND NOT EXISTS (
    SELECT 1 FROM diagnostic d JOIN flow f ON f.file = d.file
    WHERE f.node = x.node AND f.bridge = x.bridge AND d.severity <> 'note')
ORDER BY 1;

/* test: no flow, and one with another network's gateway
INSERT INTO neutron_port (id, network, mac, device_owner, status) VALUES
  ('r', 'net', 'fa:16:3e:00:00:0a', 'network:router_interface_distributed', 'ACTIVE'),
  ('p', 'net', 'fa:16:3e:00:00:01', 'compute:nova', 'ACTIVE'),
  ('q', 'net', 'fa:16:3e:00:00:02', 'compute:nova', 'ACTIVE');
INSERT INTO neutron_fixed_ip (port, address, subnet)
  VALUES ('r', '10.0.0.1', 's'), ('p', '10.0.0.2', 's'), ('q', '10.0.0.3', 's');
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'qr-1', 2),
  ('n1', 'br-int', 'tap1', 2), ('n1', 'br-int', 'tap2', 2);
INSERT INTO ovs_interface (node, port, name, iface_id) VALUES
  ('n1', 'qr-1', 'qr-1', 'r'), ('n1', 'tap1', 'tap1', 'p'), ('n1', 'tap2', 'tap2', 'q');
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-int', 1);
INSERT INTO flow_match (flow, position, field, value, is_exact)
  VALUES (1, 0, 'dl_dst', 0xfa163e000002, 1);
INSERT INTO flow_action (flow, position, kind, field, value)
  VALUES (1, 0, 'set_field', 'dl_src', 0xfa163e0000ff);
expect: n1 p
expect: n1 q
*/
/* test: rewritten, on a subnet without router, or where the router is not
INSERT INTO neutron_port (id, network, mac, device_owner, status) VALUES
  ('r', 'net', 'fa:16:3e:00:00:0a', 'network:router_interface_distributed', 'ACTIVE'),
  ('p', 'net', 'fa:16:3e:00:00:01', 'compute:nova', 'ACTIVE'),
  ('q', 'net', 'fa:16:3e:00:00:02', 'compute:nova', 'ACTIVE'),
  ('far', 'net', 'fa:16:3e:00:00:03', 'compute:nova', 'ACTIVE');
INSERT INTO neutron_fixed_ip (port, address, subnet) VALUES ('r', '10.0.0.1', 's'),
  ('p', '10.0.0.2', 's'), ('q', '10.9.0.3', 't'), ('far', '10.0.0.4', 's');
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'qr-1', 2),
  ('n1', 'br-int', 'tap1', 2), ('n1', 'br-int', 'tap2', 2), ('n2', 'br-int', 'tap3', 2);
INSERT INTO ovs_interface (node, port, name, iface_id) VALUES ('n1', 'qr-1', 'qr-1', 'r'),
  ('n1', 'tap1', 'tap1', 'p'), ('n1', 'tap2', 'tap2', 'q'), ('n2', 'tap3', 'tap3', 'far');
INSERT INTO flow (id, node, bridge, table_id)
  VALUES (1, 'n1', 'br-int', 1), (2, 'n2', 'br-int', 1);
INSERT INTO flow_match (flow, position, field, value, is_exact)
  VALUES (1, 0, 'dl_dst', 0xfa163e000001, 1);
INSERT INTO flow_action (flow, position, kind, field, value)
  VALUES (1, 0, 'set_field', 'dl_src', 0xfa163e00000a);
expect: nothing
*/
