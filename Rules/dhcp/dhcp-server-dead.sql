-- title: A network's DHCP server does not run
-- severity: high
-- precision: certain
-- population: DHCP servers that are asked for: SELECT count(*) FROM neutron_dhcp_agent
-- why: New guests get no address, running ones lose theirs when the lease ends; on networks without a
--   router, metadata goes too.
-- fix: Restart the DHCP agent on the node; its log says why dnsmasq ended.
-- needs: ps, neutron-dhcp-agents, neutron-subnets
SELECT h.node || ' ' || coalesce(nullif(n.name, ''), d.network) AS subject,
  'no dnsmasq runs for the network, which Neutron gave to this node''s DHCP agent' AS message,
  d.file, d.line
FROM neutron_dhcp_agent d
JOIN v_host_node h ON h.host = d.host
LEFT JOIN neutron_network n ON n.id = d.network
WHERE EXISTS (SELECT 1 FROM neutron_subnet s WHERE s.network = d.network AND s.is_dhcp_enabled)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'ps' AND g.node = h.node)
  AND NOT EXISTS (
    SELECT 1 FROM process p
    WHERE p.node = h.node AND p.arguments LIKE '%dnsmasq%' AND instr(p.arguments, d.network) > 0)
ORDER BY 1;

/* test: scheduled and not running
INSERT INTO neutron_subnet (id, network, is_dhcp_enabled) VALUES ('s', 'net', 1);
INSERT INTO neutron_agent (id, host) VALUES ('a', 'n1');
INSERT INTO neutron_dhcp_agent (network, agent, host) VALUES ('net', 'a', 'n1');
INSERT INTO process (node, pid, arguments) VALUES ('n1', 7, 'dnsmasq --pid-file=/run/dhcp/other/pid');
expect: n1 net
*/
/* test: running, or without DHCP
INSERT INTO neutron_subnet (id, network, is_dhcp_enabled) VALUES ('s', 'net', 1), ('t', 'quiet', 0);
INSERT INTO neutron_agent (id, host) VALUES ('a', 'n1');
INSERT INTO neutron_dhcp_agent (network, agent, host) VALUES ('net', 'a', 'n1'), ('quiet', 'a', 'n1');
INSERT INTO process (node, pid, arguments) VALUES ('n1', 7, 'dnsmasq --pid-file=/run/dhcp/net/pid');
expect: nothing
*/
