-- title: Neutron's rules stand in both back ends of iptables
-- severity: high
-- precision: certain
-- population: nodes: SELECT count(*) FROM node
-- why: The kernel runs both rule sets, each without knowing of the other. Agents write to one of them:
--   the other's rules are what was true when the node was switched over, and still drop and translate.
-- fix: Move the node to one back end (update-alternatives --config iptables), flush the other's
--   tables, restart the agents.
-- needs: iptables, ip6tables, iptables-legacy
SELECT a.node || ' ' || a.namespace AS subject,
  'chains of Neutron in nftables and in legacy iptables, for IPv' || a.family AS message,
  b.file, min(b.line) AS line
FROM iptables_chain a JOIN iptables_chain b
  ON b.node = a.node AND b.namespace = a.namespace AND b.family = a.family
WHERE a.backend = 'nft' AND b.backend = 'legacy'
  AND a.name LIKE 'neutron-%' AND b.name LIKE 'neutron-%'
  AND a.rule_count > 0 AND b.rule_count > 0
GROUP BY a.node, a.namespace, a.family, b.file
ORDER BY 1;

/* test: both are filled
INSERT INTO iptables_chain (node, namespace, family, backend, name, rule_count) VALUES
  ('n1', 'root', 4, 'nft', 'neutron-openvswi-INPUT', 1),
  ('n1', 'root', 4, 'legacy', 'neutron-openvswi-FORWARD', 2);
expect: n1 root
*/
/* test: one back end a family, and one a namespace
INSERT INTO iptables_chain (node, namespace, family, backend, name, rule_count) VALUES
  ('n1', 'root', 4, 'nft', 'neutron-openvswi-INPUT', 1),
  ('n1', 'root', 6, 'legacy', 'neutron-openvswi-INPUT', 1),
  ('n1', 'qrouter-1', 4, 'legacy', 'neutron-l3-agent-INPUT', 1),
  ('n1', 'root', 4, 'legacy', 'INPUT', 1);
expect: nothing
*/
