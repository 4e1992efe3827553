-- title: A guest's own DHCP or ICMPv6 packets may carry any sender
-- severity: critical
-- precision: certain
-- population: flows that let guests speak DHCP and ICMPv6: SELECT count(*) FROM flow WHERE table_id
--   = 71 AND (match LIKE '%icmp_type=%' OR match LIKE '%tp_dst=67' OR match LIKE '%tp_dst=547')
-- why: With the openvswitch firewall, table 71 lets neighbour discovery and DHCP requests pass
--   before connections are tracked. The row must ask for the port's MAC address and source address,
--   and for a neighbour advertisement's target: without them the guest advertises what belongs to
--   others.
-- fix: Upgrade Neutron on the node and restart its Open vSwitch agent, which then writes the rows
--   whole.
-- references: OSSA-2021-001, CVE-2021-20267, LP1902917
-- needs: openflow-flows, ovsdb-dump, neutron-ports
WITH let AS MATERIALIZED (
  SELECT f.id, CASE m.field WHEN 'icmpv6_type' THEN m.value ELSE 0 END AS icmp_type
  FROM flow f
  CROSS JOIN flow_match m ON m.flow = f.id AND m.field IN ('icmpv6_type', 'udp_dst')
  WHERE f.table_id = 71
    AND (m.field = 'udp_dst' AND m.value IN (67, 547)
      OR m.field = 'icmpv6_type' AND m.value IN (130, 133, 135, 136))
),
lacking AS (
  SELECT l.id, 'the target of a neighbour advertisement' AS part FROM let l
  WHERE l.icmp_type = 136
    AND NOT EXISTS (SELECT 1 FROM flow_match m WHERE m.flow = l.id AND m.field = 'nd_target')
  UNION ALL
  SELECT l.id, 'the source MAC address' FROM let l
  WHERE l.icmp_type <> 136
    AND NOT EXISTS (SELECT 1 FROM flow_match m WHERE m.flow = l.id AND m.field = 'dl_src')
  UNION ALL
  SELECT l.id, 'the source address' FROM let l
  WHERE l.icmp_type IN (130, 133, 135)
    AND NOT EXISTS (SELECT 1 FROM flow_match m WHERE m.flow = l.id AND m.field = 'ipv6_src')
)
SELECT f.node || ' ' || coalesce(nullif(p.name, ''), p.id) AS subject,
  '"' || f.match || '" does not ask for ' || l.part AS message, f.file, f.line
FROM lacking l
CROSS JOIN flow f ON f.id = l.id
CROSS JOIN flow_match r ON r.flow = l.id AND r.field = 'reg5' AND r.is_exact
CROSS JOIN v_switch_port s ON s.node = f.node AND s.bridge = f.bridge AND s.ofport = r.value
CROSS JOIN neutron_port p ON p.id = s.iface_id
-- Table 93 drops.
WHERE EXISTS (SELECT 1 FROM flow_action a WHERE a.flow = l.id AND a.table_id <> 93)
  -- A pair that covers every address asks for none on purpose.
  AND NOT EXISTS (
    SELECT 1 FROM neutron_address_pair a WHERE a.port = p.id AND a.prefix IN ('0.0.0.0/0', '::/0'))
ORDER BY 1, 2;

/* test: a solicitation and an advertisement of anything
INSERT INTO neutron_port (id, name) VALUES ('p', 'web');
INSERT INTO ovs_port (node, bridge, name) VALUES ('n1', 'br-int', 'tap1');
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 7, 'p');
INSERT INTO flow (id, node, bridge, table_id, match) VALUES
  (1, 'n1', 'br-int', 71, 'icmp6,reg5=0x7,icmp_type=135'),
  (2, 'n1', 'br-int', 71, 'icmp6,reg5=0x7,icmp_type=136');
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (1, 0, 'reg5', 7, 1), (1, 1, 'icmpv6_type', 135, 1), (1, 2, 'dl_src', 9, 1),
  (2, 0, 'reg5', 7, 1), (2, 1, 'icmpv6_type', 136, 1);
INSERT INTO flow_action (flow, position, kind, table_id)
  VALUES (1, 0, 'resubmit', 94), (2, 0, 'resubmit', 94);
expect: n1 web
expect: n1 web
*/
/* test: whole rows, and one that drops
INSERT INTO neutron_port (id, name) VALUES ('p', 'web');
INSERT INTO ovs_port (node, bridge, name) VALUES ('n1', 'br-int', 'tap1');
INSERT INTO ovs_interface (node, port, name, ofport, iface_id)
  VALUES ('n1', 'tap1', 'tap1', 7, 'p');
INSERT INTO flow (id, node, bridge, table_id, match) VALUES
  (1, 'n1', 'br-int', 71, ''), (2, 'n1', 'br-int', 71, ''), (3, 'n1', 'br-int', 71, '');
INSERT INTO flow_match (flow, position, field, value, is_exact) VALUES
  (1, 0, 'reg5', 7, 1), (1, 1, 'icmpv6_type', 135, 1), (1, 2, 'dl_src', 9, 1),
  (1, 3, 'ipv6_src', NULL, 1),
  (2, 0, 'reg5', 7, 1), (2, 1, 'icmpv6_type', 136, 1), (2, 2, 'nd_target', NULL, 1),
  (3, 0, 'reg5', 7, 1), (3, 1, 'udp_dst', 67, 1);
INSERT INTO flow_action (flow, position, kind, table_id)
  VALUES (1, 0, 'resubmit', 94), (2, 0, 'resubmit', 94), (3, 0, 'resubmit', 93);
expect: nothing
*/
