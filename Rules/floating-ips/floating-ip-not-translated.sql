-- title: A floating IP has no translation to its port
-- severity: high
-- precision: certain
-- population: floating IPs: SELECT count(*) FROM neutron_floating_ip
-- why: Packets to the floating IP reach the router and end there: no DNAT rule turns them to the port.
-- fix: Restart the L3 agent of the node that holds the floating IP, or disassociate it and associate
--   it again.
-- needs: iptables, neutron-floatingips, neutron-ports
WITH translation AS MATERIALIZED (
  SELECT t.destination_prefix, t.to_address FROM iptables_rule t
  WHERE t.target = 'DNAT' AND t.chain LIKE '%PREROUTING'
),
host AS MATERIALIZED (SELECT DISTINCT host FROM v_host_node)
SELECT f.address AS subject,
  'no DNAT rule to ' || f.fixed_address || ' of port ' || coalesce(nullif(p.name, ''), p.id)
    || ' on any node' AS message,
  f.file, f.line
FROM neutron_floating_ip f
JOIN neutron_port p ON p.id = f.port
WHERE f.fixed_address IS NOT NULL
  -- Only where the router's namespaces were captured at all.
  AND EXISTS (SELECT 1 FROM v_router_node r WHERE r.router = f.router)
  AND p.host IN (SELECT host FROM host)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'iptables')
  AND (f.address || '/32', f.fixed_address) NOT IN (
    SELECT destination_prefix, to_address FROM translation
    WHERE destination_prefix IS NOT NULL AND to_address IS NOT NULL)
ORDER BY 1;

/* test: the rule is gone, and a rule to another address
INSERT INTO neutron_router (id) VALUES ('r');
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
INSERT INTO neutron_port (id, host) VALUES ('p', 'n1'), ('q', 'n1');
INSERT INTO neutron_floating_ip (id, address, fixed_address, port, router)
  VALUES ('f', '192.0.2.10', '10.0.0.10', 'p', 'r'), ('g', '192.0.2.11', '10.0.0.11', 'q', 'r');
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, destination_prefix, to_address)
  VALUES ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-PREROUTING', 'DNAT', '192.0.2.11/32', '10.0.0.99');
expect: 192.0.2.10
expect: 192.0.2.11
*/
/* test: translated, free, or on nodes that were not captured
INSERT INTO neutron_router (id) VALUES ('r');
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
INSERT INTO neutron_port (id, host) VALUES ('p', 'n1'), ('q', 'elsewhere');
INSERT INTO neutron_floating_ip (id, address, fixed_address, port, router) VALUES
  ('f', '192.0.2.10', '10.0.0.10', 'p', 'r'), ('g', '192.0.2.11', NULL, NULL, NULL),
  ('h', '192.0.2.12', '10.0.0.12', 'q', 'r');
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, destination_prefix, to_address)
  VALUES ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-PREROUTING', 'DNAT', '192.0.2.10/32', '10.0.0.10');
expect: nothing
*/
