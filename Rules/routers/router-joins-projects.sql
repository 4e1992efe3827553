-- title: A router joins a network of another project
-- severity: critical
-- precision: likely
-- population: interfaces of routers: SELECT count(*) FROM neutron_port WHERE device_owner IN
--   ('network:router_interface', 'network:router_interface_distributed',
--   'network:ha_router_replicated_interface')
-- why: A router forwards between all its networks. With an interface on a network that its project
--   neither owns nor shares, it leads from one tenant's guests to the other's private addresses.
--   Old releases let anybody plug a port of his own into a stranger's router.
-- fix: openstack router remove port ROUTER PORT, once both owners are asked.
-- false-positives: An administrator may have joined the two projects on purpose.
-- references: OSSA-2014-008, CVE-2014-0056, LP1243327
-- needs: neutron-ports, neutron-routers, neutron-networks
WITH joined AS (
  SELECT x.id AS router, coalesce(nullif(x.name, ''), x.id) AS router_name,
    x.project AS router_project,
    n.id AS network, coalesce(nullif(n.name, ''), n.id) AS network_name,
    n.project AS network_project, p.project AS port_project, p.id AS port, p.file, p.line
  FROM neutron_router x
  JOIN neutron_port p ON p.device_id = x.id
  JOIN neutron_network n ON n.id = p.network
  WHERE p.device_owner IN ('network:router_interface', 'network:router_interface_distributed',
      'network:ha_router_replicated_interface')
    AND nullif(x.project, '') IS NOT NULL AND nullif(n.project, '') IS NOT NULL
    AND x.project <> n.project AND NOT n.is_shared AND NOT n.is_external
    AND NOT EXISTS (
      SELECT 1 FROM neutron_rbac_policy b
      WHERE b.object_type = 'network' AND b.object_id = n.id AND b.action = 'access_as_shared'
        AND b.target_project IN (x.project, '*'))
),
known(policies) AS (
  SELECT EXISTS (SELECT 1 FROM capture_file WHERE format = 'neutron-rbac-policies')
    AND NOT EXISTS (SELECT 1 FROM gap WHERE format = 'neutron-rbac-policies')
)
SELECT CASE WHEN k.policies THEN j.router_name
    ELSE 'router ' || j.router_name || ' is on network ' || j.network_name
      || ' of another project, and which projects share it (RBAC policies) was not captured' END
    AS subject,
  CASE WHEN k.policies THEN
    'project ' || j.router_project || ': port ' || j.port || ' is on network ' || j.network_name
      || ' of project ' || j.network_project || CASE
        WHEN j.port_project = j.network_project
          THEN ', whose port it is' ELSE '' END END AS message,
  CASE WHEN k.policies THEN j.file END AS file, CASE WHEN k.policies THEN j.line END AS line
FROM joined j CROSS JOIN known k
ORDER BY 1, 2;

/* test: an interface on a stranger's network
INSERT INTO capture_file (id, path, format)
  VALUES (9, 'neutron/rbac-policies.json', 'neutron-rbac-policies');
INSERT INTO neutron_network (id, name, project) VALUES ('n', 'red', 'one'), ('m', 'blue', 'two');
INSERT INTO neutron_router (id, name, project) VALUES ('r', 'edge', 'one');
INSERT INTO neutron_port (id, network, device_id, device_owner) VALUES
  ('p', 'n', 'r', 'network:router_interface'),
  ('q', 'm', 'r', 'network:router_interface_distributed');
expect: edge
*/
/* test: shared with all, with the router's project, external, or a gateway
INSERT INTO capture_file (id, path, format)
  VALUES (9, 'neutron/rbac-policies.json', 'neutron-rbac-policies');
INSERT INTO neutron_network (id, name, project, is_shared, is_external) VALUES
  ('n', 'red', 'one', 0, 0), ('m', 'all', 'two', 1, 0), ('o', 'some', 'two', 0, 0),
  ('e', 'ext', 'two', 0, 1), ('g', 'transit', 'two', 0, 0);
INSERT INTO neutron_rbac_policy (id, object_type, object_id, action, target_project)
  VALUES ('b', 'network', 'o', 'access_as_shared', 'one');
INSERT INTO neutron_router (id, name, project) VALUES ('r', 'edge', 'one');
INSERT INTO neutron_port (id, network, device_id, device_owner) VALUES
  ('1', 'n', 'r', 'network:router_interface'), ('2', 'm', 'r', 'network:router_interface'),
  ('3', 'o', 'r', 'network:router_interface'), ('4', 'e', 'r', 'network:router_interface'),
  ('5', 'g', 'r', 'network:router_gateway');
expect: nothing
*/
/* test: without RBAC policies a stranger's network may be a shared one
INSERT INTO neutron_network (id, name, project) VALUES ('m', 'blue', 'two');
INSERT INTO neutron_router (id, name, project) VALUES ('r', 'edge', 'one');
INSERT INTO neutron_port (id, network, device_id, device_owner)
  VALUES ('q', 'm', 'r', 'network:router_interface');
expect: unknown
*/
