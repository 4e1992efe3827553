-- title: A router of another project holds the gateway address of a shared subnet
-- severity: high
-- precision: likely
-- population: interfaces of routers: SELECT count(*) FROM neutron_port WHERE device_owner IN
--   ('network:router_interface', 'network:router_interface_distributed',
--   'network:ha_router_replicated_interface')
-- why: Every guest of the subnet sends what leaves it to this router. A tenant who plugs his own
--   router into a shared network at its gateway address takes the place of the real gateway: the
--   network's traffic is his, or ends there.
-- fix: openstack router remove port ROUTER PORT; give the gateway address to a port of the subnet's
--   owner.
-- false-positives: Networks and routers of one operator that belong to several projects of his.
-- references: LP1757482, LP1975603, CVE-2018-14635
-- needs: neutron-ports, neutron-routers, neutron-subnets, neutron-networks
SELECT coalesce(nullif(x.name, ''), x.id) || ' on '
    || coalesce(nullif(s.name, ''), s.id) AS subject,
  'project ' || x.project || ' holds ' || f.address || ', the gateway of ' || s.cidr
    || ' of project ' || s.project AS message,
  p.file, p.line
FROM neutron_router x
JOIN neutron_port p ON p.device_id = x.id
JOIN neutron_fixed_ip f ON f.port = p.id
JOIN neutron_subnet s ON s.id = f.subnet AND s.gateway = f.address
JOIN neutron_network n ON n.id = p.network
WHERE p.device_owner IN ('network:router_interface', 'network:router_interface_distributed',
    'network:ha_router_replicated_interface')
  AND nullif(x.project, '') IS NOT NULL AND nullif(s.project, '') IS NOT NULL
  AND x.project <> s.project
  -- On a network that is not shared, the interface itself is the finding (router-joins-projects).
  AND (n.is_shared OR n.is_external OR EXISTS (
    SELECT 1 FROM neutron_rbac_policy b
    WHERE b.object_type = 'network' AND b.object_id = n.id
      AND b.target_project IN (x.project, '*')))
ORDER BY 1;

/* test: a tenant's router at a shared subnet's gateway address
INSERT INTO neutron_network (id, name, project, is_shared) VALUES ('n', 'shared', 'one', 1);
INSERT INTO neutron_subnet (id, name, network, project, cidr, gateway)
  VALUES ('s', 'lan', 'n', 'one', '10.0.0.0/24', '10.0.0.1');
INSERT INTO neutron_router (id, name, project) VALUES ('r', 'rogue', 'two');
INSERT INTO neutron_port (id, network, device_id, device_owner)
  VALUES ('p', 'n', 'r', 'network:router_interface');
INSERT INTO neutron_fixed_ip (port, address, subnet) VALUES ('p', '10.0.0.1', 's');
expect: rogue on lan
*/
/* test: another address of it, and the owner's own router
INSERT INTO neutron_network (id, name, project, is_shared) VALUES ('n', 'shared', 'one', 1);
INSERT INTO neutron_subnet (id, name, network, project, cidr, gateway)
  VALUES ('s', 'lan', 'n', 'one', '10.0.0.0/24', '10.0.0.1');
INSERT INTO neutron_router (id, name, project) VALUES ('r', 'edge', 'two'), ('o', 'core', 'one');
INSERT INTO neutron_port (id, network, device_id, device_owner) VALUES
  ('p', 'n', 'r', 'network:router_interface'), ('q', 'n', 'o', 'network:router_interface');
INSERT INTO neutron_fixed_ip (port, address, subnet)
  VALUES ('p', '10.0.0.77', 's'), ('q', '10.0.0.1', 's');
expect: nothing
*/
