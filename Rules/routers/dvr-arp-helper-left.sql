-- title: A flow gives ARP answers to an interface that no router has
-- severity: medium
-- precision: certain
-- population: flows of distributed routing: SELECT count(*) FROM flow WHERE table_id IN (3, 4)
-- why: With distributed routers, answers to a gateway's ARP requests come to the node's own
--   address, and a flow hands them to the gateway. The router's interface went and its flow stayed:
--   answers for the subnet's next gateway go to nobody.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1913646
-- needs: openflow-flows, ovsdb-dump, neutron-ports
WITH integration AS (
  -- The agent's canary marks the bridge.
  SELECT DISTINCT node, bridge FROM flow WHERE table_id = 23 AND priority = 0 AND match = ''
),
helper AS (
  SELECT f.node, f.bridge, f.table_id,
    printf('%02x:%02x:%02x:%02x:%02x:%02x', a.value >> 40, a.value >> 32 & 255,
      a.value >> 24 & 255, a.value >> 16 & 255, a.value >> 8 & 255, a.value & 255) AS mac,
    f.file, f.line
  FROM integration i
  JOIN flow f ON f.node = i.node AND f.bridge = i.bridge
  JOIN flow_action a ON a.flow = f.id AND a.field = 'dl_dst' AND a.value IS NOT NULL
  WHERE f.table_id IN (0, 3, 4)
    AND (f.table_id <> 0 OR EXISTS (
      SELECT 1 FROM flow_match m WHERE m.flow = f.id AND m.field = 'arp_tha'))
)
SELECT h.node || ' ' || h.mac AS subject,
  'table ' || h.table_id || ' of ' || h.bridge || ' hands ARP answers to it, and no interface of '
    || 'a router has that address' AS message,
  h.file, h.line
FROM helper h
WHERE h.mac NOT IN (
    SELECT lower(n.mac) FROM neutron_port n
    WHERE n.mac IS NOT NULL AND n.device_owner LIKE 'network:%')
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'neutron-ports')
  -- A tenant's view of the API does not show other tenants' ports.
  AND EXISTS (SELECT 1 FROM neutron_port n WHERE n.device_owner LIKE 'network:router_interface%')
  AND EXISTS (SELECT 1 FROM neutron_port n WHERE n.host IS NOT NULL)
ORDER BY 1, 2, 3, 4;

/* test: nobody's address
INSERT INTO neutron_port (id, mac, device_owner, host) VALUES
  ('r', 'fa:16:3e:00:00:0a', 'network:router_interface_distributed', NULL),
  ('p', 'fa:16:3e:00:00:01', 'compute:nova', 'n1');
INSERT INTO flow (id, node, bridge, table_id)
  VALUES (1, 'n1', 'br-int', 23), (2, 'n1', 'br-int', 3), (3, 'n1', 'br-int', 3);
INSERT INTO flow_action (flow, position, kind, field, value) VALUES
  (2, 0, 'set_field', 'dl_dst', 0xfa163e00000a), (3, 0, 'set_field', 'dl_dst', 0xfa163e00000b);
expect: n1 fa:16:3e:00:00:0b
*/
/* test: a router's, and another bridge
INSERT INTO neutron_port (id, mac, device_owner, host) VALUES
  ('r', 'fa:16:3e:00:00:0a', 'network:router_interface_distributed', NULL),
  ('p', 'fa:16:3e:00:00:01', 'compute:nova', 'n1');
INSERT INTO flow (id, node, bridge, table_id)
  VALUES (1, 'n1', 'br-int', 23), (2, 'n1', 'br-int', 3), (3, 'n1', 'br-lan', 3);
INSERT INTO flow_action (flow, position, kind, field, value) VALUES
  (2, 0, 'set_field', 'dl_dst', 0xfa163e00000a), (3, 0, 'set_field', 'dl_dst', 0xfa163e00000b);
expect: nothing
*/
/* test: Neutron's ports were not captured
INSERT INTO gap (path, format, reason) VALUES ('neutron/ports.json', 'neutron-ports', 'missing');
expect: unknown
*/
