-- title: An integration bridge lacks the flow by which its agent knows it
-- severity: high
-- precision: certain
-- population: bridges on which agents noted networks: SELECT count(DISTINCT node || bridge) FROM
--   ovs_port WHERE network IS NOT NULL
-- why: The agent leaves one flow in table 23. When the switch restarts, the flow is gone, and the
--   agent then builds all flows anew. On this bridge it is still gone: the switch restarted and the
--   agent did not notice, or does not run.
-- fix: Restart the node's Open vSwitch agent.
-- references: LP1912651, LP1920700, LP2131666
-- needs: openflow-flows, ovsdb-dump
WITH integration AS (
  SELECT node, bridge, count(*) AS ports FROM ovs_port
  WHERE network IS NOT NULL AND tag BETWEEN 1 AND 4094 AND bridge IS NOT NULL
    AND bridge NOT LIKE 'tbr-%'
  GROUP BY node, bridge
)
SELECT i.node || ' ' || i.bridge AS subject,
  'no flow in table 23, and ' || i.ports || ' port' || CASE i.ports WHEN 1 THEN '' ELSE 's' END
    || ' of networks' AS message,
  f.file, min(f.line) AS line
FROM integration i
JOIN flow f ON f.node = i.node AND f.bridge = i.bridge
WHERE NOT EXISTS (
    SELECT 1 FROM flow c WHERE c.node = i.node AND c.bridge = i.bridge AND c.table_id = 23)
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = i.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
  -- A line that could not be read may have been it.
  AND NOT EXISTS (
    SELECT 1 FROM diagnostic d WHERE d.file = f.file AND d.severity <> 'note')
GROUP BY i.node, i.bridge, f.file
ORDER BY 1;

/* test: flows without the canary
INSERT INTO ovs_port (node, bridge, name, tag, network)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net');
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-int', 0);
expect: n1 br-int
*/
/* test: with it, or not captured
INSERT INTO ovs_port (node, bridge, name, tag, network)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net'), ('n2', 'br-int', 'tap2', 2, 'net');
INSERT INTO flow (id, node, bridge, table_id)
  VALUES (1, 'n1', 'br-int', 0), (2, 'n1', 'br-int', 23);
expect: nothing
*/
/* test: the dump was cut
INSERT INTO ovs_port (node, bridge, name, tag, network)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net');
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-int', 0);
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'flows', 'openflow-flows', 'cut');
expect: unknown
*/
