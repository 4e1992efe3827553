-- title: A DHCP server keeps an address for nobody
-- severity: medium
-- precision: likely
-- population: entries of DHCP servers: SELECT count(*) FROM dhcp_host
-- why: The port is gone and its entry stayed. A new port that gets the address may be refused it,
--   because the server holds it for the old MAC address.
-- fix: Restart the node's DHCP agent; openstack network agent remove network --dhcp AGENT NETWORK
--   and add network again serve one network anew.
-- false-positives: A port that was deleted between the capture of Neutron's answers and that of the
--   node.
-- references: LP1645835
-- needs: drift:dhcp-host, dnsmasq-host|neutron-ports, neutron-dhcp-agents|neutron-subnets,
--   neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'dhcp-host' AND d.kind = 'extra'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'dnsmasq-host')
ORDER BY 1, 2, 3, 4;

/* test: nobody's entry
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dhcp-host', 'extra', 'medium', 'net', 'blue', 'n1', 'dnsmasq of network blue',
    'no such port', 'fa:16:3e:00:00:09 gets 10.0.0.9');
expect: n1 blue
*/
/* test: a missing entry is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dhcp-host', 'missing', 'high', 'p', 'web', 'n1', 'dnsmasq of network blue',
    'fa:16:3e:00:00:01 gets 10.0.0.1', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('dhcp-host', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dhcp-host', 'extra', 'medium', 'net', 'blue', 'n1', 'dnsmasq of network blue',
    'no such port', 'fa:16:3e:00:00:09 gets 10.0.0.9');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'dnsmasq-host', 'missing');
expect: unknown
*/
