-- title: A node that serves a floating IP translates one way, or not at all
-- severity: high
-- precision: certain
-- population: floating IPs: SELECT count(*) FROM neutron_floating_ip
-- why: A floating IP is two rules in the router's namespace: one that turns what comes for it to the
--   port, and one that gives what the port sends its address. Of an HA router each node has them:
--   where one lacks them, the address is dead as soon as that node is active. Without the second
--   rule answers leave with an address that the far end did not ask.
-- fix: Restart the L3 agent of the node named, which writes the router's NAT rules anew.
-- needs: drift:floating-dnat, drift:floating-snat, iptables, neutron-floatingips, neutron-routers
WITH translation AS MATERIALIZED (
  SELECT t.destination_prefix, t.to_address FROM iptables_rule t
  WHERE t.target = 'DNAT' AND t.chain LIKE '%PREROUTING'
)
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  d.place || ': wanted ' || d.wanted || ', found ' || d.found AS message, d.file, d.line
FROM drift d
WHERE d.code IN ('floating-dnat', 'floating-snat') AND d.kind IN ('missing', 'different')
  -- That nobody has it, and that it is another's address, are findings of their own.
  AND (d.code = 'floating-snat' AND d.kind = 'missing' OR d.code = 'floating-dnat' AND EXISTS (
    SELECT 1 FROM neutron_floating_ip f
    JOIN translation t ON t.destination_prefix = f.address || '/32'
      AND t.to_address = f.fixed_address
    WHERE f.id = d.object))
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'iptables')
  -- Legacy tables alone look like a node without rules.
  AND EXISTS (
    SELECT 1 FROM capture_file c WHERE c.node = d.node AND c.format = 'iptables')
ORDER BY 1, 2, 3, 4;

/* test: one of an HA router's nodes
INSERT INTO neutron_floating_ip (id, address, fixed_address, router)
  VALUES ('f', '192.0.2.10', '10.0.0.1', 'r');
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, destination_prefix, to_address)
  VALUES ('n2', 'qrouter-r', 'nat', 'neutron-l3-agent-PREROUTING', 'DNAT', '192.0.2.10/32',
    '10.0.0.1');
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-dnat', 'missing', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r',
    '192.0.2.10 to 10.0.0.1', 'none');
expect: n1 192.0.2.10
*/
/* test: the way out alone
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-snat', 'missing', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r',
    '10.0.0.1 as 192.0.2.10', 'none');
expect: n1 192.0.2.10
*/
/* test: on no node, another's address, left over: findings of their own
INSERT INTO neutron_floating_ip (id, address, fixed_address, router)
  VALUES ('f', '192.0.2.10', '10.0.0.1', 'r');
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-dnat', 'missing', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r',
    '192.0.2.10 to 10.0.0.1', 'none'),
  ('floating-snat', 'different', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r',
    '10.0.0.1 as 192.0.2.10', 'as 192.0.2.11'),
  ('floating-dnat', 'extra', 'medium', 'f', '192.0.2.10', 'n1', 'qrouter-r', 'not associated',
    '192.0.2.10 to 10.0.0.1');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('floating-dnat', 'n1', 'not captured');
expect: unknown
*/
