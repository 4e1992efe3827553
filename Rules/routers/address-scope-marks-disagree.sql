-- title: A router marks a network for one address scope and asks it for another
-- severity: medium
-- precision: certain
-- population: rules that ask for an address scope: SELECT count(*) FROM iptables_rule WHERE
--   table_name = 'filter' AND chain LIKE '%-scope'
-- why: A router marks what comes in with the device's address scope, and drops what leaves by a
--   device of another scope. When one device has two marks, its network reaches networks that it
--   must not, or not even those of its own scope.
-- fix: Restart the node's L3 agent, which writes the router's marks anew.
-- references: LP1895401, LP1549513
-- needs: iptables, ip6tables
WITH given AS (
  SELECT node, namespace, family, in_interface AS interface,
    substr(rule, instr(rule, '--set-xmark ') + 12, instr(substr(rule, instr(rule, '--set-xmark ')
      + 12) || ' ', ' ') - 1) AS mark
  FROM iptables_rule
  WHERE table_name = 'mangle' AND chain LIKE 'neutron-%-scope' AND in_interface IS NOT NULL
    AND target = 'MARK' AND rule LIKE '%--set-xmark %'
),
asked AS (
  SELECT node, namespace, family, out_interface AS interface,
    substr(rule, instr(rule, '--mark ') + 7, instr(substr(rule, instr(rule, '--mark ') + 7)
      || ' ', ' ') - 1) AS mark, file, line
  FROM iptables_rule
  WHERE table_name = 'filter' AND chain LIKE 'neutron-%-scope' AND out_interface IS NOT NULL
    AND target = 'DROP' AND rule LIKE '%! --mark %'
)
SELECT a.node || ' ' || a.namespace || ' ' || a.interface AS subject,
  'IPv' || a.family || ': what comes in gets mark ' || g.mark
    || ', what leaves must have ' || a.mark AS message,
  a.file, a.line
FROM asked a
JOIN given g ON g.node = a.node AND g.namespace = a.namespace AND g.family = a.family
  AND g.interface = a.interface
WHERE NOT EXISTS (
  SELECT 1 FROM given o
  WHERE o.node = a.node AND o.namespace = a.namespace AND o.family = a.family
    AND o.interface = a.interface AND o.mark = a.mark)
ORDER BY 1, 3, 4;

/* test: two marks
INSERT INTO iptables_rule
  (node, namespace, table_name, chain, target, in_interface, out_interface, rule) VALUES
  ('n1', 'qrouter-r', 'mangle', 'neutron-l3-agent-scope', 'MARK', 'qr-1', NULL,
    '-A neutron-l3-agent-scope -i qr-1 -j MARK --set-xmark 0x4010000/0xffff0000'),
  ('n1', 'qrouter-r', 'filter', 'neutron-l3-agent-scope', 'DROP', NULL, 'qr-1',
    '-A neutron-l3-agent-scope -o qr-1 -m mark ! --mark 0x4000000/0xffff0000 -j DROP');
expect: n1 qrouter-r qr-1
*/
/* test: one mark, and another device
INSERT INTO iptables_rule
  (node, namespace, table_name, chain, target, in_interface, out_interface, rule) VALUES
  ('n1', 'qrouter-r', 'mangle', 'neutron-l3-agent-scope', 'MARK', 'qr-1', NULL,
    '-A neutron-l3-agent-scope -i qr-1 -j MARK --set-xmark 0x4000000/0xffff0000'),
  ('n1', 'qrouter-r', 'filter', 'neutron-l3-agent-scope', 'DROP', NULL, 'qr-1',
    '-A neutron-l3-agent-scope -o qr-1 -m mark ! --mark 0x4000000/0xffff0000 -j DROP'),
  ('n1', 'qrouter-r', 'mangle', 'neutron-l3-agent-scope', 'MARK', 'qr-2', NULL,
    '-A neutron-l3-agent-scope -i qr-2 -j MARK --set-xmark 0x4010000/0xffff0000');
expect: nothing
*/
