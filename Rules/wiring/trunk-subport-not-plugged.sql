-- title: A trunk's subport is missing at its bridge or has another VLAN
-- severity: high
-- precision: certain
-- population: subports of trunks: SELECT count(*) FROM neutron_subport
-- why: What the guest sends with the subport's VLAN does not get to the subport's network, or gets
--   to another subport's.
-- fix: openstack network trunk unset --subport PORT TRUNK, then set it again; else restart the
--   node's Open vSwitch agent.
-- references: LP2048785
-- needs: drift:trunk-subport, ovsdb-dump, neutron-trunks|neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'trunk-subport' AND d.kind IN ('missing', 'different')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
UNION ALL
SELECT DISTINCT 'node ' || p.node || ' has trunks, and Neutron''s were not captured', NULL,
  NULL, NULL
FROM ovs_port p
WHERE p.name LIKE 'tpt-%' AND NOT EXISTS (SELECT 1 FROM neutron_trunk)
ORDER BY 1, 2, 3, 4;

/* test: no patch port, and another VLAN
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('trunk-subport', 'missing', 'high', 't', 'vm', 'n1', 'spt1',
    'spt1 with the guest''s VLAN 7', 'none'),
  ('trunk-subport', 'different', 'high', 'u', 'vm2', 'n1', 'spt2',
    'spt2 with the guest''s VLAN 8', 'VLAN 9');
expect: n1 vm
expect: n1 vm2
*/
/* test: another comparison
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-vlan', 'different', 'critical', 'p', 'vm', 'n1', 'spt1', 'VLAN 2', 'VLAN 3');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('trunk-subport', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('trunk-subport', 'missing', 'high', 't', 'vm', 'n1', 'spt1',
    'spt1 with the guest''s VLAN 7', 'none'),
  ('trunk-subport', 'different', 'high', 'u', 'vm2', 'n1', 'spt2',
    'spt2 with the guest''s VLAN 8', 'VLAN 9');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ovsdb-dump', 'missing');
expect: unknown
*/
