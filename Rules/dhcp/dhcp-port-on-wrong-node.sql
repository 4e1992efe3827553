-- title: A DHCP server's port is alive on a node that it is not bound to
-- severity: high
-- precision: likely
-- population: ports of DHCP servers: SELECT count(*) FROM neutron_port WHERE device_owner =
--   'network:dhcp'
-- why: Two nodes have the server's address, and each runs a dnsmasq of its own knowledge: guests
--   get answers now of one, now of the other, and leases differ.
-- fix: openstack network agent remove network --dhcp AGENT NETWORK and add it again; on the node
--   where the port does not belong restart the DHCP agent, or ovs-vsctl del-port the device.
-- false-positives: A network that was given to another DHCP agent while nodes were captured.
-- references: LP2130885
-- needs: drift:port-wiring, ovsdb-dump, neutron-ports
SELECT d.node || ' ' || d.place AS subject,
  'DHCP port ' || n.id || ' of network ' || coalesce(nullif(w.name, ''), n.network)
    || ': wanted ' || d.wanted || ', found ' || d.found AS message,
  d.file, d.line
FROM drift d
JOIN neutron_port n ON n.id = d.object AND n.device_owner = 'network:dhcp'
LEFT JOIN neutron_network w ON w.id = n.network
WHERE d.code = 'port-wiring' AND d.kind IN ('wrong-node', 'twice')
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
ORDER BY 1, 2, 3, 4;

/* test: on both nodes
INSERT INTO neutron_port (id, network, device_owner) VALUES ('p', 'net', 'network:dhcp');
INSERT INTO drift (code, kind, object, node, place, wanted, found)
  VALUES ('port-wiring', 'twice', 'p', 'n2', 'tap1', 'on n1', 'on n2 as tap1');
expect: n2 tap1
*/
/* test: a guest's port has a rule of its own
INSERT INTO neutron_port (id, network, device_owner) VALUES ('p', 'net', 'compute:nova');
INSERT INTO drift (code, kind, object, node, place, wanted, found)
  VALUES ('port-wiring', 'twice', 'p', 'n2', 'tap1', 'on n1', 'on n2 as tap1');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('port-wiring', 'n1', 'not captured');
expect: unknown
*/
