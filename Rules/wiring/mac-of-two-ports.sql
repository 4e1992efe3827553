-- title: Two ports of one network have one MAC address
-- severity: high
-- precision: certain
-- population: ports of switches: SELECT count(*) FROM v_switch_port
-- why: Switches learn one place for an address. Frames for either port go where the last one spoke.
-- fix: openstack port set --mac-address on one of the ports while it is detached; if one of them is
--   unknown to Neutron, remove it.
-- needs: ovsdb-dump, neutron-ports
WITH plugged AS (
  SELECT p.node, p.name, p.network, lower(p.attached_mac) AS mac, p.iface_id, p.file, p.line
  FROM v_switch_port p
  WHERE p.tag BETWEEN 1 AND 4094 AND p.network IS NOT NULL
    AND p.attached_mac IS NOT NULL AND p.iface_id IS NOT NULL
),
shared AS (
  SELECT network, mac, count(DISTINCT iface_id) AS ports
  FROM plugged GROUP BY network, mac HAVING ports > 1
)
SELECT coalesce(nullif(n.name, ''), s.network) || ' ' || s.mac AS subject,
  'is the address of ' || s.ports || ' ports: ' || (
    SELECT group_concat(x.place, ', ') FROM (
      SELECT DISTINCT node || ' ' || name AS place FROM plugged q
      WHERE q.network = s.network AND q.mac = s.mac ORDER BY 1) x) AS message,
  p.file, p.line
FROM shared s JOIN plugged p ON p.network = s.network AND p.mac = s.mac
LEFT JOIN neutron_network n ON n.id = s.network
ORDER BY 1, 3, 4;

/* test: one address, two ports
INSERT INTO ovs_port (node, bridge, name, tag, network)
  VALUES ('n1', 'br-int', 'tap1', 2, 'net'), ('n2', 'br-int', 'tap2', 5, 'net');
INSERT INTO ovs_interface (node, port, name, iface_id, attached_mac) VALUES
  ('n1', 'tap1', 'tap1', 'p', 'fa:16:3e:00:00:01'),
  ('n2', 'tap2', 'tap2', 'q', 'FA:16:3E:00:00:01');
expect: net fa:16:3e:00:00:01
*/
/* test: a router's replicas, another network, a port in the dead VLAN
INSERT INTO ovs_port (node, bridge, name, tag, network) VALUES
  ('n1', 'br-int', 'qr-1', 2, 'net'), ('n2', 'br-int', 'qr-1', 5, 'net'),
  ('n1', 'br-int', 'tap1', 3, 'other'), ('n1', 'br-int', 'tap2', 4095, 'net');
INSERT INTO ovs_interface (node, port, name, iface_id, attached_mac) VALUES
  ('n1', 'qr-1', 'qr-1', 'r', 'fa:16:3e:00:00:01'),
  ('n2', 'qr-1', 'qr-1', 'r', 'fa:16:3e:00:00:01'),
  ('n1', 'tap1', 'tap1', 'p', 'fa:16:3e:00:00:01'),
  ('n1', 'tap2', 'tap2', 'q', 'fa:16:3e:00:00:01');
expect: nothing
*/
