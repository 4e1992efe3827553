-- title: A server's port has port security off
-- severity: info
-- precision: possible
-- population: servers' ports: SELECT count(*) FROM neutron_port WHERE device_owner LIKE 'compute:%'
-- why: Without port security a port has no security groups and no anti-spoofing: the guest may take
--   any address of its network, answer DHCP and advertise itself as the router.
-- fix: openstack port set --enable-port-security PORT, with --allowed-address for what it needs
--   beside its own address.
-- false-positives: Servers that route or bridge for others.
-- needs: neutron-ports
SELECT coalesce(nullif(p.name, ''), p.id) AS subject,
  'port security is off' || coalesce(' on network ' || nullif(n.name, ''), '') AS message,
  p.file, p.line
FROM neutron_port p LEFT JOIN neutron_network n ON n.id = p.network
WHERE p.device_owner LIKE 'compute:%' AND NOT p.is_port_security_enabled
ORDER BY 1, 2;

/* test: off
INSERT INTO neutron_port (id, name, device_owner, is_port_security_enabled)
  VALUES ('p', 'web', 'compute:nova', 0);
expect: web
*/
/* test: on, not told, or a port of the network's own
INSERT INTO neutron_port (id, name, device_owner, is_port_security_enabled) VALUES
  ('p', 'web', 'compute:nova', 1), ('q', 'db', 'compute:nova', NULL), ('r', '', 'network:dhcp', 0);
expect: nothing
*/
