-- title: A floating IP is alive on more than one node
-- severity: high
-- precision: certain
-- population: floating IPs: SELECT count(*) FROM neutron_floating_ip
-- why: Each of the nodes answers ARP for it. Which one the outside talks to changes with its caches,
--   and only one of them leads to the port.
-- fix: Remove the address or route from the node that does not belong to the port; if it comes back,
--   restart that node's L3 agent.
-- references: LP1796491, LP1740450
-- needs: neutron-floatingips, ip-addr, ip-route-4|ip-route
WITH holder AS (
  SELECT DISTINCT floating_ip, address, node, namespace, file, line
  FROM v_floating_ip_holder WHERE how IN ('address', 'route')
)
SELECT h.address AS subject,
  'is alive on ' || (
    SELECT group_concat(node, ' and ') FROM (
      SELECT DISTINCT x.node FROM holder x WHERE x.floating_ip = h.floating_ip ORDER BY 1))
    AS message,
  h.file, h.line
FROM holder h
WHERE (SELECT count(DISTINCT x.node) FROM holder x WHERE x.floating_ip = h.floating_ip) > 1
ORDER BY 1, 3, 4;

/* test: an address here, a route in a floating IP namespace there
INSERT INTO neutron_floating_ip (id, address) VALUES ('f', '192.0.2.10');
INSERT INTO address (node, namespace, interface, address) VALUES ('n1', 'qrouter-1', 'qg-1', '192.0.2.10');
INSERT INTO route (id, node, namespace, destination, type, protocol)
  VALUES (1, 'n2', 'fip-1', '192.0.2.10/32', 'unicast', 'boot');
expect: 192.0.2.10
*/
/* test: translated on both nodes of an HA router, alive on one
INSERT INTO neutron_floating_ip (id, address) VALUES ('f', '192.0.2.10');
INSERT INTO address (node, namespace, interface, address) VALUES ('n1', 'qrouter-1', 'qg-1', '192.0.2.10');
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, destination_prefix) VALUES
  ('n1', 'qrouter-1', 'nat', 'neutron-l3-agent-PREROUTING', 'DNAT', '192.0.2.10/32'),
  ('n2', 'qrouter-1', 'nat', 'neutron-l3-agent-PREROUTING', 'DNAT', '192.0.2.10/32');
expect: nothing
*/
