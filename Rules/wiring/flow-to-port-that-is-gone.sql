-- title: Flows send to a port that the bridge does not have
-- severity: high
-- precision: certain
-- population: flows: SELECT count(*) FROM flow
-- why: The port was removed and the flows for its number stayed. What they send is lost, and goes
--   to whichever port gets the number next.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1864822, LP2060587
-- needs: openflow-flows, openflow-ports|openflow-show, ovsdb-dump
WITH number AS (
  SELECT o.node, o.bridge, o.number FROM openflow_port o
  UNION
  SELECT p.node, p.bridge, i.ofport FROM ovs_port p
  JOIN ovs_interface i ON i.node = p.node AND i.port = p.name
  WHERE p.bridge IS NOT NULL AND i.ofport > 0
),
told AS (
  -- Bridges whose ports are known as the switch itself tells them.
  SELECT DISTINCT o.node, o.bridge FROM openflow_port o
  WHERE NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = o.node
      AND g.format IN ('openflow-ports', 'openflow-show', 'openflow-flows', 'ovsdb-dump'))
),
-- Many flows send to few ports.
gone AS MATERIALIZED (
  SELECT s.* FROM told t JOIN (
    SELECT DISTINCT f.node, f.bridge, a.port
    FROM flow f
    CROSS JOIN flow_action a ON a.flow = f.id AND a.kind = 'output' AND a.port BETWEEN 1 AND 65279
    -- What was learned ends by itself.
    WHERE NOT f.hard_timeout_seconds) s ON s.node = t.node AND s.bridge = t.bridge
  LEFT JOIN number n ON n.node = s.node AND n.bridge = s.bridge AND n.number = s.port
  WHERE n.number IS NULL
)
SELECT f.node || ' ' || f.bridge || ' port ' || a.port AS subject,
  'no such port, and flows of table ' || f.table_id || ' send to it' AS message, f.file, f.line
FROM (SELECT DISTINCT node, bridge FROM gone) b
CROSS JOIN flow f ON f.node = b.node AND f.bridge = b.bridge AND NOT f.hard_timeout_seconds
CROSS JOIN flow_action a ON a.flow = f.id AND a.kind = 'output'
CROSS JOIN gone g ON g.node = f.node AND g.bridge = f.bridge AND g.port = a.port
ORDER BY 1, 2, 3, 4;

/* test: the tunnel is gone, its flow is not
INSERT INTO openflow_port (node, bridge, source, number, name)
  VALUES ('n1', 'br-tun', 'show', 2, 'vxlan-1');
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-tun', 22);
INSERT INTO flow_action (flow, position, kind, port)
  VALUES (1, 0, 'output', 2), (1, 1, 'output', 4);
expect: n1 br-tun port 4
*/
/* test: there, reserved, learned, or on a bridge whose ports were not captured
INSERT INTO openflow_port (node, bridge, source, number, name)
  VALUES ('n1', 'br-tun', 'show', 2, 'vxlan-1');
INSERT INTO flow (id, node, bridge, table_id, hard_timeout_seconds)
  VALUES (1, 'n1', 'br-tun', 22, 0), (2, 'n2', 'br-tun', 22, 0), (3, 'n1', 'br-tun', 20, 300);
INSERT INTO flow_action (flow, position, kind, port) VALUES
  (1, 0, 'output', 2), (1, 1, 'output', 4294967290), (2, 0, 'output', 4), (3, 0, 'output', 4);
expect: nothing
*/
/* test: a dump that was cut
INSERT INTO openflow_port (node, bridge, source, number, name)
  VALUES ('n1', 'br-tun', 'show', 2, 'vxlan-1');
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-tun', 22);
INSERT INTO flow_action (flow, position, kind, port) VALUES (1, 0, 'output', 4);
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'ports', 'openflow-ports', 'cut');
expect: unknown
*/
