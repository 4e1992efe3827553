-- title: A floating IP is alive on no node
-- severity: high
-- precision: certain
-- population: floating IPs: SELECT count(*) FROM neutron_floating_ip
-- why: No node answers ARP for it: neither has a device its address, nor a floating IP namespace a
--   route to it.
-- fix: Restart the L3 agent of the node that should hold it, or disassociate it and associate it again.
-- needs: ip-addr, ip-route-4|ip-route, neutron-floatingips, neutron-ports
SELECT f.address AS subject,
  'leads to port ' || coalesce(nullif(p.name, ''), p.id) || ' on ' || p.host
    || ', and no node has its address or a route to it' AS message,
  f.file, f.line
FROM neutron_floating_ip f
JOIN neutron_port p ON p.id = f.port
WHERE EXISTS (SELECT 1 FROM v_router_node r WHERE r.router = f.router)
  AND EXISTS (SELECT 1 FROM v_host_node h WHERE h.host = p.host)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format IN ('ip-addr', 'ip-route-4', 'ip-route'))
  AND NOT EXISTS (
    SELECT 1 FROM v_floating_ip_holder h WHERE h.floating_ip = f.id AND h.how <> 'dnat')
ORDER BY 1;

/* test: only the translation is left
INSERT INTO neutron_router (id) VALUES ('r');
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
INSERT INTO neutron_port (id, host) VALUES ('p', 'n1');
INSERT INTO neutron_floating_ip (id, address, fixed_address, port, router)
  VALUES ('f', '192.0.2.10', '10.0.0.10', 'p', 'r');
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, destination_prefix, to_address)
  VALUES ('n1', 'qrouter-r', 'nat', 'neutron-l3-agent-PREROUTING', 'DNAT', '192.0.2.10/32', '10.0.0.10');
expect: 192.0.2.10
*/
/* test: an address on a device
INSERT INTO neutron_router (id) VALUES ('r');
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
INSERT INTO neutron_port (id, host) VALUES ('p', 'n1');
INSERT INTO neutron_floating_ip (id, address, fixed_address, port, router)
  VALUES ('f', '192.0.2.10', '10.0.0.10', 'p', 'r');
INSERT INTO address (node, namespace, interface, address) VALUES ('n1', 'qrouter-r', 'qg-1', '192.0.2.10');
expect: nothing
*/
