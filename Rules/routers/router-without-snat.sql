-- title: A router with SNAT has no SNAT rule
-- severity: high
-- precision: certain
-- population: routers: SELECT count(*) FROM neutron_router
-- why: Guests without a floating IP send private addresses to the outside, where no answer finds its
--   way back, and where others see them.
-- fix: Restart the L3 agent of the node named, which writes the router's NAT rules anew.
-- needs: iptables, neutron-routers
WITH place AS (
  SELECT r.*, x.gateway_addresses, x.file, x.line, coalesce(x.is_ha, EXISTS (
    SELECT 1 FROM link l
    WHERE l.node = r.node AND l.namespace = r.namespace AND l.name LIKE 'ha-%')) AS is_ha
  FROM v_router_node r JOIN neutron_router x ON x.id = r.router
  WHERE x.is_admin_up AND coalesce(x.is_snat_enabled, 1) AND x.gateway_network IS NOT NULL
    AND r.kind = CASE WHEN coalesce(x.is_distributed, 0) THEN 'snat' ELSE 'qrouter' END
    AND EXISTS (SELECT 1 FROM json_each(x.gateway_addresses) WHERE value LIKE '%.%')
)
SELECT r.node || ' ' || coalesce(nullif(r.router_name, ''), r.router) AS subject,
  'no rule in ' || r.namespace || ' maps to the gateway''s address '
    || (SELECT group_concat(value, ', ') FROM json_each(r.gateway_addresses) WHERE value LIKE '%.%')
    AS message,
  r.file, r.line
FROM place r
WHERE (r.ha_state IN ('primary', 'master') OR r.ha_state IS NULL AND NOT r.is_ha)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'iptables' AND g.node = r.node)
  AND NOT EXISTS (
    SELECT 1 FROM iptables_rule t
    WHERE t.node = r.node AND t.namespace = r.namespace AND t.table_name = 'nat'
      AND t.target = 'SNAT' AND t.source_prefix IS NULL AND t.out_interface IS NOT NULL
      AND t.to_address IN (SELECT value FROM json_each(r.gateway_addresses)))
UNION ALL
SELECT 'whether HA router ' || coalesce(nullif(r.router_name, ''), r.router) || ' is active on '
    || r.node || ' was not captured', NULL, NULL, NULL
FROM place r WHERE r.is_ha AND r.ha_state IS NULL
ORDER BY 1;

/* test: the rule is gone
INSERT INTO neutron_router (id, is_admin_up, gateway_network, gateway_addresses, is_snat_enabled)
  VALUES ('r', 1, 'ext', '["192.0.2.1"]', 1);
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
expect: n1 r
*/
/* test: there, switched off, or distributed with its SNAT elsewhere
INSERT INTO neutron_router
  (id, is_admin_up, gateway_network, gateway_addresses, is_snat_enabled, is_distributed) VALUES
  ('r', 1, 'ext', '["192.0.2.1"]', 1, 0), ('s', 1, 'ext', '["192.0.2.2"]', 0, 0),
  ('t', 1, 'ext', '["192.0.2.3"]', 1, 1);
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r'), ('n1', 'qrouter-s'), ('n1', 'qrouter-t');
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, out_interface, to_address)
  VALUES ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-snat', 'SNAT', 'qg-1', '192.0.2.1');
expect: nothing
*/
/* test: whether the node is the standby one was not captured
INSERT INTO neutron_router
  (id, is_admin_up, is_ha, gateway_network, gateway_addresses, is_snat_enabled)
  VALUES ('r', 1, 1, 'ext', '["192.0.2.1"]', 1);
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
expect: unknown
*/
