-- title: A guest without anti-spoofing is in one network with other projects
-- severity: medium
-- precision: possible
-- population: servers' ports: SELECT count(*) FROM neutron_port WHERE device_owner LIKE 'compute:%'
-- why: The guest may answer ARP for any neighbour, and for the router. Its neighbours belong to
--   other projects, whose traffic it can so take.
-- fix: openstack port set --enable-port-security PORT with the few addresses that it needs as
--   --allowed-address, or move it to a network of its own.
-- false-positives: Servers of the operator that route or bridge for the network's projects.
-- references: OSSA-2016-009
-- needs: neutron-ports, neutron-networks
WITH mixed AS (
  SELECT network FROM neutron_port
  WHERE device_owner LIKE 'compute:%' AND nullif(project, '') IS NOT NULL
  GROUP BY network HAVING count(DISTINCT project) > 1
),
wide AS (
  SELECT DISTINCT port, prefix FROM neutron_address_pair
  WHERE prefix LIKE '%/0' OR prefix LIKE '%/1'
)
SELECT coalesce(nullif(p.name, ''), p.id) AS subject,
  CASE WHEN w.port IS NULL THEN 'port security is off' ELSE 'may use ' || w.prefix END
    || ', and network ' || coalesce(nullif(n.name, ''), n.id) || ' has servers of other projects'
    AS message,
  p.file, p.line
FROM mixed m
JOIN neutron_port p ON p.network = m.network AND p.device_owner LIKE 'compute:%'
JOIN neutron_network n ON n.id = p.network
LEFT JOIN wide w ON w.port = p.id AND coalesce(p.is_port_security_enabled, 1)
WHERE NOT coalesce(p.is_port_security_enabled, 1) OR w.port IS NOT NULL
ORDER BY 1, 2;

/* test: port security is off, and a pair of everything
INSERT INTO neutron_network (id, name) VALUES ('n', 'lan');
INSERT INTO neutron_port (id, name, network, project, device_owner, is_port_security_enabled) VALUES
  ('p', 'web', 'n', 'one', 'compute:nova', 0), ('q', 'db', 'n', 'two', 'compute:nova', 1);
INSERT INTO neutron_address_pair (port, prefix) VALUES ('q', '0.0.0.0/0');
expect: web
expect: db
*/
/* test: among its own, and filtered among others
INSERT INTO neutron_network (id, name) VALUES ('n', 'own'), ('m', 'shared');
INSERT INTO neutron_port (id, name, network, project, device_owner, is_port_security_enabled) VALUES
  ('p', 'web', 'n', 'one', 'compute:nova', 0), ('q', 'db', 'n', 'one', 'compute:nova', 1),
  ('r', 'a', 'm', 'one', 'compute:nova', 1), ('s', 'b', 'm', 'two', 'compute:nova', NULL);
INSERT INTO neutron_address_pair (port, prefix) VALUES ('r', '10.0.0.9/32');
expect: nothing
*/
