-- title: A flow translates between a segment and another network's local VLAN
-- severity: critical
-- precision: certain
-- population: local VLANs of networks: SELECT count(*) FROM v_network_local_vlan
-- why: Frames of one network's segment are put into another network on this node: its guests get
--   broadcasts and unknown unicast of strangers, and the network itself is cut off here.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew; if the row comes back,
--   compare other_config of the ports with the segments of their networks.
-- references: LP1806052
-- needs: openflow-flows, ovsdb-dump, neutron-networks
WITH taken AS MATERIALIZED (
  SELECT m.flow, m.value FROM flow_match m WHERE m.field = 'tun_id' AND m.is_exact
),
sent AS MATERIALIZED (
  SELECT a.flow, a.value FROM flow_action a
  WHERE a.kind = 'set_tunnel' OR a.kind = 'set_field' AND a.field = 'tun_id'
),
segment AS MATERIALIZED (
  SELECT network, segmentation_id FROM neutron_segment
  WHERE network_type IN ('vxlan', 'gre', 'geneve') AND segmentation_id IS NOT NULL
),
inbound AS (
  SELECT f.node, f.bridge, s.network, s.segmentation_id, a.value AS vlan, f.file, f.line
  FROM taken m
  CROSS JOIN segment s ON s.segmentation_id = m.value
  CROSS JOIN flow_action a ON a.flow = m.flow AND a.kind = 'set_vlan'
  CROSS JOIN flow f ON f.id = m.flow
),
outbound AS (
  SELECT f.node, f.bridge, s.network, s.segmentation_id, m.value & 4095 AS vlan, f.file, f.line
  FROM sent a
  CROSS JOIN segment s ON s.segmentation_id = a.value
  CROSS JOIN flow_match m ON m.flow = a.flow AND m.field = 'vlan_tci' AND m.value & 4096
  CROSS JOIN flow f ON f.id = a.flow
),
translation AS (
  SELECT *, 'in' AS direction FROM inbound UNION ALL SELECT *, 'out' FROM outbound
)
SELECT t.node || ' ' || t.bridge AS subject,
  'segment ' || t.segmentation_id || ' (' || coalesce(nullif(n.name, ''), t.network)
    || CASE t.direction WHEN 'in' THEN ') is put into VLAN ' ELSE ') is sent from VLAN ' END
    || t.vlan || coalesce(' (' || (
      SELECT group_concat(coalesce(nullif(v.network_name, ''), v.network), ', ')
      FROM v_network_local_vlan v WHERE v.node = t.node AND v.local_vlan = t.vlan) || ')', '')
    || '; there its network is VLAN ' || own.local_vlan AS message,
  t.file, t.line
FROM translation t
JOIN v_network_local_vlan own ON own.node = t.node AND own.network = t.network
LEFT JOIN neutron_network n ON n.id = t.network
WHERE NOT EXISTS (
  SELECT 1 FROM v_network_local_vlan v
  WHERE v.node = t.node AND v.network = t.network AND v.local_vlan = t.vlan)
ORDER BY 1, 3, 4;

/* test: inbound into a stranger's VLAN
INSERT INTO neutron_segment (network, network_type, segmentation_id)
  VALUES ('a', 'vxlan', 100), ('b', 'vxlan', 200);
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config) VALUES
  ('n1', 'br-int', 'tap1', 1, 'a', '{"tag":"1"}'), ('n1', 'br-int', 'tap2', 2, 'b', '{"tag":"2"}');
INSERT INTO flow (id, node, bridge, table_id) VALUES (1, 'n1', 'br-tun', 4);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES (1, 0, 'tun_id', 100, 1);
INSERT INTO flow_action (flow, position, kind, value) VALUES (1, 0, 'set_vlan', 2);
expect: n1 br-tun
*/
/* test: both directions right, and a segment without ports here
INSERT INTO neutron_segment (network, network_type, segmentation_id)
  VALUES ('a', 'vxlan', 100), ('b', 'vxlan', 200);
INSERT INTO ovs_port (node, bridge, name, tag, network, other_config)
  VALUES ('n1', 'br-int', 'tap1', 1, 'a', '{"tag":"1"}');
INSERT INTO flow (id, node, bridge, table_id)
  VALUES (1, 'n1', 'br-tun', 4), (2, 'n1', 'br-tun', 22), (3, 'n1', 'br-tun', 4);
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (1, 0, 'tun_id', 100, 1), (2, 0, 'vlan_tci', 4097, 0), (3, 0, 'tun_id', 200, 1);
INSERT INTO flow_action (flow, position, kind, value) VALUES
  (1, 0, 'set_vlan', 1), (2, 0, 'set_tunnel', 100), (3, 0, 'set_vlan', 9);
expect: nothing
*/
