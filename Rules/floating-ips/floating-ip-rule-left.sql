-- title: A routing rule for a floating IP stands twice or for nobody
-- severity: medium
-- precision: certain
-- population: rules for floating IPs: SELECT count(*) FROM routing_rule WHERE routing_table = '16'
-- why: The rule leads what a fixed address sends to the floating IP namespace. Left behind, it
--   takes a port without a floating IP out of its way through the central source NAT; doubled, one
--   stays when the other is removed.
-- fix: ip rule del with the rule's priority in the namespace named, or restart the node's L3 agent.
-- references: LP1891673
-- needs: drift:floating-rule, ip-rule-4, neutron-floatingips, neutron-routers, neutron-ports
WITH twice AS (
  SELECT node, namespace, source FROM routing_rule
  WHERE routing_table = '16' AND family = 4 AND source LIKE '%/32'
    AND namespace LIKE 'qrouter-%' AND action = 'lookup'
    AND input_interface IS NULL AND mark IS NULL AND destination IS NULL
  GROUP BY node, namespace, source HAVING count(*) > 1
)
SELECT r.node || ' ' || r.namespace AS subject,
  'rules of several priorities lead ' || r.source || ' to table 16' AS message, r.file, r.line
FROM twice t
JOIN routing_rule r ON r.node = t.node AND r.namespace = t.namespace AND r.source = t.source
  AND r.routing_table = '16'
UNION ALL
SELECT d.node || ' ' || d.place, 'wanted ' || d.wanted || ', found ' || d.found, d.file, d.line
FROM drift d
WHERE d.code = 'floating-rule' AND d.kind = 'extra'
ORDER BY 1, 2, 3, 4;

/* test: doubled, and for nobody
INSERT INTO routing_rule (node, namespace, priority, source, action, routing_table) VALUES
  ('n1', 'qrouter-r', 40000, '10.0.0.1/32', 'lookup', '16'),
  ('n1', 'qrouter-r', 50000, '10.0.0.1/32', 'lookup', '16');
INSERT INTO drift (code, kind, node, place, wanted, found) VALUES
  ('floating-rule', 'extra', 'n1', 'qrouter-s', 'no floating IP of 10.0.0.9 here', 'lookup 16');
expect: n1 qrouter-r
expect: n1 qrouter-s
*/
/* test: one each, also of one address in two routers
INSERT INTO routing_rule (node, namespace, priority, source, action, routing_table) VALUES
  ('n1', 'qrouter-r', 40000, '10.0.0.1/32', 'lookup', '16'),
  ('n1', 'qrouter-r', 50000, '10.0.0.2/32', 'lookup', '16'),
  ('n1', 'qrouter-s', 40000, '10.0.0.1/32', 'lookup', '16');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('floating-rule', 'n1', 'not captured');
expect: unknown
*/
