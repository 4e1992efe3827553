-- title: A port of Neutron is in no local VLAN
-- severity: critical
-- precision: certain
-- population: ports of switches: SELECT count(*) FROM v_switch_port
-- why: A port of the integration bridge without a tag is a trunk: it hears the frames of every
--   network on the node, and may send into each. The agent has not wired it, though Neutron has it
--   active.
-- fix: Restart the node's Open vSwitch agent, which sets the tag; until then ovs-vsctl set Port
--   PORT tag=4095 closes it.
-- references: F-03, LP1930414, LP1959564
-- needs: drift:port-vlan, ovsdb-dump, neutron-ports, neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'port-vlan' AND d.kind = 'missing'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ovsdb-dump')
ORDER BY 1, 2, 3, 4;

/* test: no tag
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-vlan', 'missing', 'critical', 'p', 'web', 'n1', 'tap1',
    'VLAN 2 (network blue)', 'no tag: a trunk of every VLAN');
expect: n1 web
*/
/* test: a wrong tag is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-vlan', 'different', 'critical', 'p', 'web', 'n1', 'tap1', 'VLAN 2', 'VLAN 3');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('port-vlan', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-vlan', 'missing', 'critical', 'p', 'web', 'n1', 'tap1',
    'VLAN 2 (network blue)', 'no tag: a trunk of every VLAN');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ovsdb-dump', 'missing');
expect: unknown
*/
