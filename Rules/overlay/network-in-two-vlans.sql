-- title: A network has two local VLANs on one node
-- severity: high
-- precision: certain
-- population: local VLANs of networks: SELECT count(*) FROM v_network_local_vlan
-- why: Ports of one segment are in different local VLANs of the node: they do not hear each other
--   there, and only one of the VLANs is connected to other nodes.
-- fix: Restart the node's Open vSwitch agent; if both VLANs stay, clean other_config of the ports
--   in the wrong one first.
-- references: LP2071451, LP2156566
-- needs: drift:local-vlan, ovsdb-dump, neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'local-vlan' AND d.kind = 'twice' AND d.severity = 'high'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
ORDER BY 1, 2, 3, 4;

/* test: two VLANs for one segment
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('local-vlan', 'twice', 'high', 'net', 'blue', 'n1', 'vxlan 100',
    'one VLAN a segment', 'VLANs 2, 3');
expect: n1 blue
*/
/* test: one VLAN for two networks is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('local-vlan', 'twice', 'critical', 'net', 'blue', 'n1', 'VLAN 2',
    'a VLAN of its own', 'VLAN 2 of networks blue, red');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('local-vlan', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('local-vlan', 'twice', 'high', 'net', 'blue', 'n1', 'vxlan 100',
    'one VLAN a segment', 'VLANs 2, 3');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ovsdb-dump', 'missing');
expect: unknown
*/
