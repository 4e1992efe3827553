-- title: A stranger has a trusted port in another project's network
-- severity: critical
-- precision: likely
-- population: the network's own ports: SELECT count(*) FROM neutron_port WHERE device_owner LIKE
--   'network:%'
-- why: Agents trust ports whose device_owner begins with network: and filter nothing behind them.
--   Some releases let project managers set such an owner on ports of networks that are merely
--   shared with them: the port may then send as the DHCP server or the router.
-- fix: openstack port delete PORT if no agent needs it; override the policy of
--   create_port:device_owner and update_port:device_owner, or upgrade Neutron.
-- false-positives: Ports that an administrator's service made for somebody else under such an
--   owner.
-- references: CVE-2026-50266, LP2152115
-- needs: neutron-ports, neutron-networks, neutron-routers, neutron-agents, neutron-floatingips
SELECT coalesce(nullif(p.name, ''), p.id) AS subject,
  p.device_owner || ' of project ' || p.project || ' in network '
    || coalesce(nullif(n.name, ''), n.id)
    || ' of project ' || n.project || ', and it belongs to no router and no agent' AS message,
  p.file, p.line
FROM neutron_port p JOIN neutron_network n ON n.id = p.network
WHERE p.device_owner IN ('network:dhcp', 'network:router_interface',
    'network:router_interface_distributed', 'network:ha_router_replicated_interface',
    'network:router_centralized_snat', 'network:router_gateway', 'network:router_ha_interface',
    'network:floatingip', 'network:floatingip_agent_gateway', 'network:distributed')
  AND nullif(p.project, '') IS NOT NULL AND nullif(n.project, '') IS NOT NULL
  AND p.project <> n.project
  -- As agents and the server name the devices of their own ports.
  AND NOT (p.device_owner = 'network:dhcp'
    AND (p.device_id LIKE 'dhcp%' || n.id OR p.device_id = 'reserved_dhcp_port'))
  AND NOT (p.device_owner = 'network:distributed' AND p.device_id LIKE 'ovnmeta-%')
  AND NOT EXISTS (SELECT 1 FROM neutron_router r WHERE r.id = p.device_id)
  AND NOT EXISTS (SELECT 1 FROM neutron_agent a WHERE a.id = p.device_id)
  AND NOT EXISTS (SELECT 1 FROM neutron_floating_ip f WHERE f.id = p.device_id)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format IN (
    'neutron-routers', 'neutron-agents', 'neutron-floatingips'))
ORDER BY 1, 2;

/* test: a DHCP server that no agent runs
INSERT INTO neutron_network (id, name, project) VALUES ('n', 'shared', 'owner');
INSERT INTO neutron_port (id, name, network, project, device_owner, device_id)
  VALUES ('p', 'rogue', 'n', 'stranger', 'network:dhcp', '');
expect: rogue
*/
/* test: an agent's, a router's, the owner's, a server's, and one without project
INSERT INTO neutron_network (id, name, project) VALUES ('n', 'shared', 'owner');
INSERT INTO neutron_router (id, project) VALUES ('r', 'stranger');
INSERT INTO neutron_port (id, network, project, device_owner, device_id) VALUES
  ('1', 'n', 'service', 'network:dhcp', 'dhcp1234-n'),
  ('2', 'n', 'stranger', 'network:router_interface', 'r'), ('3', 'n', 'owner', 'network:dhcp', ''),
  ('4', 'n', 'stranger', 'compute:nova', 's'), ('5', 'n', '', 'network:floatingip', 'gone');
expect: nothing
*/
/* test: without routers nothing can be said
INSERT INTO gap (path, format, reason)
  VALUES ('neutron/routers.json', 'neutron-routers', 'missing');
INSERT INTO neutron_network (id, name, project) VALUES ('n', 'shared', 'owner');
INSERT INTO neutron_port (id, name, network, project, device_owner, device_id)
  VALUES ('p', 'rogue', 'n', 'stranger', 'network:router_interface', 'r');
expect: unknown
*/
