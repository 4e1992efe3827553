-- title: A port's packet filter admits what no security group asks for
-- severity: critical
-- precision: certain
-- population: filtered ports: SELECT count(*) FROM neutron_port WHERE is_port_security_enabled
-- why: A rule was taken out of a group, or the port out of the group, and the node's filter still
--   lets the traffic through.
-- fix: Set the port's group anew (openstack port unset --security-group GROUP PORT, then openstack
--   port set --security-group GROUP PORT); else restart the node's Open vSwitch agent.
-- references: LP2112648, LP1854131
-- needs: drift:security-rule, openflow-flows|iptables, ovsdb-dump, neutron-ports,
--   neutron-security-groups, neutron-security-group-rules
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'security-rule' AND d.kind = 'extra'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node
      AND g.format IN ('openflow-flows', 'iptables', 'ip6tables', 'ovsdb-dump', 'ipset'))
  -- A rule that takes every packet has a finding of its own.
  AND NOT EXISTS (
    SELECT 1 FROM iptables_rule r
    WHERE r.node = d.node AND r.namespace = 'root' AND r.table_name = 'filter'
      AND r.chain LIKE 'neutron-openvswi-i%' AND r.file = d.file AND r.line = d.line
      AND r.rule IN ('-A ' || r.chain || ' -j RETURN', '-A ' || r.chain || ' -j ACCEPT'))
ORDER BY 1, 2, 3, 4;

/* test: a service that no group opens
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-rule', 'extra', 'critical', 'p', 'web', 'n1', 'br-int table 82, new connections',
    'no rule of its security groups asks for it', 'ingress IPv4 tcp 22 from anybody');
expect: n1 web
*/
/* test: what is missing is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-rule', 'missing', 'high', 'p', 'web', 'n1', 'br-int table 82, new connections',
    'ingress IPv4 tcp 22 from anybody', 'none');
expect: nothing
*/
/* test: everything is open: that has a finding of its own
INSERT INTO iptables_rule (node, table_name, chain, rule, file, line) VALUES
  ('n1', 'filter', 'neutron-openvswi-i01234567-8',
    '-A neutron-openvswi-i01234567-8 -j RETURN', 1, 7);
INSERT INTO drift (code, kind, object, name, node, wanted, found, file, line) VALUES
  ('security-rule', 'extra', 'p', 'web', 'n1', 'no rule asks for it', '-j RETURN', 1, 7);
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('security-rule', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-rule', 'extra', 'critical', 'p', 'web', 'n1', 'br-int table 82, new connections',
    'no rule of its security groups asks for it', 'ingress IPv4 tcp 22 from anybody');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
