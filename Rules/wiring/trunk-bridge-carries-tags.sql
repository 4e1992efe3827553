-- title: A trunk's own patch port lets tagged frames through
-- severity: high
-- precision: possible
-- population: trunks' patch ports: SELECT count(*) FROM ovs_port WHERE name LIKE 'tpt-%'
-- why: On a trunk's bridge the parent's patch port should take untagged frames only. As a trunk of
--   every VLAN it takes subports' frames as well, and they get to the integration bridge twice or
--   in the wrong VLAN.
-- fix: ovs-vsctl set Port PORT vlan_mode=access tag=0; agents of 2024.1 and later set it
--   themselves.
-- false-positives: A network with VLAN transparency, where the guest's own tags are meant to pass;
--   releases before 2024.1, where no subport's VLAN is a local VLAN of the parent's network.
-- references: LP2048785
-- needs: ovsdb-dump
SELECT p.node || ' ' || p.name AS subject,
  'on ' || p.bridge || ' vlan_mode is ' || coalesce(p.vlan_mode, 'not set') || ' and tag is '
    || coalesce(p.tag, 'not set') || ', beside ' || (
      SELECT count(*) FROM ovs_port s
      WHERE s.node = p.node AND s.bridge = p.bridge AND s.name LIKE 'spt-%') || ' subport'
    || CASE (SELECT count(*) FROM ovs_port s
      WHERE s.node = p.node AND s.bridge = p.bridge AND s.name LIKE 'spt-%')
      WHEN 1 THEN '' ELSE 's' END AS message,
  p.file, p.line
FROM ovs_port p
WHERE p.name LIKE 'tpt-%' AND p.bridge LIKE 'tbr-%'
  AND NOT (coalesce(p.vlan_mode, '') = 'access' AND coalesce(p.tag, -1) = 0)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'ovsdb-dump' AND g.node = p.node)
  AND EXISTS (
    SELECT 1 FROM ovs_port s
    WHERE s.node = p.node AND s.bridge = p.bridge AND s.name LIKE 'spt-%')
ORDER BY 1;

/* test: a trunk of every VLAN beside a subport
INSERT INTO ovs_port (node, bridge, name, tag, vlan_mode) VALUES
  ('n1', 'tbr-1', 'tpt-1', NULL, NULL), ('n1', 'tbr-1', 'spt-1', 7, NULL);
expect: n1 tpt-1
*/
/* test: untagged frames only, or no subports
INSERT INTO ovs_port (node, bridge, name, tag, vlan_mode) VALUES
  ('n1', 'tbr-1', 'tpt-1', 0, 'access'), ('n1', 'tbr-1', 'spt-1', 7, NULL),
  ('n1', 'tbr-2', 'tpt-2', NULL, NULL);
expect: nothing
*/
