-- title: A guest may send from any address
-- severity: critical
-- precision: certain
-- population: chains of filtered ports: SELECT count(*) FROM iptables_chain WHERE namespace =
--   'root' AND name LIKE 'neutron-openvswi-o%'
-- why: The jump to the port's anti-spoofing chain is missing: the guest can take another's address, and
--   with it what others' rules grant to that.
-- fix: Restart the node's Open vSwitch agent, which writes the port's rules anew.
-- needs: iptables, ip6tables, neutron-ports
WITH egress AS MATERIALIZED (
  SELECT c.node, c.family, c.name, c.file, c.line,
    substr(c.name, length('neutron-openvswi-o') + 1) AS owner
  FROM iptables_chain c
  WHERE c.namespace = 'root' AND c.table_name = 'filter' AND c.rule_count > 0
    AND c.name LIKE 'neutron-openvswi-o%'
),
filtered AS MATERIALIZED (
  SELECT id, name, substr(id, 1, 10) AS owner FROM neutron_port
  WHERE coalesce(is_port_security_enabled, 1)
)
SELECT e.node || ' ' || coalesce(nullif(p.name, ''), p.id) AS subject,
  'no rule of ' || e.name || ' (IPv' || e.family || ') jumps to neutron-openvswi-s' || e.owner
    AS message,
  e.file, e.line
FROM egress e JOIN filtered p ON p.owner = e.owner
-- A port without an address of the family has no such chain.
WHERE EXISTS (
    SELECT 1 FROM neutron_fixed_ip f
    WHERE f.port = p.id AND (CASE WHEN instr(f.address, ':') > 0 THEN 6 ELSE 4 END) = e.family)
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.format IN ('iptables', 'ip6tables') AND g.node = e.node)
  AND NOT EXISTS (
    SELECT 1 FROM iptables_rule r
    WHERE r.node = e.node AND r.namespace = 'root' AND r.family = e.family
      AND r.table_name = 'filter' AND r.chain = e.name
      AND r.target = 'neutron-openvswi-s' || e.owner)
  -- A pair that covers every address switches it off on purpose.
  AND NOT EXISTS (
    SELECT 1 FROM neutron_address_pair a
    WHERE a.port = p.id AND a.prefix IN ('0.0.0.0/0', '::/0'))
ORDER BY 1;

/* test: the jump is gone
INSERT INTO neutron_port (id, name, is_port_security_enabled)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'web', 1);
INSERT INTO neutron_fixed_ip (port, address)
  VALUES ('01234567-89ab-cdef-0123-456789abcdef', '10.0.0.1');
INSERT INTO iptables_chain (node, table_name, family, name, rule_count) VALUES
  ('n1', 'filter', 4, 'neutron-openvswi-o01234567-8', 4),
  ('n1', 'filter', 6, 'neutron-openvswi-o01234567-8', 4);
INSERT INTO iptables_rule (node, table_name, chain, target)
  VALUES ('n1', 'filter', 'neutron-openvswi-o01234567-8', 'RETURN');
expect: n1 web
*/
/* test: there, or switched off
INSERT INTO neutron_port (id, name, is_port_security_enabled) VALUES
  ('01234567-89ab-cdef-0123-456789abcdef', 'web', 1),
  ('abcdef01-89ab-cdef-0123-456789abcdef', 'router', 0);
INSERT INTO neutron_fixed_ip (port, address) VALUES
  ('01234567-89ab-cdef-0123-456789abcdef', '10.0.0.1'),
  ('abcdef01-89ab-cdef-0123-456789abcdef', '10.0.0.2');
INSERT INTO iptables_chain (node, table_name, name, rule_count) VALUES
  ('n1', 'filter', 'neutron-openvswi-o01234567-8', 4),
  ('n1', 'filter', 'neutron-openvswi-oabcdef01-8', 1);
INSERT INTO iptables_rule (node, table_name, chain, target, is_jump)
  VALUES ('n1', 'filter', 'neutron-openvswi-o01234567-8', 'neutron-openvswi-s01234567-8', 1);
expect: nothing
*/
