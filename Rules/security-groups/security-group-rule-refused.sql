-- title: A rule of a security group cannot be written into the nodes' filters
-- severity: high
-- precision: likely
-- population: rules of security groups: SELECT count(*) FROM neutron_security_group_rule
-- why: The rule asks for ports of a protocol that has none, or for a prefix of the other IP
--   version. The node's filter refuses the whole transaction that it stands in, so no later change
--   of any group arrives on the node.
-- fix: openstack security group rule delete RULE; then restart the Open vSwitch agents of the nodes
--   named.
-- false-positives: The port's rules may be missing for another reason; then the rule is merely
--   useless.
-- references: OSSA-2014-014, CVE-2014-0187, LP1300785, OSSA-2019-001, CVE-2019-9735, LP1818385
-- needs: neutron-security-group-rules, neutron-security-groups, neutron-ports, drift:security-rule
WITH strange AS (
  SELECT id, security_group, file, line,
    'ports ' || port_minimum || coalesce('-' || port_maximum, '') || ' of protocol ' || protocol
      || ', which has none' AS what
  FROM neutron_security_group_rule
  WHERE port_minimum IS NOT NULL AND lower(protocol) NOT IN (
    'tcp', '6', 'udp', '17', 'sctp', '132', 'dccp', '33', 'udplite', '136', 'icmp', '1', 'icmpv6',
    'ipv6-icmp', '58')
  UNION ALL
  SELECT id, security_group, file, line, 'prefix ' || remote_prefix || ' in a rule of IPv' || family
  FROM neutron_security_group_rule
  WHERE remote_prefix IS NOT NULL AND (remote_prefix LIKE '%:%') <> (family = 6)
)
SELECT coalesce(nullif(g.name, ''), s.security_group) || ' rule ' || s.id AS subject,
  s.what || '; rules of its ports are missing on ' || group_concat(DISTINCT d.node) AS message,
  s.file, s.line
FROM strange s
JOIN neutron_port_security_group m ON m.security_group = s.security_group
JOIN drift d ON d.object = m.port AND d.code = 'security-rule'
  AND d.kind IN ('missing', 'different')
LEFT JOIN neutron_security_group g ON g.id = s.security_group
GROUP BY s.id, s.what
ORDER BY 1;

/* test: ports of VRRP, and the node lacks the port's rules
INSERT INTO neutron_security_group_rule
  (id, security_group, family, protocol, port_minimum, port_maximum)
  VALUES ('r', 'g', 4, 'vrrp', 80, 80);
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'g');
INSERT INTO drift (code, kind, object_kind, object, node)
  VALUES ('security-rule', 'missing', 'port', 'p', 'n1');
expect: g rule r
*/
/* test: an IPv6 prefix for IPv4
INSERT INTO neutron_security_group_rule (id, security_group, family, remote_prefix)
  VALUES ('r', 'g', 4, '2001:db8::/64');
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'g');
INSERT INTO drift (code, kind, object_kind, object, node)
  VALUES ('security-rule', 'missing', 'port', 'p', 'n1');
expect: g rule r
*/
/* test: the nodes' filters are whole, and rules that are in order
INSERT INTO neutron_security_group_rule
  (id, security_group, family, protocol, port_minimum, port_maximum, remote_prefix) VALUES
  ('r', 'g', 4, 'vrrp', 80, 80, NULL), ('s', 'h', 4, 'tcp', 80, 80, '10.0.0.0/8'),
  ('t', 'h', 6, 'icmpv6', 128, 0, '::/0');
INSERT INTO neutron_port_security_group (port, security_group) VALUES ('p', 'g'), ('q', 'h');
INSERT INTO drift (code, kind, object_kind, object, node)
  VALUES ('security-rule', 'missing', 'port', 'q', 'n1');
expect: nothing
*/
