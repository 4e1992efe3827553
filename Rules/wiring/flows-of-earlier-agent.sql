-- title: Flows of an earlier run of the agent are still there
-- severity: high
-- precision: likely
-- population: flows that agents made: SELECT count(*) FROM flow WHERE cookie <> '0x0'
-- why: Each run of the Open vSwitch agent marks its flows with a cookie of its own, and removes the
--   others' after its first round. Flows that are older than the process were made by an earlier
--   run: they hold port numbers and local VLANs of that time.
-- fix: Restart the node's Open vSwitch agent and see whether they go; if not, its log says why the
--   cleaning failed.
-- false-positives: Flows that somebody else made on the agent's bridges, in tables that the agent
--   does not use.
-- references: LP2060587, LP1864822
-- needs: openflow-flows, ps
WITH agent AS (
  SELECT node, max(elapsed_seconds) AS seconds FROM process
  WHERE arguments LIKE '%neutron-openvswitch-agent%' AND arguments NOT LIKE '%privsep%'
    AND elapsed_seconds IS NOT NULL
  GROUP BY node
),
mark AS (
  SELECT f.node, f.bridge, f.cookie, count(*) AS flows, min(f.duration_milliseconds) AS youngest
  FROM flow f WHERE f.duration_milliseconds IS NOT NULL GROUP BY f.node, f.bridge, f.cookie
)
SELECT f.node || ' ' || f.bridge || ' ' || f.cookie AS subject,
  m.flows || ' flow' || CASE m.flows WHEN 1 THEN '' ELSE 's' END || ', the youngest '
    || (m.youngest / 1000) || ' s old; the agent runs for ' || a.seconds || ' s' AS message,
  f.file, f.line
FROM agent a
JOIN mark m ON m.node = a.node
JOIN flow f ON f.node = m.node AND f.bridge = m.bridge AND f.cookie = m.cookie
WHERE m.cookie <> '0x0'
  -- A node with many ports is not through its first round at once.
  AND a.seconds > 3600 AND m.youngest > (a.seconds + 120) * 1000
  -- Only bridges that this run works on.
  AND EXISTS (
    SELECT 1 FROM mark o WHERE o.node = m.node AND o.bridge = m.bridge AND o.cookie <> '0x0'
      AND o.youngest < a.seconds * 1000)
ORDER BY 1, 3, 4;

/* test: older than the process
INSERT INTO process (node, pid, elapsed_seconds, arguments)
  VALUES ('n1', 7, 7200, '/usr/bin/python3 /usr/bin/neutron-openvswitch-agent');
INSERT INTO flow (id, node, bridge, cookie, duration_milliseconds)
  VALUES (1, 'n1', 'br-int', '0xaa', 7000000), (2, 'n1', 'br-int', '0xbb', 9000000);
expect: n1 br-int 0xbb
*/
/* test: an extension's cookie, somebody's own bridge, an agent that has just started
INSERT INTO process (node, pid, elapsed_seconds, arguments) VALUES
  ('n1', 7, 7200, '/usr/bin/python3 /usr/bin/neutron-openvswitch-agent'),
  ('n2', 8, 60, '/usr/bin/python3 /usr/bin/neutron-openvswitch-agent');
INSERT INTO flow (id, node, bridge, cookie, duration_milliseconds) VALUES
  (1, 'n1', 'br-int', '0xaa', 7000000), (2, 'n1', 'br-int', '0xbb', 6900000),
  (3, 'n1', 'br-lan', '0xcc', 9000000), (4, 'n1', 'br-int', '0x0', 9000000),
  (5, 'n2', 'br-int', '0xaa', 50000), (6, 'n2', 'br-int', '0xbb', 9000000);
expect: nothing
*/
