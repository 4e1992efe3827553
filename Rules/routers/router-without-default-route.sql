-- title: A router with a gateway has no default route
-- severity: high
-- precision: certain
-- population: routers: SELECT count(*) FROM neutron_router
-- why: The router reaches the external network's own addresses and nothing behind its gateway.
-- fix: Restart the L3 agent of the node named, or clear the router's gateway and set it again.
-- needs: ip-route-4|ip-route, neutron-routers, neutron-subnets, neutron-ports
WITH place AS (
  SELECT r.*, x.is_admin_up, x.gateway_addresses, x.file, x.line, coalesce(x.is_ha, EXISTS (
    SELECT 1 FROM link l
    WHERE l.node = r.node AND l.namespace = r.namespace AND l.name LIKE 'ha-%')) AS is_ha
  FROM v_router_node r JOIN neutron_router x ON x.id = r.router
  WHERE x.is_admin_up
    AND r.kind = CASE WHEN coalesce(x.is_distributed, 0) THEN 'snat' ELSE 'qrouter' END
    AND EXISTS (SELECT 1 FROM json_each(x.gateway_addresses) WHERE value LIKE '%.%')
)
SELECT r.node || ' ' || coalesce(nullif(r.router_name, ''), r.router) AS subject,
  'no IPv4 default route in ' || r.namespace AS message, r.file, r.line
FROM place r
WHERE (r.ha_state IN ('primary', 'master') OR r.ha_state IS NULL AND NOT r.is_ha)
  -- A subnet without gateway gives its router none.
  AND EXISTS (
    SELECT 1 FROM neutron_port p
    JOIN neutron_fixed_ip f ON f.port = p.id
    JOIN neutron_subnet s ON s.id = f.subnet
    WHERE p.device_id = r.router AND p.device_owner = 'network:router_gateway'
      AND s.family = 4 AND s.gateway IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format IN ('ip-route-4', 'ip-route') AND g.node = r.node)
  AND NOT EXISTS (
    SELECT 1 FROM route t
    WHERE t.node = r.node AND t.namespace = r.namespace AND t.family = 4
      AND t.routing_table = 'main' AND t.destination = '0.0.0.0/0')
UNION ALL
-- The standby node of an HA router has none, and nobody says which node that is.
SELECT 'whether HA router ' || coalesce(nullif(r.router_name, ''), r.router) || ' is active on '
    || r.node || ' was not captured', NULL, NULL, NULL
FROM place r WHERE r.is_ha AND r.ha_state IS NULL
ORDER BY 1;

/* test: the route is gone
INSERT INTO neutron_router (id, is_admin_up, gateway_network, gateway_addresses)
  VALUES ('r', 1, 'ext', '["192.0.2.1"]');
INSERT INTO neutron_port (id, device_id, device_owner) VALUES ('g', 'r', 'network:router_gateway');
INSERT INTO neutron_fixed_ip (port, address, subnet) VALUES ('g', '192.0.2.1', 's');
INSERT INTO neutron_subnet (id, family, gateway) VALUES ('s', 4, '192.0.2.254');
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
expect: n1 r
*/
/* test: there, or a subnet without gateway, or the standby node
INSERT INTO neutron_router (id, is_admin_up, gateway_network, gateway_addresses)
  VALUES ('r', 1, 'ext', '["192.0.2.1"]'), ('s', 1, 'ext', '["192.0.2.2"]');
INSERT INTO neutron_port (id, device_id, device_owner)
  VALUES ('g', 'r', 'network:router_gateway'), ('h', 's', 'network:router_gateway');
INSERT INTO neutron_fixed_ip (port, address, subnet) VALUES ('g', '192.0.2.1', 's'), ('h', '192.0.2.2', 't');
INSERT INTO neutron_subnet (id, family, gateway) VALUES ('s', 4, '192.0.2.254'), ('t', 4, NULL);
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r'), ('n2', 'qrouter-r'), ('n1', 'qrouter-s');
INSERT INTO ha_state (node, router, state) VALUES ('n2', 'r', 'backup');
INSERT INTO route (id, node, namespace, family, routing_table, destination)
  VALUES (1, 'n1', 'qrouter-r', 4, 'main', '0.0.0.0/0');
expect: nothing
*/
/* test: whether the node is the standby one was not captured
INSERT INTO neutron_router (id, is_admin_up, is_ha, gateway_network, gateway_addresses)
  VALUES ('r', 1, 1, 'ext', '["192.0.2.1"]');
INSERT INTO neutron_port (id, device_id, device_owner) VALUES ('g', 'r', 'network:router_gateway');
INSERT INTO neutron_fixed_ip (port, address, subnet) VALUES ('g', '192.0.2.1', 's');
INSERT INTO neutron_subnet (id, family, gateway) VALUES ('s', 4, '192.0.2.254');
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
expect: unknown
*/
