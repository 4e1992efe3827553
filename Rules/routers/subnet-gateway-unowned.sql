-- title: A subnet's router does not have the address that guests use as their gateway
-- severity: medium
-- precision: likely
-- population: subnets with a gateway: SELECT count(*) FROM neutron_subnet WHERE gateway IS NOT NULL
-- why: DHCP tells guests the subnet's gateway address. The router on the subnet has another one,
--   and no port has this one: what guests send beyond their subnet ends there.
-- fix: openstack router remove subnet and add subnet, which takes the gateway address; or openstack
--   subnet set --gateway ADDRESS to the one that the router has.
-- false-positives: A gateway that is no port of Neutron's, bridged into the network by hand.
-- needs: neutron-subnets, neutron-ports, neutron-networks
WITH router_port AS (
  SELECT f.subnet, group_concat(f.address, ', ') AS addresses
  FROM neutron_port p JOIN neutron_fixed_ip f ON f.port = p.id
  WHERE p.device_owner IN ('network:router_interface', 'network:router_interface_distributed',
    'network:ha_router_replicated_interface')
  GROUP BY f.subnet
)
SELECT coalesce(nullif(s.name, ''), s.id) AS subject,
  'no port of network ' || coalesce(nullif(n.name, ''), n.id) || ' has the gateway ' || s.gateway
    || '; its router has ' || r.addresses AS message,
  s.file, s.line
FROM neutron_subnet s
JOIN router_port r ON r.subnet = s.id
JOIN neutron_network n ON n.id = s.network
WHERE s.gateway IS NOT NULL AND s.gateway NOT LIKE 'fe80:%' AND s.is_dhcp_enabled
  AND NOT n.is_external
  -- The gateway of a provider's network may be a router of the provider's.
  AND EXISTS (SELECT 1 FROM neutron_segment g WHERE g.network = n.id)
  AND NOT EXISTS (
    SELECT 1 FROM neutron_segment g
    WHERE g.network = n.id AND g.network_type NOT IN ('vxlan', 'gre', 'geneve'))
  AND NOT EXISTS (
    SELECT 1 FROM neutron_fixed_ip f JOIN neutron_port p ON p.id = f.port
    WHERE f.address = s.gateway AND p.network = n.id)
  -- Guests that may have it beside their own address.
  AND NOT EXISTS (
    SELECT 1 FROM neutron_port p
    WHERE p.network = n.id AND p.device_owner NOT LIKE 'network:%' AND (
      NOT p.is_port_security_enabled
      OR EXISTS (
        SELECT 1 FROM neutron_address_pair a
        WHERE a.port = p.id AND (a.prefix IN (s.gateway, s.gateway || '/32', s.gateway || '/128')
          OR a.prefix NOT LIKE '%/32' AND a.prefix NOT LIKE '%/128'))))
  -- Guests that are told another default route.
  AND NOT EXISTS (
    SELECT 1 FROM json_each(s.host_routes) h
    WHERE h.value LIKE '0.0.0.0/0 %' OR h.value LIKE '::/0 %')
ORDER BY 1;

/* test: the router has another address
INSERT INTO neutron_network (id, name) VALUES ('n', 'red');
INSERT INTO neutron_segment (network, network_type) VALUES ('n', 'vxlan');
INSERT INTO neutron_subnet (id, name, network, gateway, is_dhcp_enabled, host_routes)
  VALUES ('s', 'lan', 'n', '10.0.0.1', 1, '[]');
INSERT INTO neutron_port (id, network, device_owner) VALUES ('p', 'n', 'network:router_interface');
INSERT INTO neutron_fixed_ip (port, address, subnet) VALUES ('p', '10.0.0.254', 's');
expect: lan
*/
/* test: a second router has it, a guest may have it, a provider's network, and no router at all
INSERT INTO neutron_network (id, name)
  VALUES ('n', 'red'), ('m', 'blue'), ('o', 'provider'), ('l', 'lonely');
INSERT INTO neutron_segment (network, network_type)
  VALUES ('n', 'vxlan'), ('m', 'vxlan'), ('o', 'vlan'), ('l', 'vxlan');
INSERT INTO neutron_subnet (id, name, network, gateway, is_dhcp_enabled, host_routes) VALUES
  ('s', 'lan', 'n', '10.0.0.1', 1, '[]'), ('t', 'two', 'm', '10.0.1.1', 1, '[]'),
  ('u', 'three', 'o', '10.0.2.1', 1, '[]'), ('v', 'four', 'l', '10.0.3.1', 1, '[]');
INSERT INTO neutron_port (id, network, device_owner, is_port_security_enabled) VALUES
  ('1', 'n', 'network:router_interface', 0), ('2', 'n', 'network:router_interface', 0),
  ('3', 'm', 'network:router_interface', 0), ('4', 'm', 'compute:nova', 1),
  ('5', 'o', 'network:router_interface', 0);
INSERT INTO neutron_fixed_ip (port, address, subnet) VALUES
  ('1', '10.0.0.254', 's'), ('2', '10.0.0.1', 's'), ('3', '10.0.1.254', 't'),
  ('4', '10.0.1.9', 't'),
  ('5', '10.0.2.254', 'u');
INSERT INTO neutron_address_pair (port, prefix) VALUES ('4', '10.0.1.1/32');
expect: nothing
*/
