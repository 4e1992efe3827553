-- title: Frames pass between bridges untranslated
-- severity: critical
-- precision: certain
-- population: bridges to physical networks: SELECT count(*) FROM v_provider_bridge
-- why: Both ends of the patch between the integration bridge and a physical one drop what no flow
--   translates. Without that drop the bridge forwards it like any switch: local VLANs get out onto
--   the physical network and its VLANs in, and two such bridges make a loop.
-- fix: Restart the node's Open vSwitch agent at once; if a broadcast storm runs, take the physical
--   port down first (ip link set DEVICE down).
-- references: LP1887148, LP1869808
-- needs: openflow-flows, ovsdb-dump, neutron-agents
WITH integration AS (
  -- The agent's canary marks the bridge.
  SELECT DISTINCT node, bridge FROM flow WHERE table_id = 23 AND priority = 0 AND match = ''
),
patch AS (
  SELECT p.node, p.bridge, p.name, p.ofport, q.bridge AS far
  FROM v_switch_port p
  JOIN v_switch_port q ON q.node = p.node AND q.name = p.peer AND q.peer = p.name
  WHERE p.type = 'patch' AND p.bridge <> q.bridge AND p.ofport > 0
),
pair AS MATERIALIZED (
  SELECT x.* FROM patch x
  JOIN integration i ON i.node = x.node AND i.bridge IN (x.bridge, x.far)
  JOIN v_provider_bridge b ON b.node = x.node AND b.bridge IN (x.bridge, x.far)
),
bridge AS MATERIALIZED (SELECT DISTINCT node, bridge FROM pair),
-- What takes the frames that no other flow takes.
rest AS MATERIALIZED (
  SELECT f.id, f.node, f.bridge, f.priority, f.actions, f.file, f.line
  FROM bridge x
  CROSS JOIN flow f ON f.node = x.node AND f.bridge = x.bridge AND f.table_id = 0 AND f.match = ''
),
forwarding AS MATERIALIZED (
  SELECT DISTINCT f.*
  FROM rest f
  CROSS JOIN flow_action a ON a.flow = f.id
    AND (a.port_name = 'NORMAL' OR a.kind IN ('goto_table', 'resubmit') AND (a.table_id >= 58
      OR EXISTS (
        SELECT 1 FROM flow t CROSS JOIN flow_action u ON u.flow = t.id AND u.port_name = 'NORMAL'
        WHERE t.node = f.node AND t.bridge = f.bridge AND t.table_id = a.table_id
          AND t.match = '')))
  -- With distributed routing a higher one goes first.
  WHERE NOT EXISTS (
    SELECT 1 FROM rest h
    WHERE h.node = f.node AND h.bridge = f.bridge AND h.priority > f.priority)
),
dropping AS MATERIALIZED (
  SELECT d.node, d.bridge, d.priority, m.value AS ofport
  FROM bridge x
  CROSS JOIN flow d ON d.node = x.node AND d.bridge = x.bridge AND d.table_id = 0
  CROSS JOIN flow_match m ON m.flow = d.id AND m.field = 'in_port'
  WHERE NOT EXISTS (SELECT 1 FROM flow_match o WHERE o.flow = d.id AND o.field <> 'in_port')
    -- To another table of the agent's, where it is dropped, or at once.
    AND NOT EXISTS (
      SELECT 1 FROM flow_action n WHERE n.flow = d.id
        AND (n.port_name = 'NORMAL' OR n.table_id >= 58))
)
SELECT DISTINCT x.node || ' ' || x.bridge || ' ' || x.name AS subject,
  'no flow of table 0 drops what comes from it, and this one forwards it: '
    || substr(f.actions, 1, 60) AS message,
  f.file, f.line
FROM pair x
JOIN forwarding f ON f.node = x.node AND f.bridge = x.bridge
WHERE NOT EXISTS (
    SELECT 1 FROM dropping d
    WHERE d.node = x.node AND d.bridge = x.bridge AND d.ofport = x.ofport
      AND d.priority > f.priority)
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = x.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
  -- A line that could not be read may have been it.
  AND NOT EXISTS (
    SELECT 1 FROM diagnostic d WHERE d.file = f.file AND d.severity <> 'note')
ORDER BY 1;

/* test: the drop at the integration bridge is gone
INSERT INTO neutron_agent (id, host, bridge_mappings) VALUES ('a', 'n1', '{"physnet":"br-ex"}');
INSERT INTO ovs_port (node, bridge, name)
  VALUES ('n1', 'br-ex', 'phy-br-ex'), ('n1', 'br-int', 'int-br-ex');
INSERT INTO ovs_interface (node, port, name, type, ofport, peer) VALUES
  ('n1', 'phy-br-ex', 'phy-br-ex', 'patch', 2, 'int-br-ex'),
  ('n1', 'int-br-ex', 'int-br-ex', 'patch', 1, 'phy-br-ex');
INSERT INTO flow (id, node, bridge, table_id, priority, match, actions) VALUES
  (1, 'n1', 'br-int', 23, 0, '', 'drop'), (2, 'n1', 'br-int', 0, 0, '', 'goto_table:60'),
  (3, 'n1', 'br-int', 0, 3, 'in_port=1,dl_vlan=200', 'set_field,goto_table:60'),
  (4, 'n1', 'br-ex', 0, 0, '', 'NORMAL'), (5, 'n1', 'br-ex', 0, 2, 'in_port=2', 'drop');
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (3, 0, 'in_port', 1, 1), (3, 1, 'vlan_tci', 4296, 0), (5, 0, 'in_port', 2, 1);
INSERT INTO flow_action (flow, position, kind, table_id, port_name) VALUES
  (2, 0, 'goto_table', 60, NULL), (3, 0, 'goto_table', 60, NULL), (4, 0, 'output', NULL, 'NORMAL'),
  (5, 0, 'drop', NULL, NULL);
expect: n1 br-int int-br-ex
*/
/* test: both drop, the one by way of a table
INSERT INTO neutron_agent (id, host, bridge_mappings) VALUES ('a', 'n1', '{"physnet":"br-ex"}');
INSERT INTO ovs_port (node, bridge, name)
  VALUES ('n1', 'br-ex', 'phy-br-ex'), ('n1', 'br-int', 'int-br-ex');
INSERT INTO ovs_interface (node, port, name, type, ofport, peer) VALUES
  ('n1', 'phy-br-ex', 'phy-br-ex', 'patch', 2, 'int-br-ex'),
  ('n1', 'int-br-ex', 'int-br-ex', 'patch', 1, 'phy-br-ex');
INSERT INTO flow (id, node, bridge, table_id, priority, match, actions) VALUES
  (1, 'n1', 'br-int', 23, 0, '', 'drop'), (2, 'n1', 'br-int', 0, 0, '', 'goto_table:60'),
  (3, 'n1', 'br-int', 0, 2, 'in_port=1', 'drop'),
  (4, 'n1', 'br-ex', 0, 0, '', 'NORMAL'), (5, 'n1', 'br-ex', 0, 2, 'in_port=2', 'goto_table:1');
INSERT INTO flow_match (flow, position, field, value, is_exact)
  VALUES (3, 0, 'in_port', 1, 1), (5, 0, 'in_port', 2, 1);
INSERT INTO flow_action (flow, position, kind, table_id, port_name) VALUES
  (2, 0, 'goto_table', 60, NULL), (3, 0, 'drop', NULL, NULL), (4, 0, 'output', NULL, 'NORMAL'),
  (5, 0, 'goto_table', 1, NULL);
expect: nothing
*/
