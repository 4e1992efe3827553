-- title: A rule of a port's security groups is not in its packet filter
-- severity: high
-- precision: certain
-- population: filtered ports: SELECT count(*) FROM neutron_port WHERE is_port_security_enabled
-- why: Neutron admits the traffic and the node's filter does not: the agent missed the change, or
--   failed while it applied it.
-- fix: Set the port's group anew (openstack port unset --security-group GROUP PORT, then openstack
--   port set --security-group GROUP PORT); else restart the node's Open vSwitch agent.
-- references: LP2112648, LP2048979
-- needs: drift:security-rule, openflow-flows|iptables, ovsdb-dump, neutron-ports,
--   neutron-security-groups, neutron-security-group-rules
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'security-rule' AND d.kind IN ('missing', 'different')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node
      AND g.format IN ('openflow-flows', 'iptables', 'ip6tables', 'ovsdb-dump', 'ipset'))
ORDER BY 1, 2, 3, 4;

/* test: missing, and with other ports
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-rule', 'missing', 'high', 'p', 'web', 'n1', 'br-int table 82, new connections',
    'ingress IPv4 tcp 22 from anybody', 'none'),
  ('security-rule', 'different', 'high', 'q', 'db', 'n1', 'br-int table 82, new connections',
    'ingress IPv4 tcp 22 from anybody', 'ingress IPv4 tcp 80 from anybody');
expect: n1 web
expect: n1 db
*/
/* test: what nobody asked for is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-rule', 'extra', 'critical', 'p', 'web', 'n1', 'br-int table 82, new connections',
    'no rule of its security groups asks for it', 'ingress IPv4 tcp 22 from anybody');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('security-rule', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-rule', 'missing', 'high', 'p', 'web', 'n1', 'br-int table 82, new connections',
    'ingress IPv4 tcp 22 from anybody', 'none'),
  ('security-rule', 'different', 'high', 'q', 'db', 'n1', 'br-int table 82, new connections',
    'ingress IPv4 tcp 22 from anybody', 'ingress IPv4 tcp 80 from anybody');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
