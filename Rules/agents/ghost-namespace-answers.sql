-- title: A namespace that should not be there holds an address in use
-- severity: high
-- precision: certain
-- population: namespaces: SELECT count(*) FROM namespace WHERE name <> 'root'
-- why: Neutron deleted the namespace's router or network or gave it to another node, and it is
--   still plugged in. It answers ARP for an address that a port has now: two hold one address, and
--   guests reach the one that answered last.
-- fix: ip link set DEVICE down in the namespace named at once; then restart the node's L3 or DHCP
--   agent, or neutron-netns-cleanup.
-- references: LP2015388
-- needs: drift:ghost-namespace, drift:router-namespace, drift:dhcp-server, ip-addr, ovsdb-dump,
--   neutron-ports, neutron-networks, neutron-routers
WITH ghost AS MATERIALIZED (
  SELECT DISTINCT node, CASE code WHEN 'ghost-namespace' THEN object ELSE place END AS namespace
  FROM drift
  WHERE (code = 'ghost-namespace'
      OR code IN ('router-namespace', 'dhcp-server') AND kind IN ('twice', 'wrong-node'))
    AND NOT (code = 'router-namespace' AND EXISTS (
      SELECT 1 FROM drift_unknown u WHERE u.code = 'router-namespace' AND u.node IS NULL))
    AND EXISTS (SELECT 1 FROM capture_file WHERE format = 'neutron-networks')
    AND EXISTS (SELECT 1 FROM capture_file WHERE format = 'neutron-routers')
    AND NOT EXISTS (SELECT 1 FROM gap WHERE format IN ('neutron-networks', 'neutron-routers'))
)
SELECT DISTINCT g.node || ' ' || g.namespace AS subject,
  a.interface || ' has ' || a.address || ' of port ' || coalesce(nullif(p.name, ''), p.id)
    || coalesce(' in network ' || nullif(n.name, ''), '') AS message,
  a.file, a.line
FROM ghost g
CROSS JOIN address a ON a.node = g.node AND a.namespace = g.namespace
CROSS JOIN v_switch_port s ON s.node = a.node AND s.name = a.interface
CROSS JOIN neutron_fixed_ip f ON f.address = a.address
CROSS JOIN neutron_port p ON p.id = f.port AND p.network = s.network
LEFT JOIN neutron_network n ON n.id = p.network
WHERE s.tag BETWEEN 1 AND 4094
  -- Of its own port only where that is plugged on another node too.
  AND (s.iface_id IS NULL OR s.iface_id <> p.id
    OR EXISTS (SELECT 1 FROM ovs_interface o WHERE o.iface_id = p.id AND o.node <> g.node))
ORDER BY 1, 2;

/* test: the deleted router's gateway address is another one's now
INSERT INTO capture_file (id, path, format) VALUES
  (8, 'neutron/networks.json', 'neutron-networks'), (9, 'neutron/routers.json', 'neutron-routers');
INSERT INTO drift (code, kind, object_kind, object, name, node, wanted, found)
  VALUES ('ghost-namespace', 'extra', 'namespace', 'qrouter-1', 'qrouter-1', 'n1',
    'no router 1 in Neutron', 'a namespace');
INSERT INTO neutron_port (id, name, network) VALUES ('p', 'gateway', 'net');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1');
INSERT INTO address (node, namespace, interface, address)
  VALUES ('n1', 'qrouter-1', 'qr-1', '10.0.0.1');
INSERT INTO ovs_port (node, bridge, name, tag, network) VALUES ('n1', 'br-int', 'qr-1', 3, 'net');
INSERT INTO ovs_interface (node, port, name, iface_id) VALUES ('n1', 'qr-1', 'qr-1', 'gone');
expect: n1 qrouter-1
*/
/* test: the address of another network's port, and a plug in the dead VLAN
INSERT INTO capture_file (id, path, format) VALUES
  (8, 'neutron/networks.json', 'neutron-networks'), (9, 'neutron/routers.json', 'neutron-routers');
INSERT INTO drift (code, kind, object_kind, object, name, node, wanted, found)
  VALUES ('ghost-namespace', 'extra', 'namespace', 'qrouter-1', 'qrouter-1', 'n1',
    'no router 1 in Neutron', 'a namespace');
INSERT INTO neutron_port (id, name, network) VALUES ('p', 'gateway', 'net'), ('q', 'other', 'two');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1'), ('q', '10.0.1.1');
INSERT INTO address (node, namespace, interface, address)
  VALUES ('n1', 'qrouter-1', 'qr-1', '10.0.0.1'), ('n1', 'qrouter-1', 'qr-2', '10.0.1.1');
INSERT INTO ovs_port (node, bridge, name, tag, network)
  VALUES ('n1', 'br-int', 'qr-1', 4095, 'net'), ('n1', 'br-int', 'qr-2', 4, 'net');
INSERT INTO ovs_interface (node, port, name, iface_id)
  VALUES ('n1', 'qr-1', 'qr-1', 'gone'), ('n1', 'qr-2', 'qr-2', 'gone too');
expect: nothing
*/
/* test: the router moved, and its port is plugged on both nodes, or only where it was
INSERT INTO capture_file (id, path, format) VALUES
  (8, 'neutron/networks.json', 'neutron-networks'), (9, 'neutron/routers.json', 'neutron-routers');
INSERT INTO drift (code, kind, object_kind, object, name, node, place, wanted, found) VALUES
  ('router-namespace', 'twice', 'router', '1', 'edge', 'n1', 'qrouter-1', 'on n2', 'on n1'),
  ('router-namespace', 'wrong-node', 'router', '2', 'core', 'n1', 'qrouter-2', 'on n2', 'on n1');
INSERT INTO neutron_port (id, name, network) VALUES ('p', 'gateway', 'net'), ('q', 'other', 'two');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1'), ('q', '10.0.1.1');
INSERT INTO address (node, namespace, interface, address)
  VALUES ('n1', 'qrouter-1', 'qr-1', '10.0.0.1'), ('n1', 'qrouter-2', 'qr-2', '10.0.1.1');
INSERT INTO ovs_port (node, bridge, name, tag)
  VALUES ('n1', 'br-int', 'qr-1', 3), ('n1', 'br-int', 'qr-2', 4), ('n2', 'br-int', 'qr-1', 5);
INSERT INTO ovs_interface (node, port, name, iface_id)
  VALUES ('n1', 'qr-1', 'qr-1', 'p'), ('n1', 'qr-2', 'qr-2', 'q'), ('n2', 'qr-1', 'qr-1', 'p');
expect: n1 qrouter-1
*/
