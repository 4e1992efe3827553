-- title: A DHCP server runs that nobody asked for
-- severity: high
-- precision: likely
-- population: DHCP servers that are asked for: SELECT count(*) FROM neutron_dhcp_agent
-- why: The network was given to another agent, or DHCP was switched off for it, and this server was
--   not ended. It answers guests with what it knew then: refused leases, old addresses, old
--   options.
-- fix: Restart the node's DHCP agent; openstack network agent remove network --dhcp AGENT NETWORK
--   and add network again serve one network anew. kill the process if it stays.
-- false-positives: A network that was given to another agent while nodes were captured.
-- references: LP1811126, LP1849502
-- needs: drift:dhcp-server, ps, neutron-dhcp-agents|neutron-subnets, neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'dhcp-server' AND d.kind IN ('extra', 'twice', 'wrong-node')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'ps')
ORDER BY 1, 2, 3, 4;

/* test: on a node that has not got the network
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dhcp-server', 'wrong-node', 'high', 'net', 'blue', 'n1', 'qdhcp-net',
    'on n2', 'a dnsmasq process');
expect: n1 blue
*/
/* test: a server that does not run is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dhcp-server', 'missing', 'high', 'net', 'blue', 'n1', 'qdhcp-net',
    'scheduled on n1', 'no dnsmasq process');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('dhcp-server', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dhcp-server', 'wrong-node', 'high', 'net', 'blue', 'n1', 'qdhcp-net',
    'on n2', 'a dnsmasq process');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ps', 'missing');
expect: unknown
*/
