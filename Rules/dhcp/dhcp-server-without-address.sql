-- title: A DHCP server's device lacks its port's address
-- severity: high
-- precision: certain
-- population: DHCP servers that are asked for: SELECT count(*) FROM neutron_dhcp_agent
-- why: The server is there, and its device has no address in the network, or another one: it cannot
--   answer, and metadata for networks without a router goes with it.
-- fix: Restart the node's DHCP agent; openstack network agent remove network --dhcp AGENT NETWORK
--   and add network again serve one network anew.
-- needs: drift:dhcp-server, ip-addr, ip-link, ovsdb-dump, neutron-dhcp-agents|neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'dhcp-server' AND d.kind = 'different'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node
      AND g.format IN ('ip-addr', 'ip-link', 'ovsdb-dump'))
ORDER BY 1, 2, 3, 4;

/* test: no address
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dhcp-server', 'different', 'high', 'net', 'blue', 'n1', 'qdhcp-net tap1', '10.0.0.2', 'none');
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
  ('dhcp-server', 'different', 'high', 'net', 'blue', 'n1', 'qdhcp-net tap1', '10.0.0.2', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ip-addr', 'missing');
expect: unknown
*/
