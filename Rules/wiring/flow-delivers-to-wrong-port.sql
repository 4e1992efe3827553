-- title: A flow gives a port's frames to another port
-- severity: critical
-- precision: certain
-- population: flows of integration bridges to a port: SELECT count(*) FROM flow_action
--   WHERE field = 'reg5'
-- why: Flows name ports by OpenFlow number. When a port goes and another gets its number, a row
--   that was left hands the first one's frames to the second, and filters them by the second one's
--   rules.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1992109, LP1843870, LP2155883
-- needs: openflow-flows, ovsdb-dump, neutron-ports
WITH integration AS MATERIALIZED (
  -- The agent's canary marks the bridge.
  SELECT DISTINCT node, bridge FROM flow WHERE table_id = 23 AND priority = 0 AND match = ''
),
asked AS MATERIALIZED (
  SELECT m.flow, m.value FROM flow_match m WHERE m.field = 'dl_dst' AND m.is_exact
),
delivery AS (
  SELECT a.flow AS id, CASE a.kind WHEN 'output' THEN a.port ELSE a.value END AS number
  FROM flow_action a
  WHERE a.kind = 'output' AND a.port < 65280 OR a.field = 'reg5' AND a.value IS NOT NULL
),
given AS MATERIALIZED (
  SELECT f.id, d.number, f.node, f.bridge, f.table_id, f.file, f.line,
    printf('%02x:%02x:%02x:%02x:%02x:%02x', m.value >> 40, m.value >> 32 & 255,
      m.value >> 24 & 255, m.value >> 16 & 255, m.value >> 8 & 255, m.value & 255) AS mac
  FROM asked m
  CROSS JOIN flow f ON f.id = m.flow
  CROSS JOIN integration i ON i.node = f.node AND i.bridge = f.bridge
  CROSS JOIN delivery d ON d.id = f.id
  WHERE m.value >> 40 & 1 = 0
)
SELECT g.node || ' ' || coalesce(nullif(n.name, ''), n.id) AS subject,
  'table ' || g.table_id || ' gives it frames for ' || g.mac || coalesce(', which is '
    || (SELECT coalesce(nullif(o.name, ''), o.id) || '''s' FROM neutron_port o
      WHERE o.network = n.network AND lower(o.mac) = g.mac), '')
    || '; its own address is ' || n.mac AS message,
  g.file, g.line
FROM given g
CROSS JOIN v_switch_port p ON p.node = g.node AND p.bridge = g.bridge AND p.ofport = g.number
CROSS JOIN neutron_port n ON n.id = p.iface_id
WHERE lower(n.mac) <> g.mac
  -- Where the address is rewritten, the port is not the address's owner.
  AND NOT EXISTS (
    SELECT 1 FROM flow_action w WHERE w.flow = g.id AND w.field = 'dl_dst')
  AND NOT EXISTS (
    SELECT 1 FROM neutron_address_pair a
    WHERE a.port = n.id AND lower(a.mac) = g.mac)
ORDER BY 1, 3, 4;

/* test: a number that now is another's
INSERT INTO neutron_port (id, name, mac) VALUES ('p', 'web', 'fa:16:3e:00:00:01');
INSERT INTO ovs_port (node, bridge, name) VALUES ('n1', 'br-int', 'tap1');
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 7, 'p');
INSERT INTO flow (id, node, bridge, table_id)
  VALUES (1, 'n1', 'br-int', 23), (2, 'n1', 'br-int', 60);
INSERT INTO flow_match (flow, position, field, value, is_exact)
  VALUES (2, 0, 'dl_dst', 0xfa163e000002, 1);
INSERT INTO flow_action (flow, position, kind, field, value)
  VALUES (2, 0, 'set_field', 'reg5', 7);
expect: n1 web
*/
/* test: its own address, a pair's, a rewritten one, another bridge
INSERT INTO neutron_port (id, name, mac) VALUES ('p', 'web', 'fa:16:3e:00:00:01');
INSERT INTO neutron_address_pair (port, mac, prefix)
  VALUES ('p', 'fa:16:3e:00:00:09', '10.0.0.9/32');
INSERT INTO ovs_port (node, bridge, name) VALUES ('n1', 'br-int', 'tap1');
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 7, 'p');
INSERT INTO flow (id, node, bridge, table_id) VALUES
  (1, 'n1', 'br-int', 23), (2, 'n1', 'br-int', 60),
  (3, 'n1', 'br-int', 60), (4, 'n1', 'br-int', 3), (5, 'n1', 'br-tun', 20);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (2, 0, 'dl_dst', 0xfa163e000001, 1), (3, 0, 'dl_dst', 0xfa163e000009, 1),
  (4, 0, 'dl_dst', 0xfa163f000001, 1), (5, 0, 'dl_dst', 0xfa163e000005, 1);
INSERT INTO flow_action (flow, position, kind, field, port, value) VALUES
  (2, 0, 'set_field', 'reg5', NULL, 7), (3, 0, 'output', NULL, 7, NULL),
  (4, 0, 'set_field', 'dl_dst', NULL, 0xfa163e000001), (4, 1, 'output', NULL, 7, NULL),
  (5, 0, 'output', NULL, 7, NULL);
expect: nothing
*/
