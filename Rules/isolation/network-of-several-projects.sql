-- title: Servers of several projects are in one network
-- severity: info
-- precision: possible
-- population: networks: SELECT count(*) FROM neutron_network
-- why: Who shares a network shares its broadcast domain: neighbours see each other's broadcasts,
--   and rules that admit the subnet's prefix admit strangers.
-- fix: Give each project a network of its own; take back the sharing (openstack network set
--   --no-share, openstack network rbac delete POLICY) once their ports are gone.
-- false-positives: Networks that are shared on purpose, such as a provider's.
-- references: OSSA-2016-009
-- needs: neutron-ports, neutron-networks
WITH guest AS (
  SELECT network, count(DISTINCT project) AS projects, count(*) AS ports
  FROM neutron_port
  WHERE device_owner LIKE 'compute:%' AND nullif(project, '') IS NOT NULL
  GROUP BY network HAVING count(DISTINCT project) > 1
)
SELECT coalesce(nullif(n.name, ''), n.id) AS subject,
  'has ' || g.ports || ' servers'' ports of ' || g.projects || ' projects'
    AS message,
  n.file, n.line
FROM guest g JOIN neutron_network n ON n.id = g.network
ORDER BY 1;

/* test: two projects
INSERT INTO neutron_network (id, name) VALUES ('n', 'lan');
INSERT INTO neutron_port (id, network, project, device_owner)
  VALUES ('p', 'n', 'one', 'compute:nova'), ('q', 'n', 'two', 'compute:nova');
expect: lan
*/
/* test: one project, and ports of the network's own
INSERT INTO neutron_network (id, name) VALUES ('n', 'lan');
INSERT INTO neutron_port (id, network, project, device_owner) VALUES
  ('p', 'n', 'one', 'compute:nova'), ('q', 'n', 'one', 'compute:nova'),
  ('r', 'n', 'two', 'network:dhcp'), ('s', 'n', '', 'compute:nova');
expect: nothing
*/
