-- title: A NAT rule for outgoing packets asks where they came in
-- severity: high
-- precision: certain
-- population: rules of NAT after routing: SELECT count(*) FROM iptables_rule WHERE table_name =
--   'nat' AND chain LIKE '%POSTROUTING'
-- why: After routing a packet has no input device to ask for. Where iptables is nftables below, the
--   condition does not hold as it was meant, and traffic between the router's own networks gets the
--   router's address.
-- fix: Upgrade the L3 agent; restarting it writes the rules of its own release anew.
-- references: LP1834825
-- needs: iptables
SELECT t.node || ' ' || t.namespace AS subject, '"' || t.rule || '"' AS message, t.file, t.line
FROM iptables_rule t
WHERE t.table_name = 'nat' AND t.chain LIKE 'neutron-%POSTROUTING'
  AND (t.namespace LIKE 'qrouter-%' OR t.namespace LIKE 'snat-%')
  AND (t.rule LIKE '% -i %' OR t.rule LIKE '% --in-interface %')
ORDER BY 1, 3, 4;

/* test: the input device
INSERT INTO iptables_rule (node, namespace, table_name, chain, rule) VALUES
  ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-POSTROUTING',
    '-A neutron-l3-agent-POSTROUTING ! -i qg-1 ! -o qg-1 -m conntrack ! --ctstate DNAT -j ACCEPT');
expect: n1 qrouter-r
*/
/* test: the output device only, and a rule before routing
INSERT INTO iptables_rule (node, namespace, table_name, chain, rule) VALUES
  ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-POSTROUTING',
    '-A neutron-l3-agent-POSTROUTING ! -o qg-1 -m conntrack ! --ctstate DNAT -j ACCEPT'),
  ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-PREROUTING',
    '-A neutron-l3-agent-PREROUTING -d 169.254.169.254/32 -i qr-+ -j REDIRECT');
expect: nothing
*/
