-- title: The waiting node of an HA router is not silent
-- severity: medium
-- precision: likely
-- population: routers with a spare node: SELECT count(*) FROM neutron_router WHERE is_ha
-- why: Only the active node may be heard with the router's addresses. With an address on its
--   gateway or interfaces the waiting one answers, or announces itself by IPv6, and switches learn
--   the router's MAC address at the wrong node.
-- fix: Restart the L3 agent of the node named, which sets the waiting state anew; if two nodes are
--   active, mend that first.
-- false-positives: A change from one node to the other that was under way while the node was
--   captured.
-- references: LP1771841, LP1859832, LP1965297
-- needs: ip-addr, ha-state|neutron-routers
WITH waiting AS (
  SELECT h.node, h.router, coalesce(nullif(r.name, ''), h.router) AS name,
    CASE WHEN coalesce(r.is_distributed, 0) THEN 'snat-' ELSE 'qrouter-' END || h.router
      AS namespace
  FROM ha_state h JOIN neutron_router r ON r.id = h.router
  WHERE h.state = 'backup'
)
SELECT w.node || ' ' || w.name AS subject,
  a.interface || ' has ' || a.address || ' in ' || w.namespace AS message, a.file, a.line
FROM waiting w
JOIN address a ON a.node = w.node AND a.namespace = w.namespace
WHERE a.scope <> 'link' AND (a.interface LIKE 'qr-%' OR a.interface LIKE 'qg-%'
    OR a.interface LIKE 'sg-%')
  OR a.scope = 'link' AND a.family = 6 AND a.interface LIKE 'qg-%'
UNION ALL
SELECT 'HA router ' || coalesce(nullif(r.name, ''), r.id) || ' on ' || s.node
    || ': its state was not captured', NULL, NULL, NULL
FROM neutron_router r
JOIN namespace s
  ON s.name = CASE WHEN coalesce(r.is_distributed, 0) THEN 'snat-' ELSE 'qrouter-' END || r.id
WHERE r.is_ha AND r.is_admin_up
  AND NOT EXISTS (SELECT 1 FROM ha_state h WHERE h.node = s.node AND h.router = r.id)
ORDER BY 1, 2;

/* test: an address, and a link-local address at the gateway
INSERT INTO neutron_router (id, name) VALUES ('r', 'edge'), ('s', 'core');
INSERT INTO ha_state (node, router, state)
  VALUES ('n1', 'r', 'backup'), ('n1', 's', 'backup');
INSERT INTO address (node, namespace, interface, family, address, scope) VALUES
  ('n1', 'qrouter-r', 'qr-1', 4, '10.0.0.1', 'global'),
  ('n1', 'qrouter-s', 'qg-2', 6, 'fe80::1', 'link');
expect: n1 edge
expect: n1 core
*/
/* test: the active node, and what a distributed router has on every node
INSERT INTO neutron_router (id, name, is_distributed) VALUES ('r', 'edge', 0), ('d', 'wide', 1);
INSERT INTO ha_state (node, router, state)
  VALUES ('n1', 'r', 'primary'), ('n2', 'r', 'backup'), ('n2', 'd', 'backup');
INSERT INTO address (node, namespace, interface, family, address, scope) VALUES
  ('n1', 'qrouter-r', 'qr-1', 4, '10.0.0.1', 'global'),
  ('n2', 'qrouter-r', 'ha-2', 4, '169.254.192.1', 'global'),
  ('n2', 'qrouter-r', 'qr-1', 6, 'fe80::1', 'link'),
  ('n2', 'qrouter-d', 'qr-3', 4, '10.0.1.1', 'global');
expect: nothing
*/
/* test: what keepalived says was not captured
INSERT INTO neutron_router (id, is_ha, is_admin_up) VALUES ('r', 1, 1);
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
expect: unknown
*/
