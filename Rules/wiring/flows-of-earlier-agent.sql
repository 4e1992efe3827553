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
old AS MATERIALIZED (
  SELECT DISTINCT f.node, f.bridge, f.cookie, a.seconds
  -- A node with many ports is not through its first round at once.
  FROM agent a CROSS JOIN flow f ON f.node = a.node
    AND f.duration_milliseconds > (a.seconds + 120) * 1000
  WHERE a.seconds > 3600 AND f.cookie <> '0x0'
),
mark AS MATERIALIZED (
  SELECT o.*, count(f.duration_milliseconds) AS flows, min(f.duration_milliseconds) AS youngest
  FROM old o
  CROSS JOIN flow f ON f.node = o.node AND f.bridge = o.bridge AND f.cookie = o.cookie
  WHERE NOT EXISTS (
      SELECT 1 FROM flow y
      WHERE y.node = o.node AND y.bridge = o.bridge AND y.cookie = o.cookie
        AND y.duration_milliseconds <= (o.seconds + 120) * 1000)
    -- Only bridges that this run works on.
    AND EXISTS (
      SELECT 1 FROM flow y
      WHERE y.node = o.node AND y.bridge = o.bridge AND y.cookie <> '0x0'
        AND y.duration_milliseconds < o.seconds * 1000)
  GROUP BY o.node, o.bridge, o.cookie, o.seconds
)
SELECT f.node || ' ' || f.bridge || ' ' || f.cookie AS subject,
  m.flows || ' flow' || CASE m.flows WHEN 1 THEN '' ELSE 's' END || ', the youngest '
    || (m.youngest / 1000) || ' s old; the agent runs for ' || m.seconds || ' s' AS message,
  f.file, f.line
FROM mark m
CROSS JOIN flow f ON f.node = m.node AND f.bridge = m.bridge AND f.cookie = m.cookie
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
