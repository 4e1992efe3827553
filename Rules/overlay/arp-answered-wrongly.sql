-- title: A node answers ARP with a wrong MAC address
-- severity: high
-- precision: certain
-- population: flows that answer ARP: SELECT count(*) FROM flow WHERE actions LIKE '%arp_op%'
-- why: The tunnel bridge answers guests' ARP requests itself. A stale row sends what they have for one
--   port to another, or to nobody.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1824504
-- needs: openflow-flows, ovsdb-dump, neutron-ports
WITH answer AS (
  SELECT f.node, f.bridge, tag.value & 4095 AS vlan,
    printf('%d.%d.%d.%d', ip.value >> 24, ip.value >> 16 & 255, ip.value >> 8 & 255, ip.value & 255)
      AS address,
    printf('%012x', mac.value) AS mac, f.file, f.line
  FROM flow f
  JOIN flow_match ip ON ip.flow = f.id AND ip.field = 'arp_tpa' AND ip.is_exact
  JOIN flow_match tag ON tag.flow = f.id AND tag.field = 'vlan_tci' AND tag.value & 4096
  JOIN flow_action mac ON mac.flow = f.id AND mac.field = 'arp_sha' AND mac.value IS NOT NULL
),
known AS (
  SELECT p.network, i.address, replace(lower(p.mac), ':', '') AS mac
  FROM neutron_port p JOIN neutron_fixed_ip i ON i.port = p.id
  UNION
  SELECT p.network, replace(a.prefix, '/32', ''), replace(lower(coalesce(a.mac, p.mac)), ':', '')
  FROM neutron_address_pair a JOIN neutron_port p ON p.id = a.port
)
SELECT a.node || ' ' || a.address AS subject,
  'VLAN ' || a.vlan || ' (' || coalesce(nullif(v.network_name, ''), v.network)
    || '): the answer is ' || a.mac || ', Neutron''s is ' || (
      SELECT group_concat(k.mac, ', ') FROM known k
      WHERE k.network = v.network AND k.address = a.address) AS message,
  a.file, a.line
FROM answer a
JOIN v_network_local_vlan v ON v.node = a.node AND v.local_vlan = a.vlan
WHERE NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'neutron-ports')
  AND EXISTS (SELECT 1 FROM known k WHERE k.network = v.network AND k.address = a.address)
  AND NOT EXISTS (
    SELECT 1 FROM known k
    WHERE k.network = v.network AND k.address = a.address AND k.mac = a.mac)
ORDER BY 1;

/* test: another port's MAC address
INSERT INTO neutron_port (id, network, mac) VALUES ('p', 'net', 'fa:16:3e:00:00:01');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config)
  VALUES ('n1', 'br-int', 'tap1', 3, 'net', '{"tag":"3"}');
INSERT INTO flow (id, node, bridge) VALUES (1, 'n1', 'br-tun');
INSERT INTO flow_match (flow, position, field, value, is_exact)
  VALUES (1, 0, 'arp_tpa', 0x0a000001, 1), (1, 1, 'vlan_tci', 4099, 0);
INSERT INTO flow_action (flow, position, kind, field, value)
  VALUES (1, 0, 'set_field', 'arp_sha', 0xfa163e000002);
expect: n1 10.0.0.1
*/
/* test: its own
INSERT INTO neutron_port (id, network, mac) VALUES ('p', 'net', 'fa:16:3e:00:00:01');
INSERT INTO neutron_fixed_ip (port, address) VALUES ('p', '10.0.0.1');
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config)
  VALUES ('n1', 'br-int', 'tap1', 3, 'net', '{"tag":"3"}');
INSERT INTO flow (id, node, bridge) VALUES (1, 'n1', 'br-tun');
INSERT INTO flow_match (flow, position, field, value, is_exact)
  VALUES (1, 0, 'arp_tpa', 0x0a000001, 1), (1, 1, 'vlan_tci', 4099, 0);
INSERT INTO flow_action (flow, position, kind, field, value)
  VALUES (1, 0, 'set_field', 'arp_sha', 0xfa163e000001);
expect: nothing
*/
