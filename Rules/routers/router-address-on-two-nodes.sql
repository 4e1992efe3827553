-- title: A router's address is alive on more than one node
-- severity: high
-- precision: certain
-- population: routers: SELECT count(*) FROM neutron_router
-- why: Each of the nodes answers ARP for it and forwards what it gets. Connections break as caches
--   change from one to the other, and only one of them has the way back.
-- fix: Restart the L3 agent of the node that Neutron does not name for the router; of an HA router
--   mend the way between the nodes' ha- ports first.
-- references: LP1894843, LP1881995, LP1959151
-- needs: ip-addr, neutron-ports
WITH held AS (
  SELECT DISTINCT p.device_id AS router, f.address, a.node, a.namespace, a.interface, a.file, a.line
  FROM neutron_port p
  JOIN neutron_fixed_ip f ON f.port = p.id
  JOIN address a ON a.address = f.address
    AND a.namespace IN ('qrouter-' || p.device_id, 'snat-' || p.device_id)
  WHERE p.device_owner IN ('network:router_gateway', 'network:router_centralized_snat',
    'network:router_interface', 'network:ha_router_replicated_interface')
),
twice AS (
  SELECT router, address FROM held GROUP BY router, address HAVING count(DISTINCT node) > 1
)
SELECT coalesce(nullif(r.name, ''), t.router) || ' ' || t.address AS subject,
  'is alive on ' || (
    SELECT group_concat(x.node, ' and ') FROM (
      SELECT DISTINCT node FROM held y
      WHERE y.router = t.router AND y.address = t.address ORDER BY 1) x) AS message,
  h.file, h.line
FROM twice t
JOIN held h ON h.router = t.router AND h.address = t.address
LEFT JOIN neutron_router r ON r.id = t.router
ORDER BY 1, 3, 4;

/* test: the gateway in two snat namespaces
INSERT INTO neutron_router (id, name) VALUES ('r', 'edge');
INSERT INTO neutron_port (id, device_id, device_owner) VALUES ('g', 'r', 'network:router_gateway');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('g', '192.0.2.1');
INSERT INTO address (node, namespace, interface, address) VALUES
  ('n1', 'snat-r', 'qg-1', '192.0.2.1'), ('n2', 'snat-r', 'qg-1', '192.0.2.1');
expect: edge 192.0.2.1
*/
/* test: on one node, and a distributed router's interface on all
INSERT INTO neutron_port (id, device_id, device_owner) VALUES
  ('g', 'r', 'network:router_gateway'), ('i', 'r', 'network:router_interface_distributed');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('g', '192.0.2.1'), ('i', '10.0.0.1');
INSERT INTO address (node, namespace, interface, address) VALUES
  ('n1', 'snat-r', 'qg-1', '192.0.2.1'), ('n1', 'qrouter-r', 'qr-1', '10.0.0.1'),
  ('n2', 'qrouter-r', 'qr-1', '10.0.0.1'), ('n2', 'qrouter-other', 'qg-2', '192.0.2.1');
expect: nothing
*/
