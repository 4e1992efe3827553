-- title: A router with SNAT has no SNAT rule
-- severity: high
-- precision: certain
-- population: routers: SELECT count(*) FROM neutron_router
-- why: Guests without a floating IP send private addresses to the outside, where no answer finds its
--   way back, and where others see them.
-- fix: Restart the L3 agent of the node named, which writes the router's NAT rules anew.
-- references: F-38, F-43
-- needs: iptables, neutron-routers
SELECT r.node || ' ' || coalesce(nullif(r.router_name, ''), r.router) AS subject,
  'no rule in ' || r.namespace || ' maps to the gateway''s address '
    || (SELECT group_concat(value, ', ') FROM json_each(x.gateway_addresses) WHERE value LIKE '%.%')
    AS message,
  x.file, x.line
FROM v_router_node r JOIN neutron_router x ON x.id = r.router
WHERE x.is_admin_up AND coalesce(x.is_snat_enabled, 1) AND x.gateway_network IS NOT NULL
  AND r.kind = CASE WHEN coalesce(x.is_distributed, 0) THEN 'snat' ELSE 'qrouter' END
  AND coalesce(r.ha_state, 'primary') IN ('primary', 'master')
  AND EXISTS (SELECT 1 FROM json_each(x.gateway_addresses) WHERE value LIKE '%.%')
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'iptables' AND g.node = r.node)
  AND NOT EXISTS (
    SELECT 1 FROM iptables_rule t
    WHERE t.node = r.node AND t.namespace = r.namespace AND t.table_name = 'nat'
      AND t.target = 'SNAT' AND t.source_prefix IS NULL AND t.out_interface IS NOT NULL
      AND t.to_address IN (SELECT value FROM json_each(x.gateway_addresses)))
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
