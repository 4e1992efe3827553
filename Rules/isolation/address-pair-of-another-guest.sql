-- title: A port may use the address of another server
-- severity: low
-- precision: possible
-- population: allowed address pairs: SELECT count(*) FROM neutron_address_pair
-- why: An allowed address pair names the fixed address of a server that is in use with another MAC
--   address. Both may answer for it; who sends to it reaches the one that answered last.
-- fix: openstack port unset --allowed-address ip-address=ADDRESS PORT; an address that several
--   share wants a port of its own, without a server.
-- false-positives: A cluster whose servers take over each other's own address on purpose.
-- needs: neutron-ports
SELECT coalesce(nullif(o.name, ''), o.id) AS subject,
  'may use ' || a.prefix || ', the address of port '
    || coalesce(nullif(p.name, ''), p.id) AS message,
  a.file, a.line
FROM neutron_address_pair a
JOIN neutron_port o ON o.id = a.port
JOIN neutron_fixed_ip f ON f.address = replace(replace(a.prefix, '/128', ''), '/32', '')
JOIN neutron_port p ON p.id = f.port AND p.network = o.network AND p.id <> o.id
WHERE p.device_owner LIKE 'compute:%' AND o.device_owner LIKE 'compute:%'
  AND lower(coalesce(a.mac, o.mac)) <> lower(p.mac)
ORDER BY 1, 2;

/* test: another server's address
INSERT INTO neutron_port (id, name, network, mac, device_owner) VALUES
  ('p', 'web', 'net', 'fa:16:3e:00:00:01', 'compute:nova'),
  ('q', 'db', 'net', 'fa:16:3e:00:00:02', 'compute:nova');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1'), ('q', '10.0.0.2');
INSERT INTO neutron_address_pair (port, prefix) VALUES ('q', '10.0.0.1/32');
expect: db
*/
/* test: a shared address's own port, another network, and its MAC address too
INSERT INTO neutron_port (id, name, network, mac, device_owner) VALUES
  ('p', 'vip', 'net', 'fa:16:3e:00:00:01', ''),
  ('q', 'db', 'net', 'fa:16:3e:00:00:02', 'compute:nova'),
  ('r', 'far', 'two', 'fa:16:3e:00:00:03', 'compute:nova'),
  ('s', 'twin', 'net', 'fa:16:3e:00:00:04', 'compute:nova');
INSERT INTO neutron_fixed_ip (port, address)
  VALUES ('p', '10.0.0.1'), ('q', '10.0.0.2'), ('r', '10.0.0.3'), ('s', '10.0.0.4');
INSERT INTO neutron_address_pair (port, mac, prefix) VALUES
  ('q', NULL, '10.0.0.1/32'), ('q', NULL, '10.0.0.3/32'), ('q', 'fa:16:3e:00:00:04', '10.0.0.4/32');
expect: nothing
*/
