-- title: An HA router is active on two nodes
-- severity: high
-- precision: likely
-- population: routers with a spare node: SELECT count(*) FROM neutron_router WHERE is_ha
-- why: The nodes of an HA router hear each other over a network of its own. When they do not, each
--   takes itself for the only one: both hold the router's addresses, and traffic goes now to one,
--   now to the other.
-- fix: Mend the network between the ha- ports (tunnels and VRRP, protocol 112, between the nodes
--   named); keepalived then settles it. If it does not, restart the L3 agent of the node that
--   should wait.
-- false-positives: A change from one node to the other that was under way while nodes were
--   captured.
-- references: LP1959151, LP1597461
-- needs: ip-addr, ha-state|keepalived|neutron-routers, neutron-agents
WITH virtual AS (
  -- The address that VRRP announces is where the router is active.
  SELECT DISTINCT k.router, k.address, a.node, a.file, a.line
  FROM keepalived_address k
  JOIN address a ON a.address = k.address
    AND a.namespace IN ('qrouter-' || k.router, 'snat-' || k.router)
  WHERE k.is_announced
),
said AS (
  SELECT router, node, file, line FROM ha_state WHERE state IN ('primary', 'master')
),
reported AS (
  -- A dead agent's last word is old.
  SELECT a.router, a.host AS node, a.file, a.line FROM neutron_router_agent a
  WHERE a.ha_state = 'active'
    AND EXISTS (SELECT 1 FROM neutron_agent g WHERE g.id = a.agent AND g.is_alive)
),
place AS (
  SELECT 1 AS rank, router, node, 'hold its address ' || address AS how, file, line FROM virtual
  UNION ALL SELECT 2, router, node, 'say that they are active', file, line FROM said
  UNION ALL SELECT 3, router, node, 'are active, as Neutron has it', file, line FROM reported
),
twice AS (
  SELECT router, min(rank) AS rank FROM (
    SELECT router, rank FROM place GROUP BY router, rank, how HAVING count(DISTINCT node) > 1)
  GROUP BY router
)
SELECT coalesce(nullif(r.name, ''), t.router) AS subject,
  (SELECT group_concat(x.node, ' and ') FROM (
    SELECT DISTINCT node FROM place q
    WHERE q.router = p.router AND q.rank = p.rank AND q.how = p.how ORDER BY 1) x)
    || ' ' || p.how AS message,
  p.file, p.line
FROM twice t
JOIN place p ON p.router = t.router AND p.rank = t.rank
LEFT JOIN neutron_router r ON r.id = t.router
WHERE coalesce(r.is_admin_up, 1)
UNION ALL
SELECT 'HA router ' || coalesce(nullif(r.name, ''), r.id) || ' on ' || s.node
    || ': its state was not captured', NULL, NULL, NULL
FROM neutron_router r
JOIN namespace s
  ON s.name = CASE WHEN coalesce(r.is_distributed, 0) THEN 'snat-' ELSE 'qrouter-' END || r.id
WHERE r.is_ha AND r.is_admin_up
  AND NOT EXISTS (SELECT 1 FROM ha_state h WHERE h.node = s.node AND h.router = r.id)
  AND NOT EXISTS (
    SELECT 1 FROM keepalived_address k WHERE k.node = s.node AND k.router = r.id)
ORDER BY 1, 2, 3, 4;

/* test: the address on both nodes
INSERT INTO neutron_router (id, name, is_admin_up) VALUES ('r', 'edge', 1);
INSERT INTO keepalived_address (node, router, address, is_announced)
  VALUES ('n1', 'r', '169.254.0.7', 1), ('n2', 'r', '169.254.0.7', 1);
INSERT INTO address (node, namespace, interface, address) VALUES
  ('n1', 'qrouter-r', 'ha-1', '169.254.0.7'), ('n2', 'qrouter-r', 'ha-2', '169.254.0.7');
expect: edge
*/
/* test: both say so
INSERT INTO ha_state (node, router, state) VALUES ('n1', 'r', 'primary'), ('n2', 'r', 'master');
expect: r
*/
/* test: one of two, a dead one, and another router with the same number
INSERT INTO keepalived_address (node, router, address, is_announced) VALUES
  ('n1', 'r', '169.254.0.7', 1), ('n2', 'r', '169.254.0.7', 1), ('n2', 's', '169.254.0.7', 1);
INSERT INTO address (node, namespace, interface, address) VALUES
  ('n1', 'qrouter-r', 'ha-1', '169.254.0.7'), ('n2', 'qrouter-s', 'ha-2', '169.254.0.7');
INSERT INTO ha_state (node, router, state) VALUES ('n1', 'r', 'primary'), ('n2', 'r', 'backup');
INSERT INTO neutron_agent (id, host, is_alive) VALUES ('a', 'n1', 1), ('b', 'n2', 0);
INSERT INTO neutron_router_agent (router, agent, host, ha_state)
  VALUES ('r', 'a', 'n1', 'active'), ('r', 'b', 'n2', 'active');
expect: nothing
*/
/* test: what keepalived says was not captured
INSERT INTO neutron_router (id, is_ha, is_admin_up) VALUES ('r', 1, 1);
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
expect: unknown
*/
