-- title: A port's connections are tracked under another network's VLAN
-- severity: critical
-- precision: certain
-- population: filtered ports: SELECT count(*) FROM neutron_port WHERE is_port_security_enabled
-- why: The openvswitch firewall keeps connections apart by the local VLAN in register 6. With
--   another network's VLAN there, two networks that use the same addresses take each other's
--   connections for their own, and members of remote groups are looked for in the wrong network.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP2071451
-- needs: drift:security-chain, openflow-flows, ovsdb-dump, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'security-chain' AND d.kind = 'different' AND d.place LIKE '%reg6'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: another VLAN in the register
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-chain', 'different', 'high', 'p', 'web', 'n1', 'br-int table 60, reg6',
    'VLAN 2 (network blue)', 'VLAN 3');
expect: n1 web
*/
/* test: the way into the filter is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-chain', 'different', 'critical', 'p', 'web', 'n1', 'br-int table 60',
    'table 71: port security is on', 'resubmit(,73)');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('security-chain', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-chain', 'different', 'high', 'p', 'web', 'n1', 'br-int table 60, reg6',
    'VLAN 2 (network blue)', 'VLAN 3');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
