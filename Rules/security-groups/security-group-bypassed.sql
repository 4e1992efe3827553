-- title: A port's packet filter lets everything in, its security groups do not
-- severity: critical
-- precision: certain
-- population: chains of filtered ports: SELECT count(*) FROM iptables_chain WHERE namespace =
--   'root' AND name LIKE 'neutron-openvswi-i%'
-- why: A rule without conditions at the guest's side of the filter takes every packet before the
--   security groups' rules are asked.
-- fix: Restart the node's Open vSwitch agent, which writes the port's rules anew.
-- references: LP2112648
-- needs: iptables, ip6tables, neutron-ports, neutron-security-group-rules
WITH open_rule AS MATERIALIZED (
  SELECT r.node, r.family, r.chain, r.rule, r.file, r.line,
    substr(r.chain, length('neutron-openvswi-i') + 1) AS owner
  FROM iptables_rule r
  WHERE r.namespace = 'root' AND r.table_name = 'filter' AND r.chain LIKE 'neutron-openvswi-i%'
    AND r.rule IN ('-A ' || r.chain || ' -j RETURN', '-A ' || r.chain || ' -j ACCEPT')
)
SELECT o.node || ' ' || coalesce(nullif(p.name, ''), p.id) AS subject,
  'IPv' || o.family || ': "' || o.rule || '" takes every packet, and no security group of '
    || 'the port admits all' AS message,
  o.file, o.line
FROM open_rule o CROSS JOIN neutron_port p ON substr(p.id, 1, 10) = o.owner
WHERE coalesce(p.is_port_security_enabled, 1)
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.format IN ('neutron-ports', 'neutron-security-group-rules'))
  AND NOT EXISTS (
    SELECT 1 FROM neutron_port_security_group m
    JOIN neutron_security_group_rule g ON g.security_group = m.security_group
    WHERE m.port = p.id AND g.direction = 'ingress' AND g.family = o.family
      AND g.protocol IS NULL AND g.remote_group IS NULL AND g.remote_address_group IS NULL
      AND coalesce(g.remote_prefix, '0.0.0.0/0') IN ('0.0.0.0/0', '::/0'))
ORDER BY 1;

/* test: a rule without conditions
INSERT INTO neutron_port (id, name, is_port_security_enabled)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web', 1);
INSERT INTO neutron_port_security_group (port, security_group)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'g');
INSERT INTO neutron_security_group_rule (id, security_group, direction, family, protocol)
  VALUES ('r', 'g', 'ingress', 4, 'tcp');
INSERT INTO iptables_rule (node, table_name, chain, rule)
  VALUES ('n1', 'filter', 'neutron-openvswi-i01234567-8', '-A neutron-openvswi-i01234567-8 -j RETURN');
expect: n1 web
*/
/* test: a group that admits all, and egress
INSERT INTO neutron_port (id, name, is_port_security_enabled)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web', 1);
INSERT INTO neutron_port_security_group (port, security_group)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'g');
INSERT INTO neutron_security_group_rule (id, security_group, direction, family, protocol)
  VALUES ('r', 'g', 'ingress', 4, NULL);
INSERT INTO iptables_rule (node, table_name, chain, rule) VALUES
  ('n1', 'filter', 'neutron-openvswi-i01234567-8', '-A neutron-openvswi-i01234567-8 -j RETURN'),
  ('n1', 'filter', 'neutron-openvswi-o01234567-8', '-A neutron-openvswi-o01234567-8 -j RETURN');
expect: nothing
*/
