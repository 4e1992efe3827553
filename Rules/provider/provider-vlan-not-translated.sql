-- title: A provider network's VLAN is not translated at its physical bridge
-- severity: high
-- precision: certain
-- population: bridges to physical networks: SELECT count(*) FROM v_provider_bridge
-- why: The bridge to the physical network drops what it has no translation for: the network works
--   inside the node and is cut off from all others.
-- fix: Restart the node's Open vSwitch agent, which writes the translation anew.
-- needs: openflow-flows, ovsdb-dump, neutron-agents
WITH provider AS (
  SELECT v.node, v.network, v.network_name, v.local_vlan, v.network_type, v.segmentation_id,
    b.bridge, v.file, v.line
  FROM v_network_local_vlan v
  JOIN v_provider_bridge b ON b.node = v.node AND b.physical_network = v.physical_network
  WHERE v.network_type IN ('vlan', 'flat')
)
SELECT p.node || ' ' || p.bridge AS subject,
  'no flow sends VLAN ' || p.local_vlan || ' (' || coalesce(nullif(p.network_name, ''), p.network)
    || ') out ' || CASE p.network_type WHEN 'flat' THEN 'untagged'
      ELSE 'as VLAN ' || p.segmentation_id END AS message,
  p.file, p.line
FROM provider p
WHERE NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'openflow-flows' AND g.node = p.node)
  AND NOT EXISTS (
  SELECT 1 FROM flow f
  JOIN flow_match m ON m.flow = f.id AND m.field = 'vlan_tci'
    AND m.value & 4096 AND m.value & 4095 = p.local_vlan
  JOIN flow_action a ON a.flow = f.id
    AND (p.network_type = 'flat' AND a.kind = 'pop_vlan'
      OR p.network_type = 'vlan' AND a.kind = 'set_vlan' AND a.value = p.segmentation_id)
  WHERE f.node = p.node AND f.bridge = p.bridge)
ORDER BY 1;

/* test: the translation is gone
INSERT INTO neutron_agent (id, host, bridge_mappings) VALUES ('a', 'n1', '{"physnet":"br-ex"}');
INSERT INTO ovs_port
  (node, bridge, name, tag, network, network_type, physical_network, segmentation_id, other_config)
  VALUES ('n1', 'br-int', 'tap1', 3, 'net', 'vlan', 'physnet', 200, '{"tag":"3"}');
INSERT INTO flow (id, node, bridge) VALUES (1, 'n1', 'br-ex');
expect: n1 br-ex
*/
/* test: translated, VLAN and flat
INSERT INTO neutron_agent (id, host, bridge_mappings) VALUES ('a', 'n1', '{"physnet":"br-ex"}');
INSERT INTO ovs_port
  (node, bridge, name, tag, network, network_type, physical_network, segmentation_id, other_config) VALUES
  ('n1', 'br-int', 'tap1', 3, 'net', 'vlan', 'physnet', 200, '{"tag":"3"}'),
  ('n1', 'br-int', 'qg-1', 4, 'ext', 'flat', 'physnet', NULL, '{"tag":"4"}');
INSERT INTO flow (id, node, bridge) VALUES (1, 'n1', 'br-ex'), (2, 'n1', 'br-ex');
INSERT INTO flow_match (flow, position, field, value) VALUES (1, 0, 'vlan_tci', 4099), (2, 0, 'vlan_tci', 4100);
INSERT INTO flow_action (flow, position, kind, value) VALUES (1, 0, 'set_vlan', 200), (2, 0, 'pop_vlan', NULL);
expect: nothing
*/
