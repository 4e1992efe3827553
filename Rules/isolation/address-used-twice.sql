-- title: Somebody else answers for a guest's address
-- severity: high
-- precision: likely
-- population: neighbours that routers and DHCP servers learned: SELECT count(*) FROM neighbour
--   WHERE namespace LIKE 'qrouter-%' OR namespace LIKE 'snat-%' OR namespace LIKE 'qdhcp-%'
-- why: The router asked for the address, and a MAC address answered that is not its port's. A
--   second guest has taken it by hand, or spoofs it: packets for the one go to the other.
-- fix: openstack port list --mac-address MAC shows whose it is; remove the address in that guest,
--   and enable port security on its port.
-- false-positives: A guest that changed its own MAC address.
-- needs: ip-neigh, ovsdb-dump, neutron-ports
WITH heard AS MATERIALIZED (
  SELECT b.* FROM neighbour b
  WHERE (b.namespace LIKE 'qrouter-%' OR b.namespace LIKE 'snat-%' OR b.namespace LIKE 'qdhcp-%')
    -- The agent writes permanent entries; those that failed tell nothing.
    AND b.mac IS NOT NULL AND b.states NOT LIKE '%PERMANENT%' AND b.states NOT LIKE '%FAILED%'
    AND b.states NOT LIKE '%NOARP%'
),
occupied AS MATERIALIZED (
  SELECT p.network, f.address, p.id, p.name, p.mac
  FROM neutron_port p JOIN neutron_fixed_ip f ON f.port = p.id
  WHERE p.device_owner LIKE 'compute:%' AND p.mac IS NOT NULL
)
SELECT b.node || ' ' || b.address AS subject,
  'is ' || b.mac || ' in ' || b.namespace || coalesce(' (port ' || (
      SELECT coalesce(nullif(o.name, ''), o.id) FROM neutron_port o
      WHERE o.network = p.network AND lower(o.mac) = lower(b.mac)) || ')', '')
    || ', and port ' || coalesce(nullif(p.name, ''), p.id) || ' has ' || p.mac AS message,
  b.file, b.line
FROM heard b
CROSS JOIN v_switch_port s ON s.node = b.node AND s.name = b.interface
CROSS JOIN occupied p ON p.network = s.network AND p.address = b.address
WHERE lower(b.mac) <> lower(p.mac)
  -- Ports that may have it beside their own address, with this MAC address.
  AND NOT EXISTS (
    SELECT 1 FROM neutron_port o JOIN neutron_address_pair a ON a.port = o.id
    WHERE o.network = p.network AND lower(coalesce(a.mac, o.mac)) = lower(b.mac)
      AND (a.prefix IN (b.address, b.address || '/32', b.address || '/128')
        OR a.prefix NOT LIKE '%/32' AND a.prefix NOT LIKE '%/128'))
ORDER BY 1, 2;

/* test: a neighbour's MAC address
INSERT INTO neutron_port (id, name, network, mac, device_owner) VALUES
  ('p', 'web', 'net', 'fa:16:3e:00:00:01', 'compute:nova'),
  ('q', 'thief', 'net', 'fa:16:3e:00:00:02', 'compute:nova'),
  ('r', '', 'net', 'fa:16:3e:00:00:03', 'network:router_interface');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1'), ('q', '10.0.0.2');
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'qr-1', 3);
INSERT INTO ovs_interface (node, port, name, iface_id) VALUES ('n1', 'qr-1', 'qr-1', 'r');
INSERT INTO neighbour (node, namespace, address, interface, mac, states)
  VALUES ('n1', 'qrouter-r', '10.0.0.1', 'qr-1', 'fa:16:3e:00:00:02', '["REACHABLE"]');
expect: n1 10.0.0.1
*/
/* test: its own, the same address in another network, a pair, and an entry of the agent's
INSERT INTO neutron_port (id, name, network, mac, device_owner) VALUES
  ('p', 'web', 'net', 'fa:16:3e:00:00:01', 'compute:nova'),
  ('q', 'other', 'two', 'fa:16:3e:00:00:02', 'compute:nova'),
  ('t', 'db', 'net', 'fa:16:3e:00:00:04', 'compute:nova'),
  ('u', 'spare', 'net', 'fa:16:3e:00:00:05', 'compute:nova'),
  ('r', '', 'net', 'fa:16:3e:00:00:03', 'network:router_interface');
INSERT INTO neutron_fixed_ip (port, address)
  VALUES ('p', '10.0.0.1'), ('q', '10.0.0.1'), ('t', '10.0.0.4'), ('u', '10.0.0.5');
INSERT INTO neutron_address_pair (port, prefix) VALUES ('u', '10.0.0.4/32');
INSERT INTO ovs_port (node, bridge, name, tag) VALUES ('n1', 'br-int', 'qr-1', 3);
INSERT INTO ovs_interface (node, port, name, iface_id) VALUES ('n1', 'qr-1', 'qr-1', 'r');
INSERT INTO neighbour (node, namespace, address, interface, mac, states) VALUES
  ('n1', 'qrouter-r', '10.0.0.1', 'qr-1', 'fa:16:3e:00:00:01', '["REACHABLE"]'),
  ('n1', 'qrouter-r', '10.0.0.4', 'qr-1', 'fa:16:3e:00:00:05', '["STALE"]'),
  ('n1', 'qrouter-r', '10.0.0.5', 'qr-1', 'fa:16:3e:00:00:01', '["PERMANENT"]');
expect: nothing
*/
