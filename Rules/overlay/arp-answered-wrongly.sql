-- title: A node answers ARP with a wrong MAC address
-- severity: high
-- precision: certain
-- population: flows that answer ARP: SELECT count(*) FROM flow WHERE actions LIKE '%arp_op%'
-- why: The tunnel bridge answers guests' ARP requests itself. A stale row sends what they have for one
--   port to another, or to nobody.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1824504
-- needs: openflow-flows, ovsdb-dump, neutron-ports
WITH asked AS MATERIALIZED (
  SELECT m.flow, m.value FROM flow_match m WHERE m.field = 'arp_tpa' AND m.is_exact
),
answer AS MATERIALIZED (
  SELECT f.node, f.bridge, tag.value & 4095 AS vlan,
    printf('%d.%d.%d.%d', ip.value >> 24, ip.value >> 16 & 255, ip.value >> 8 & 255, ip.value & 255)
      AS address,
    printf('%012x', mac.value) AS mac, f.file, f.line
  FROM asked ip
  CROSS JOIN flow f ON f.id = ip.flow
  CROSS JOIN flow_match tag ON tag.flow = ip.flow AND tag.field = 'vlan_tci' AND tag.value & 4096
  CROSS JOIN flow_action mac
    ON mac.flow = ip.flow AND mac.field = 'arp_sha' AND mac.value IS NOT NULL
),
known AS MATERIALIZED (
  SELECT p.network, i.address, replace(lower(p.mac), ':', '') AS mac
  FROM neutron_port p JOIN neutron_fixed_ip i ON i.port = p.id
  UNION
  SELECT p.network, replace(a.prefix, '/32', ''), replace(lower(coalesce(a.mac, p.mac)), ':', '')
  FROM neutron_address_pair a JOIN neutron_port p ON p.id = a.port
),
owner AS MATERIALIZED (
  SELECT network, address, group_concat(mac, ', ') AS macs FROM known GROUP BY network, address
)
SELECT a.node || ' ' || a.address AS subject,
  'VLAN ' || a.vlan || ' (' || coalesce(nullif(v.network_name, ''), v.network)
    || '): the answer is ' || a.mac || ', Neutron''s is ' || o.macs AS message,
  a.file, a.line
FROM answer a
CROSS JOIN v_network_local_vlan v ON v.node = a.node AND v.local_vlan = a.vlan
CROSS JOIN owner o ON o.network = v.network AND o.address = a.address
LEFT JOIN known k ON k.network = v.network AND k.address = a.address AND k.mac = a.mac
WHERE k.mac IS NULL AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'neutron-ports')
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
