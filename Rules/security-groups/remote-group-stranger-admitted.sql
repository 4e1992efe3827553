-- title: A stranger's address is admitted as a member of a group
-- severity: critical
-- precision: certain
-- population: filtered ports: SELECT count(*) FROM neutron_port WHERE is_port_security_enabled
-- why: Rules that admit a group take the group's addresses from an address set or from flows of the
--   node. An address that is in none of the group's ports still stands there, and whoever has it
--   now gets in.
-- fix: Restart the node's Open vSwitch agent, which writes its flows anew.
-- references: LP1934917, LP1907491, LP1881157
-- needs: drift:security-member, openflow-flows|iptables, ovsdb-dump, neutron-ports,
--   neutron-security-groups, neutron-security-group-rules
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'security-member' AND d.kind = 'extra'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node
      AND g.format IN ('openflow-flows', 'ovsdb-dump', 'ipset'))
  -- Flows of IPv4 addresses have a rule that shows the flow itself.
  AND (d.place LIKE 'set %' OR d.found LIKE '%IPv6%')
ORDER BY 1, 2, 3, 4;

/* test: in an address set, and in flows of IPv6
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-member', 'extra', 'critical', 'g', 'clients', 'n1', 'set NIPv401234567',
    'members 10.0.0.1', '10.0.0.9'),
  ('security-member', 'extra', 'critical', 'p', 'web', 'n1', 'br-int table 82, new connections',
    'no rule of its security groups asks for it', 'ingress IPv6 tcp from 2001:db8::9');
expect: n1 clients
expect: n1 web
*/
/* test: a missing member is another finding
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
  ('security-member', 'extra', 'critical', 'g', 'clients', 'n1', 'set NIPv401234567',
    'members 10.0.0.1', '10.0.0.9'),
  ('security-member', 'extra', 'critical', 'p', 'web', 'n1', 'br-int table 82, new connections',
    'no rule of its security groups asks for it', 'ingress IPv6 tcp from 2001:db8::9');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
