-- title: A server's port is owned as if the network's own
-- severity: critical
-- precision: likely
-- population: plugs of servers: SELECT count(*) FROM ovs_interface WHERE nullif(vm_uuid, '') IS NOT
--   NULL
-- why: Agents trust ports whose device_owner begins with network: or neutron:. They write no filter
--   for them, so the guest behind this port may send from any address, answer DHCP and take
--   everything in.
-- fix: openstack port set --device-owner compute:ZONE PORT; look in Neutron's log for who set the
--   owner.
-- false-positives: A server of the administrator that routes or serves DHCP for others on purpose.
-- references: OSSA-2015-018, CVE-2015-5240, LP1489111
-- needs: ovsdb-dump, neutron-ports
SELECT i.node || ' ' || coalesce(nullif(p.name, ''), p.id) AS subject,
  'device_owner is ' || p.device_owner || ', and ' || i.name || ' is the plug of server '
    || i.vm_uuid AS message,
  p.file, p.line
FROM ovs_interface i JOIN neutron_port p ON p.id = i.iface_id
WHERE nullif(i.vm_uuid, '') IS NOT NULL
  AND (p.device_owner LIKE 'network:%' OR p.device_owner LIKE 'neutron:%')
ORDER BY 1;

/* test: a server's plug, and the owner of a DHCP port
INSERT INTO neutron_port (id, name, device_owner) VALUES ('p', 'web', 'network:dhcp');
INSERT INTO ovs_interface (node, name, port, iface_id, vm_uuid)
  VALUES ('n1', 'tap1', 'tap1', 'p', 's');
expect: n1 web
*/
/* test: a server's own, and a DHCP port that is no server's
INSERT INTO neutron_port (id, name, device_owner)
  VALUES ('p', 'web', 'compute:nova'), ('q', '', 'network:dhcp');
INSERT INTO ovs_interface (node, name, port, iface_id, vm_uuid)
  VALUES ('n1', 'tap1', 'tap1', 'p', 's'), ('n1', 'tap2', 'tap2', 'q', NULL);
expect: nothing
*/
