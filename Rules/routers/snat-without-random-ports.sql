-- title: A router's source NAT chooses ports in the old way
-- severity: medium
-- precision: likely
-- population: rules of source NAT: SELECT count(*) FROM iptables_rule WHERE target = 'SNAT'
-- why: Without random ports, two connections that start at once may be given the same port, and the
--   kernel drops one of them. Other rules of this node's agent have --random-fully: this one was
--   left by an earlier run, or made by hand.
-- fix: Restart the node's L3 agent, which writes the router's NAT rules anew.
-- false-positives: A change of use_random_fully that the agent has applied to new routers only.
-- references: LP1814002, LP2018599
-- needs: iptables
WITH snat AS (
  SELECT node, namespace, rule, rule LIKE '%--random-fully%' AS is_random, file, line
  FROM iptables_rule
  WHERE target = 'SNAT' AND table_name = 'nat' AND chain LIKE 'neutron-l3-agent-%'
    AND (namespace LIKE 'qrouter-%' OR namespace LIKE 'snat-%')
)
SELECT s.node || ' ' || s.namespace AS subject,
  '"' || s.rule || '" lacks --random-fully' AS message,
  s.file, s.line
FROM snat s
WHERE NOT s.is_random
  AND EXISTS (SELECT 1 FROM snat o WHERE o.node = s.node AND o.is_random)
ORDER BY 1, 3, 4;

/* test: one with, one without
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, rule) VALUES
  ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-snat', 'SNAT',
    '-A neutron-l3-agent-snat -o qg-1 -j SNAT --to-source 192.0.2.1'),
  ('n1', 'qrouter-s', 'nat', 'neutron-l3-agent-snat', 'SNAT',
    '-A neutron-l3-agent-snat -o qg-2 -j SNAT --to-source 192.0.2.2 --random-fully');
expect: n1 qrouter-r
*/
/* test: a node whose iptables or configuration has it nowhere
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, rule) VALUES
  ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-snat', 'SNAT',
    '-A neutron-l3-agent-snat -o qg-1 -j SNAT --to-source 192.0.2.1'),
  ('n2', 'qrouter-s', 'nat', 'neutron-l3-agent-snat', 'SNAT',
    '-A neutron-l3-agent-snat -o qg-2 -j SNAT --to-source 192.0.2.2 --random-fully');
expect: nothing
*/
