-- title: Two HA routers have one VRRP number on one network
-- severity: high
-- precision: certain
-- population: routers with a spare node: SELECT count(*) FROM neutron_router WHERE is_ha
-- why: Keepalived tells routers apart by this number alone. Two routers with one number take each
--   other's announcements for their own: one of them is active nowhere, or they change places at
--   random.
-- fix: openstack router set --disable, --no-ha, then --ha and --enable on one of them gives it a
--   new number; end a keepalived of a router that is gone.
-- needs: keepalived|neutron-routers, neutron-ports
WITH instance AS (
  SELECT DISTINCT k.router, k.virtual_router_id AS number, p.network, k.node, k.file, k.line
  FROM keepalived_address k
  JOIN (SELECT network, 'ha-' || substr(id, 1, 11) AS device FROM neutron_port
    WHERE device_owner = 'network:router_ha_interface') p ON p.device = k.interface
  WHERE k.is_announced AND k.virtual_router_id IS NOT NULL
    -- A configuration that outlived its namespace is litter.
    AND EXISTS (
      SELECT 1 FROM namespace s
      WHERE s.node = k.node AND s.name IN ('qrouter-' || k.router, 'snat-' || k.router))
),
shared AS (
  SELECT network, number FROM instance
  GROUP BY network, number HAVING count(DISTINCT router) > 1
)
SELECT 'number ' || s.number || ' on network ' || coalesce(nullif(n.name, ''), s.network)
    AS subject,
  'is of routers ' || (
    SELECT group_concat(x.name, ', ') FROM (
      SELECT DISTINCT coalesce(nullif(r.name, ''), i.router) AS name
      FROM instance i LEFT JOIN neutron_router r ON r.id = i.router
      WHERE i.network = s.network AND i.number = s.number ORDER BY 1) x) AS message,
  i.file, i.line
FROM shared s
JOIN instance i ON i.network = s.network AND i.number = s.number
LEFT JOIN neutron_network n ON n.id = s.network
UNION ALL
SELECT 'HA router ' || coalesce(nullif(r.name, ''), r.id) || ' on ' || s.node
    || ': its configuration was not captured', NULL, NULL, NULL
FROM neutron_router r
JOIN namespace s
  ON s.name = CASE WHEN coalesce(r.is_distributed, 0) THEN 'snat-' ELSE 'qrouter-' END || r.id
WHERE r.is_ha AND r.is_admin_up
  AND NOT EXISTS (
    SELECT 1 FROM keepalived_address k WHERE k.node = s.node AND k.router = r.id)
ORDER BY 1, 3, 4;

/* test: one number, two routers
INSERT INTO neutron_port (id, network, device_owner) VALUES
  ('01234567-89ab-cdef-0123-456789abcdef', 'ha', 'network:router_ha_interface'),
  ('abcdef01-89ab-cdef-0123-456789abcdef', 'ha', 'network:router_ha_interface');
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r'), ('n2', 'qrouter-s');
INSERT INTO keepalived_address (node, router, virtual_router_id, address, interface, is_announced)
  VALUES ('n1', 'r', 7, '169.254.0.7', 'ha-01234567-89', 1),
  ('n2', 's', 7, '169.254.0.7', 'ha-abcdef01-89', 1);
expect: number 7 on network ha
*/
/* test: on two networks, and one router on two nodes
INSERT INTO neutron_port (id, network, device_owner) VALUES
  ('01234567-89ab-cdef-0123-456789abcdef', 'ha', 'network:router_ha_interface'),
  ('abcdef01-89ab-cdef-0123-456789abcdef', 'other', 'network:router_ha_interface'),
  ('11111111-89ab-cdef-0123-456789abcdef', 'ha', 'network:router_ha_interface');
INSERT INTO namespace (node, name)
  VALUES ('n1', 'qrouter-r'), ('n2', 'qrouter-s'), ('n2', 'qrouter-r');
INSERT INTO keepalived_address (node, router, virtual_router_id, address, interface, is_announced)
  VALUES ('n1', 'r', 7, '169.254.0.7', 'ha-01234567-89', 1),
  ('n2', 's', 7, '169.254.0.7', 'ha-abcdef01-89', 1),
  ('n2', 'r', 7, '169.254.0.7', 'ha-11111111-89', 1);
expect: nothing
*/
/* test: what keepalived says was not captured
INSERT INTO neutron_router (id, is_ha, is_admin_up) VALUES ('r', 1, 1);
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
expect: unknown
*/
