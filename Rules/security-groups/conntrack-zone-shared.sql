-- title: Two ports share a zone of connection tracking
-- severity: critical
-- precision: certain
-- population: ports with a zone: SELECT count(*) FROM v_port_conntrack_zone
-- why: Inside a zone, connections are told apart by their addresses alone. Two ports whose networks
--   use the same addresses then take each other's connections for their own: replies get through that
--   no rule allows, and allowed packets are dropped as invalid.
-- fix: Restart the node's Open vSwitch agent, which gives every port a zone of its own.
-- references: LP1745642, LP1478925
-- needs: iptables, ip6tables
WITH shared AS (
  SELECT node, zone, group_concat(owner, ', ') AS owners
  FROM (SELECT DISTINCT node, zone, owner FROM v_port_conntrack_zone)
  GROUP BY node, zone HAVING count(*) > 1
),
split AS (
  SELECT node, owner, group_concat(zone, ', ') AS zones
  FROM (SELECT DISTINCT node, zone, owner FROM v_port_conntrack_zone)
  GROUP BY node, owner HAVING count(*) > 1
)
SELECT z.node || ' zone ' || z.zone AS subject, 'is shared by the ports ' || s.owners AS message,
  z.file, z.line
FROM shared s JOIN v_port_conntrack_zone z ON z.node = s.node AND z.zone = s.zone
UNION ALL
SELECT z.node || ' port ' || z.owner, 'has more than one zone: ' || s.zones, z.file, z.line
FROM split s JOIN v_port_conntrack_zone z ON z.node = s.node AND z.owner = s.owner
ORDER BY 1, 3, 4;

/* test: two ports, one zone
INSERT INTO iptables_rule (node, table_name, target, physical_in, ct_zone) VALUES
  ('n1', 'raw', 'CT', 'tap00000001-00', 4097), ('n1', 'raw', 'CT', 'tap00000002-00', 4097);
expect: n1 zone 4097
*/
/* test: the rules of one port disagree
INSERT INTO iptables_rule (node, table_name, target, physical_in, ct_zone)
  VALUES ('n1', 'raw', 'CT', 'tap00000001-00', 4097);
INSERT INTO iptables_rule (node, table_name, target, in_interface, ct_zone)
  VALUES ('n1', 'raw', 'CT', 'qvb00000001-00', 4098);
expect: n1 port 00000001-00
*/
/* test: three rules a port, one zone a port, the same zone on another node
INSERT INTO iptables_rule (node, table_name, target, physical_in, in_interface, ct_zone) VALUES
  ('n1', 'raw', 'CT', 'qvb00000001-00', NULL, 4097), ('n1', 'raw', 'CT', NULL, 'qvb00000001-00', 4097),
  ('n1', 'raw', 'CT', 'tap00000001-00', NULL, 4097), ('n1', 'raw', 'CT', 'tap00000002-00', NULL, 4098),
  ('n2', 'raw', 'CT', 'tap00000003-00', NULL, 4097);
expect: nothing
*/
