-- title: Keepalived of an HA router does not run
-- severity: high
-- precision: certain
-- population: configurations of keepalived: SELECT count(DISTINCT node || router) FROM
--   keepalived_address
-- why: The node takes no part in the election of the active one. If it was the active one it keeps
--   the addresses and no longer says so, and another one takes them as well; if it was the spare
--   there is none.
-- fix: Restart the node's L3 agent, which starts it; its log says why it ended.
-- references: LP1908057
-- needs: ps, keepalived|neutron-routers, neutron-l3-agents|neutron-routers
WITH configured AS (
  SELECT node, router, min(file) AS file, min(line) AS line
  FROM keepalived_address GROUP BY node, router
)
SELECT c.node || ' ' || coalesce(nullif(r.name, ''), c.router) AS subject,
  'its configuration and namespace are there, and no keepalived runs with it' AS message,
  c.file, c.line
FROM configured c
JOIN neutron_router r ON r.id = c.router
WHERE r.is_admin_up
  AND EXISTS (
    SELECT 1 FROM neutron_router_agent a JOIN v_host_node h ON h.host = a.host
    WHERE a.router = c.router AND h.node = c.node)
  AND EXISTS (
    SELECT 1 FROM namespace s
    WHERE s.node = c.node AND s.name IN ('qrouter-' || c.router, 'snat-' || c.router))
  AND EXISTS (SELECT 1 FROM process p WHERE p.node = c.node)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.node = c.node AND g.format = 'ps')
  AND NOT EXISTS (
    SELECT 1 FROM process p
    WHERE p.node = c.node AND p.arguments LIKE '%keepalived.conf%'
      AND instr(p.arguments, c.router) > 0)
UNION ALL
SELECT 'HA router ' || coalesce(nullif(r.name, ''), r.id) || ' on ' || s.node
    || ': its configuration was not captured', NULL, NULL, NULL
FROM neutron_router r
JOIN namespace s
  ON s.name = CASE WHEN coalesce(r.is_distributed, 0) THEN 'snat-' ELSE 'qrouter-' END || r.id
WHERE r.is_ha AND r.is_admin_up
  AND NOT EXISTS (
    SELECT 1 FROM keepalived_address k WHERE k.node = s.node AND k.router = r.id)
UNION ALL
SELECT 'HA router ' || coalesce(nullif(r.name, ''), r.id) || ': its agents were not captured', NULL,
  NULL, NULL
FROM neutron_router r
WHERE r.is_ha AND r.is_admin_up
  AND EXISTS (SELECT 1 FROM configured c WHERE c.router = r.id)
  AND NOT EXISTS (SELECT 1 FROM neutron_router_agent a WHERE a.router = r.id)
ORDER BY 1;

/* test: no process
INSERT INTO neutron_router (id, name, is_admin_up) VALUES ('r', 'edge', 1);
INSERT INTO neutron_agent (id, host) VALUES ('a', 'n1');
INSERT INTO neutron_router_agent (router, agent, host) VALUES ('r', 'a', 'n1');
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
INSERT INTO keepalived_address (node, router, address) VALUES ('n1', 'r', '169.254.0.7');
INSERT INTO process (node, pid, arguments) VALUES
  ('n1', 7, 'python3 neutron-keepalived-state-change --router_id=r --conf_dir=/ha_confs/r');
expect: n1 edge
*/
/* test: running, moved away, or on a node whose processes were not captured
INSERT INTO neutron_router (id, is_admin_up) VALUES ('r', 1), ('s', 1), ('t', 1);
INSERT INTO neutron_agent (id, host) VALUES ('a', 'n1'), ('b', 'n2');
INSERT INTO neutron_router_agent (router, agent, host)
  VALUES ('r', 'a', 'n1'), ('s', 'b', 'n2'), ('t', 'b', 'n2');
INSERT INTO namespace (node, name)
  VALUES ('n1', 'qrouter-r'), ('n1', 'qrouter-s'), ('n2', 'qrouter-t');
INSERT INTO keepalived_address (node, router, address) VALUES
  ('n1', 'r', '169.254.0.7'), ('n1', 's', '169.254.0.8'), ('n2', 't', '169.254.0.9');
INSERT INTO process (node, pid, arguments)
  VALUES ('n1', 7, 'keepalived -P -f /var/lib/neutron/ha_confs/r/keepalived.conf');
expect: nothing
*/
/* test: what keepalived says was not captured
INSERT INTO neutron_router (id, is_ha, is_admin_up) VALUES ('r', 1, 1);
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
expect: unknown
*/
