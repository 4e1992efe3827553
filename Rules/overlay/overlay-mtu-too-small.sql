-- title: The underlay's MTU is too small for an overlay network
-- severity: high
-- precision: certain
-- population: overlay networks: SELECT count(*) FROM neutron_segment WHERE network_type IN
--   ('vxlan', 'gre', 'geneve')
-- why: Full-size packets of the network do not fit with the tunnel's header around them: connections
--   open, and hang as soon as they carry data.
-- fix: Raise the MTU of the device that carries the tunnels, on every switch and node of the way, or
--   lower the network's.
-- references: LP1933273, LP1823798
-- needs: ovsdb-dump, ip-link, ip-addr, neutron-networks
WITH underlay AS (
  SELECT DISTINCT t.node, t.type, l.name AS interface, l.mtu_bytes, a.family, l.file, l.line
  FROM ovs_interface t
  JOIN address a ON a.node = t.node AND a.namespace = 'root' AND a.address = t.local_ip
  JOIN link l ON l.node = a.node AND l.namespace = a.namespace AND l.name = a.interface
  WHERE t.local_ip IS NOT NULL AND t.type IN ('vxlan', 'gre', 'geneve')
),
-- The tunnel's and the inner Ethernet header, Geneve's without options; the outer IP comes on top.
overhead(type, bytes) AS (VALUES ('vxlan', 30), ('gre', 22), ('geneve', 30)),
short AS (
  SELECT u.*, coalesce(nullif(n.name, ''), n.id) AS network,
    n.mtu_bytes + o.bytes + CASE u.family WHEN 6 THEN 40 ELSE 20 END AS wanted
  FROM underlay u
  JOIN overhead o ON o.type = u.type
  JOIN v_network_local_vlan v ON v.node = u.node AND v.network_type = u.type
  JOIN neutron_network n ON n.id = v.network
  WHERE wanted > u.mtu_bytes
  ORDER BY network
)
SELECT node || ' ' || interface AS subject,
  'MTU ' || mtu_bytes || ' is less than ' || max(wanted) || ', which '
    || group_concat(network, ', ') || ' need over ' || type AS message,
  file, line
FROM short
GROUP BY node, type, interface, mtu_bytes, family, file, line
ORDER BY 1;

/* test: one byte too little, and just enough
INSERT INTO neutron_network (id, name, mtu_bytes) VALUES ('a', 'big', 1451), ('b', 'fits', 1450);
INSERT INTO ovs_port (node, bridge, name, network, network_type, other_config) VALUES
  ('n1', 'br-int', 'tap1', 'a', 'vxlan', '{"tag":"1"}'), ('n1', 'br-int', 'tap2', 'b', 'vxlan', '{"tag":"2"}');
INSERT INTO ovs_interface (node, name, type, local_ip) VALUES ('n1', 'vxlan-1', 'vxlan', '192.0.2.1');
INSERT INTO address (node, interface, address) VALUES ('n1', 'eth0', '192.0.2.1');
INSERT INTO link (node, name, mtu_bytes) VALUES ('n1', 'eth0', 1500);
expect: n1 eth0
*/
/* test: GRE has the smaller header
INSERT INTO neutron_network (id, name, mtu_bytes) VALUES ('a', 'big', 1458);
INSERT INTO ovs_port (node, bridge, name, network, network_type, other_config)
  VALUES ('n1', 'br-int', 'tap1', 'a', 'gre', '{"tag":"1"}');
INSERT INTO ovs_interface (node, name, type, local_ip) VALUES ('n1', 'gre-1', 'gre', '192.0.2.1');
INSERT INTO address (node, interface, address) VALUES ('n1', 'eth0', '192.0.2.1');
INSERT INTO link (node, name, mtu_bytes) VALUES ('n1', 'eth0', 1500);
expect: nothing
*/
