-- title: A port behind a floating IP goes out with another address
-- severity: high
-- precision: certain
-- population: floating IPs: SELECT count(*) FROM neutron_floating_ip
-- why: What the port sends carries an address that is not its floating IP: the far end sees, logs and
--   trusts somebody else.
-- fix: Restart the L3 agent of the node named, which writes the router's NAT rules anew.
-- needs: iptables, neutron-floatingips
WITH translation AS MATERIALIZED (
  SELECT t.node, t.namespace, t.source_prefix, t.to_address, t.file, t.line FROM iptables_rule t
  WHERE t.target = 'SNAT' AND t.source_prefix IS NOT NULL
)
SELECT t.node || ' ' || f.address AS subject,
  'packets of ' || f.fixed_address || ' leave as ' || t.to_address || ', not as ' || f.address
    AS message,
  t.file, t.line
FROM neutron_floating_ip f
JOIN translation t ON t.source_prefix = f.fixed_address || '/32'
  AND t.namespace IN ('qrouter-' || f.router, 'snat-' || f.router)
WHERE t.to_address <> f.address
  -- A fixed address may have several floating IPs.
  AND NOT EXISTS (
    SELECT 1 FROM neutron_floating_ip o
    WHERE o.router = f.router AND o.fixed_address = f.fixed_address AND o.address = t.to_address)
ORDER BY 1;

/* test: the source is another floating IP
INSERT INTO neutron_floating_ip (id, address, fixed_address, port, router)
  VALUES ('f', '192.0.2.10', '10.0.0.10', 'p', 'r');
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, source_prefix, to_address)
  VALUES ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-float-snat', 'SNAT', '10.0.0.10/32', '192.0.2.99');
expect: n1 192.0.2.10
*/
/* test: its own, and another router's of the same private address
INSERT INTO neutron_floating_ip (id, address, fixed_address, port, router)
  VALUES ('f', '192.0.2.10', '10.0.0.10', 'p', 'r'), ('g', '192.0.2.11', '10.0.0.10', 'q', 's');
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, source_prefix, to_address) VALUES
  ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-float-snat', 'SNAT', '10.0.0.10/32', '192.0.2.10'),
  ('n1', 'qrouter-s', 'nat', 'neutron-l3-agent-float-snat', 'SNAT', '10.0.0.10/32', '192.0.2.11');
expect: nothing
*/
