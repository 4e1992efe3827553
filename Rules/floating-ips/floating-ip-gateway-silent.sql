-- title: A floating IP gateway does not answer ARP for its floating IPs
-- severity: high
-- precision: certain
-- population: floating IP gateways: SELECT count(*) FROM v_neutron_device WHERE role = 'fg'
-- why: On nodes with distributed routers a floating IP is an address of no device: the gateway device
--   answers ARP for it by proxy_arp. Without that the outside finds no floating IP of the node.
-- fix: sysctl -w net.ipv4.conf.DEVICE.proxy_arp=1 in the namespace named; restart the L3 agent.
-- references: LP1778643
-- needs: sysctl, ip-link, ip-route-4|ip-route, neutron-floatingips
SELECT d.node || ' ' || d.interface AS subject,
  'proxy_arp is off in ' || d.namespace || ', which has routes to ' || (
    SELECT group_concat(h.address, ', ') FROM v_floating_ip_holder h
    WHERE h.node = d.node AND h.namespace = d.namespace AND h.how = 'route') AS message,
  s.file, s.line
FROM v_neutron_device d
JOIN sysctl s ON s.node = d.node AND s.namespace = d.namespace
  AND s.name = 'net.ipv4.conf.' || replace(d.interface, '.', '/') || '.proxy_arp'
WHERE d.role = 'fg' AND s.value = '0'
  AND NOT EXISTS (
    SELECT 1 FROM sysctl a WHERE a.node = d.node AND a.namespace = d.namespace
      AND a.name = 'net.ipv4.conf.all.proxy_arp' AND a.value <> '0')
  AND EXISTS (
    SELECT 1 FROM v_floating_ip_holder h
    WHERE h.node = d.node AND h.namespace = d.namespace AND h.how = 'route')
ORDER BY 1;

/* test: switched off
INSERT INTO neutron_floating_ip (id, address) VALUES ('f', '192.0.2.10');
INSERT INTO route (id, node, namespace, destination, type, protocol)
  VALUES (1, 'n1', 'fip-1', '192.0.2.10/32', 'unicast', 'boot');
INSERT INTO link (node, namespace, name) VALUES ('n1', 'fip-1', 'fg-01234567-89');
INSERT INTO sysctl (node, namespace, name, value)
  VALUES ('n1', 'fip-1', 'net.ipv4.conf.fg-01234567-89.proxy_arp', '0');
expect: n1 fg-01234567-89
*/
/* test: on, on for all devices, or without floating IPs
INSERT INTO neutron_floating_ip (id, address) VALUES ('f', '192.0.2.10'), ('g', '192.0.2.11');
INSERT INTO route (id, node, namespace, destination, type, protocol) VALUES
  (1, 'n1', 'fip-1', '192.0.2.10/32', 'unicast', 'boot'),
  (2, 'n2', 'fip-1', '192.0.2.11/32', 'unicast', 'boot');
INSERT INTO link (node, namespace, name) VALUES
  ('n1', 'fip-1', 'fg-01234567-89'), ('n2', 'fip-1', 'fg-abcdef01-23'), ('n1', 'fip-2', 'fg-00000000-00');
INSERT INTO sysctl (node, namespace, name, value) VALUES
  ('n1', 'fip-1', 'net.ipv4.conf.fg-01234567-89.proxy_arp', '1'),
  ('n2', 'fip-1', 'net.ipv4.conf.fg-abcdef01-23.proxy_arp', '0'),
  ('n2', 'fip-1', 'net.ipv4.conf.all.proxy_arp', '1'),
  ('n1', 'fip-2', 'net.ipv4.conf.fg-00000000-00.proxy_arp', '0');
expect: nothing
*/
