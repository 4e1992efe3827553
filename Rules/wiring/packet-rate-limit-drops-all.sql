-- title: A limit of packets per second drops everything
-- severity: high
-- precision: certain
-- population: flows that meter packets: SELECT count(*) FROM flow WHERE table_id = 58
-- why: Flows with a meter stand in table 58 and go on at table 59. There no flow takes the packets,
--   and the switch drops what no flow takes: a port with such a limit has lost a whole direction.
-- fix: Take the packet rate limit off the port (openstack port unset --qos-policy PORT) until the
--   agent is of a release that has table 59's default flow.
-- references: LP1964342
-- needs: openflow-flows
WITH onward AS (
  SELECT f.id, f.node, f.bridge, f.match, f.file, f.line
  FROM flow f JOIN flow_action a ON a.flow = f.id
  WHERE f.table_id = 58 AND a.kind IN ('goto_table', 'resubmit') AND a.table_id = 59
)
SELECT o.node || ' ' || o.bridge AS subject,
  'table 58 sends ' || coalesce(nullif(o.match, ''), 'everything')
    || ' to table 59, which has no flow for all packets' AS message, o.file, o.line
FROM onward o
WHERE NOT EXISTS (
    SELECT 1 FROM flow d
    WHERE d.node = o.node AND d.bridge = o.bridge AND d.table_id = 59 AND d.match = '')
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'openflow-flows' AND g.node = o.node)
  -- A line that could not be read may have been it.
  AND NOT EXISTS (
    SELECT 1 FROM diagnostic d WHERE d.file = o.file AND d.severity <> 'note')
ORDER BY 1, 2;

/* test: no default in table 59
INSERT INTO flow (id, node, bridge, table_id, match)
  VALUES (1, 'n1', 'br-int', 58, 'in_port=7'), (2, 'n1', 'br-int', 59, 'dl_vlan=2');
INSERT INTO flow_action (flow, position, kind, table_id)
  VALUES (1, 0, 'meter', NULL), (1, 1, 'goto_table', 59);
expect: n1 br-int
*/
/* test: a default, and a table 58 that goes to 60
INSERT INTO flow (id, node, bridge, table_id, match) VALUES (1, 'n1', 'br-int', 58, 'in_port=7'),
  (2, 'n1', 'br-int', 59, ''), (3, 'n2', 'br-int', 58, 'in_port=7');
INSERT INTO flow_action (flow, position, kind, table_id)
  VALUES (1, 0, 'goto_table', 59), (3, 0, 'goto_table', 60);
expect: nothing
*/
