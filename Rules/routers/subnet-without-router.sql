-- title: Guests are told a gateway that no port has
-- severity: info
-- precision: possible
-- population: subnets with a gateway: SELECT count(*) FROM neutron_subnet WHERE gateway IS NOT NULL
-- why: The subnet is on no router, and no port of its network has its gateway address. DHCP tells
--   it to guests all the same: what they send beyond their subnet waits for an answer to ARP.
-- fix: openstack router add subnet ROUTER SUBNET, or openstack subnet set --gateway none SUBNET.
-- false-positives: Networks that are meant to be by themselves, and gateways that are no ports of
--   Neutron's.
-- needs: neutron-subnets, neutron-ports, neutron-networks
SELECT coalesce(nullif(s.name, ''), s.id) AS subject,
  'no port of network ' || coalesce(nullif(n.name, ''), n.id) || ' has the gateway ' || s.gateway
    AS message,
  s.file, s.line
FROM neutron_subnet s JOIN neutron_network n ON n.id = s.network
WHERE s.gateway IS NOT NULL AND s.gateway NOT LIKE 'fe80:%' AND s.is_dhcp_enabled
  AND NOT n.is_external
  AND EXISTS (SELECT 1 FROM neutron_segment g WHERE g.network = n.id)
  AND NOT EXISTS (
    SELECT 1 FROM neutron_segment g
    WHERE g.network = n.id AND g.network_type NOT IN ('vxlan', 'gre', 'geneve'))
  AND EXISTS (
    SELECT 1 FROM neutron_port p WHERE p.network = n.id AND p.device_owner LIKE 'compute:%')
  AND NOT EXISTS (
    SELECT 1 FROM neutron_port p JOIN neutron_fixed_ip f ON f.port = p.id
    WHERE p.network = n.id AND f.subnet = s.id
      AND (f.address = s.gateway OR p.device_owner IN ('network:router_interface',
        'network:router_interface_distributed', 'network:ha_router_replicated_interface')))
ORDER BY 1;

/* test: nobody has it
INSERT INTO neutron_network (id, name) VALUES ('n', 'red');
INSERT INTO neutron_segment (network, network_type) VALUES ('n', 'vxlan');
INSERT INTO neutron_subnet (id, name, network, gateway, is_dhcp_enabled)
  VALUES ('s', 'lan', 'n', '10.0.0.1', 1);
INSERT INTO neutron_port (id, network, device_owner) VALUES ('p', 'n', 'compute:nova');
INSERT INTO neutron_fixed_ip (port, address, subnet) VALUES ('p', '10.0.0.5', 's');
expect: lan
*/
/* test: a guest has it, or no guest is there, or a provider's network
INSERT INTO neutron_network (id, name) VALUES ('n', 'red'), ('m', 'empty'), ('o', 'provider');
INSERT INTO neutron_segment (network, network_type)
  VALUES ('n', 'vxlan'), ('m', 'vxlan'), ('o', 'flat');
INSERT INTO neutron_subnet (id, name, network, gateway, is_dhcp_enabled) VALUES
  ('s', 'lan', 'n', '10.0.0.1', 1), ('t', 'two', 'm', '10.0.1.1', 1),
  ('u', 'three', 'o', '10.0.2.1', 1);
INSERT INTO neutron_port (id, network, device_owner)
  VALUES ('p', 'n', 'compute:nova'), ('q', 'o', 'compute:nova');
INSERT INTO neutron_fixed_ip (port, address, subnet)
  VALUES ('p', '10.0.0.1', 's'), ('q', '10.0.2.5', 'u');
expect: nothing
*/
