-- title: A node wires a network with another segment than Neutron's
-- severity: high
-- precision: certain
-- population: local VLANs of networks: SELECT count(*) FROM v_network_local_vlan
-- why: The agent noted the network's segment when it wired the first port. Neutron now has another
--   one: this node and the others send the network under different ids, and do not hear each other.
-- fix: Restart the node's Open vSwitch agent; if the note stays, detach the network's ports from
--   the node once.
-- references: LP1806052
-- needs: drift:segment, ovsdb-dump, neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'segment' AND d.kind = 'different'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
ORDER BY 1, 2, 3, 4;

/* test: another id
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('segment', 'different', 'high', 'net', 'blue', 'n1', 'VLAN 2', 'vxlan 100', 'vxlan 200');
expect: n1 blue
*/
/* test: two VLANs for one segment is another comparison
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('local-vlan', 'twice', 'high', 'net', 'blue', 'n1', 'vxlan 100',
    'one VLAN a segment', 'VLANs 2, 3');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('segment', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('segment', 'different', 'high', 'net', 'blue', 'n1', 'VLAN 2', 'vxlan 100', 'vxlan 200');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ovsdb-dump', 'missing');
expect: unknown
*/
