-- title: Multicast that is snooped does not cross nodes
-- severity: medium
-- precision: likely
-- population: bridges: SELECT count(*) FROM ovs_bridge
-- why: With IGMP snooping a bridge sends a group's packets only where members reported themselves.
--   Reports that are not flooded to the patch ports are unknown on all other nodes: VRRP, OSPF and
--   other multicast work inside a node only.
-- fix: Set igmp_flood_reports = True in the section [OVS] of the Open vSwitch agents and restart
--   them; where no querier runs, igmp_flood = True as well, or switch igmp_snooping_enable off.
-- false-positives: A cloud where no multicast is meant to leave a node.
-- references: LP1884723, LP2044272
-- needs: ovsdb-dump
SELECT p.node || ' ' || p.name AS subject,
  'IGMP snooping is on at ' || b.name || ', and mcast-snooping-flood-reports of its patch port is '
    || coalesce(json_extract(p.other_config, '$.mcast-snooping-flood-reports'), 'not set')
    AS message,
  p.file, p.line
FROM ovs_bridge b
JOIN ovs_port p ON p.node = b.node AND p.bridge = b.name
JOIN ovs_interface i ON i.node = p.node AND i.port = p.name AND i.type = 'patch'
WHERE b.is_multicast_snooping
  -- A trunk's patch port leads to a guest.
  AND p.name NOT LIKE 'tpi-%' AND p.name NOT LIKE 'spi-%' AND p.name NOT LIKE 'tpt-%'
  AND p.name NOT LIKE 'spt-%'
  AND lower(coalesce(json_extract(p.other_config, '$.mcast-snooping-flood-reports'), ''))
    <> 'true'
  AND lower(coalesce(json_extract(p.other_config, '$.mcast-snooping-flood'), '')) <> 'true'
ORDER BY 1;

/* test: snooping without reports
INSERT INTO ovs_bridge (node, name, is_multicast_snooping) VALUES ('n1', 'br-int', 1);
INSERT INTO ovs_port (node, bridge, name, other_config)
  VALUES ('n1', 'br-int', 'patch-tun', '{"mcast-snooping-flood-reports":"False"}');
INSERT INTO ovs_interface (node, port, name, type) VALUES ('n1', 'patch-tun', 'patch-tun', 'patch');
expect: n1 patch-tun
*/
/* test: reports are flooded, or nobody snoops
INSERT INTO ovs_bridge (node, name, is_multicast_snooping)
  VALUES ('n1', 'br-int', 1), ('n2', 'br-int', 0);
INSERT INTO ovs_port (node, bridge, name, other_config) VALUES
  ('n1', 'br-int', 'patch-tun', '{"mcast-snooping-flood-reports":"true"}'),
  ('n2', 'br-int', 'patch-tun', '{"mcast-snooping-flood-reports":"False"}');
INSERT INTO ovs_interface (node, port, name, type) VALUES
  ('n1', 'patch-tun', 'patch-tun', 'patch'), ('n2', 'patch-tun', 'patch-tun', 'patch');
expect: nothing
*/
