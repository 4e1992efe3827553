-- title: A guest's packets are accepted before their sender is checked
-- severity: critical
-- precision: certain
-- population: chains of filtered ports: SELECT count(*) FROM iptables_chain WHERE namespace =
--   'root' AND name LIKE 'neutron-openvswi-o%'
-- why: A rule in front of the jump to the port's anti-spoofing chain takes packets from any source.
--   Only a guest without an address may go first, and only from the unspecified one; DHCP and
--   ICMPv6 rules without a source let the guest send as somebody else.
-- fix: Upgrade Neutron on the node and restart its Open vSwitch agent, which then writes the rules
--   in the right order.
-- references: OSSA-2016-009, CVE-2016-5362, CVE-2016-5363, CVE-2015-8914, LP1558658, LP1502933
-- needs: iptables, ip6tables, neutron-ports
WITH jump AS (
  SELECT node, source, family, chain, min(position) AS position,
    substr(chain, length('neutron-openvswi-o') + 1) AS owner
  FROM iptables_rule
  WHERE namespace = 'root' AND table_name = 'filter' AND chain LIKE 'neutron-openvswi-o%'
    AND target = 'neutron-openvswi-s' || substr(chain, length('neutron-openvswi-o') + 1)
  GROUP BY node, source, family, chain
)
SELECT j.node || ' ' || coalesce(nullif(p.name, ''), p.id) AS subject,
  'IPv' || j.family || ': "' || r.rule || '" stands before the jump to neutron-openvswi-s'
    || j.owner AS message,
  r.file, r.line
FROM jump j
JOIN iptables_rule r ON r.node = j.node AND r.namespace = 'root' AND r.table_name = 'filter'
  AND r.chain = j.chain AND r.source = j.source AND r.family = j.family
JOIN neutron_port p ON substr(p.id, 1, 10) = j.owner
WHERE r.position < j.position AND r.target IN ('RETURN', 'ACCEPT')
  AND coalesce(r.source_prefix, '') NOT IN ('0.0.0.0/32', '::/128')
  AND coalesce(p.is_port_security_enabled, 1)
ORDER BY 1, 2;

/* test: DHCP from anybody
INSERT INTO neutron_port (id, name, is_port_security_enabled)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web', 1);
INSERT INTO iptables_rule (node, table_name, chain, position, rule, target, source_prefix) VALUES
  ('n1', 'filter', 'neutron-openvswi-o01234567-8', 1, '-A … --sport 68 --dport 67 -j RETURN',
    'RETURN', NULL),
  ('n1', 'filter', 'neutron-openvswi-o01234567-8', 2, '', 'neutron-openvswi-s01234567-8', NULL);
expect: n1 web
*/
/* test: DHCP of a client without address, then the check, then DHCP again
INSERT INTO neutron_port (id, name, is_port_security_enabled)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web', 1);
INSERT INTO iptables_rule (node, table_name, chain, position, rule, target, source_prefix) VALUES
  ('n1', 'filter', 'neutron-openvswi-o01234567-8', 1, '', 'RETURN', '0.0.0.0/32'),
  ('n1', 'filter', 'neutron-openvswi-o01234567-8', 2, '', 'neutron-openvswi-s01234567-8', NULL),
  ('n1', 'filter', 'neutron-openvswi-o01234567-8', 3, '', 'RETURN', NULL);
expect: nothing
*/
/* test: without any check, as for a port without addresses of the family
INSERT INTO neutron_port (id, name, is_port_security_enabled)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web', 1);
INSERT INTO iptables_rule (node, table_name, chain, position, rule, target)
  VALUES ('n1', 'filter', 'neutron-openvswi-o01234567-8', 1, '-A … -p ipv6-icmp -j RETURN',
    'RETURN');
expect: nothing
*/
