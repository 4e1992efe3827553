-- title: The openvswitch firewall refuses a member of a group that a port admits
-- severity: high
-- precision: certain
-- population: filtered ports: SELECT count(*) FROM neutron_port WHERE is_port_security_enabled
-- why: A rule that admits a group has a flow for each of its members. A member that has none is
--   refused, though Neutron's rules admit it.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1854131
-- needs: drift:security-member, openflow-flows|iptables, ovsdb-dump, neutron-ports,
--   neutron-security-groups, neutron-security-group-rules
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'security-member' AND d.kind IN ('missing', 'different') AND d.place NOT LIKE 'set %'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('openflow-flows', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: a member without a flow
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-member', 'missing', 'high', 'p', 'web', 'n1', 'br-int table 82, new connections',
    'ingress IPv4 tcp from 10.0.0.2', 'none');
expect: n1 web
*/
/* test: an address set's member is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-member', 'missing', 'high', 'g', 'clients', 'n1', 'set NIPv401234567',
    '10.0.0.2', 'no such member');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('security-member', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-member', 'missing', 'high', 'p', 'web', 'n1', 'br-int table 82, new connections',
    'ingress IPv4 tcp from 10.0.0.2', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
