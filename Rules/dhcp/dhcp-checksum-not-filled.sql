-- title: Answers of a DHCP server leave without a checksum
-- severity: medium
-- precision: certain
-- population: namespaces of DHCP servers: SELECT count(*) FROM namespace WHERE name LIKE 'qdhcp-%'
-- why: The kernel leaves checksums to the device, and a guest on the same node gets the packet
--   without one. A rule of the agent's fills it in: without the rule, DHCP clients that check it
--   drop the offers.
-- fix: Restart the node's DHCP agent; openstack network agent remove network --dhcp AGENT NETWORK
--   and add network again serve one network anew.
-- references: LP1244589
-- needs: iptables
SELECT c.node || ' ' || c.namespace AS subject,
  'no rule of ' || c.name || ' fills in the checksum of what goes to port 68' AS message,
  c.file, c.line
FROM iptables_chain c
WHERE c.namespace LIKE 'qdhcp-%' AND c.family = 4 AND c.table_name = 'mangle'
  AND c.name LIKE 'neutron-dhcp-%POSTROUTING'
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.node = c.node AND g.format = 'iptables')
  -- A line that could not be read may have been it.
  AND NOT EXISTS (
    SELECT 1 FROM diagnostic d WHERE d.file = c.file AND d.severity <> 'note')
  AND NOT EXISTS (
    SELECT 1 FROM iptables_rule r
    WHERE r.node = c.node AND r.namespace = c.namespace AND r.table_name = 'mangle'
      AND r.target = 'CHECKSUM' AND r.rule LIKE '%--dport 68 %')
ORDER BY 1;

/* test: the rule is gone
INSERT INTO iptables_chain (node, namespace, family, table_name, name)
  VALUES ('n1', 'qdhcp-net', 4, 'mangle', 'neutron-dhcp-age-POSTROUTING');
expect: n1 qdhcp-net
*/
/* test: there, and a namespace whose rules were not captured
INSERT INTO namespace (node, name) VALUES ('n2', 'qdhcp-net');
INSERT INTO iptables_chain (node, namespace, family, table_name, name)
  VALUES ('n1', 'qdhcp-net', 4, 'mangle', 'neutron-dhcp-age-POSTROUTING');
INSERT INTO iptables_rule (node, namespace, table_name, chain, target, rule) VALUES
  ('n1', 'qdhcp-net', 'mangle', 'neutron-dhcp-age-POSTROUTING', 'CHECKSUM',
    '-A neutron-dhcp-age-POSTROUTING -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill');
expect: nothing
*/
