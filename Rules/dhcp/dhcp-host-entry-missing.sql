-- title: A DHCP server does not know a port
-- severity: high
-- precision: likely
-- population: entries of DHCP servers: SELECT count(*) FROM dhcp_host
-- why: The server gives addresses to those of its host file only. A port that is missing there, or
--   stands with another address, gets no answer or a wrong one.
-- fix: Restart the node's DHCP agent; openstack network agent remove network --dhcp AGENT NETWORK
--   and add network again serve one network anew.
-- false-positives: A port that was made while nodes were captured.
-- references: LP1645835, LP1864675
-- needs: drift:dhcp-host, dnsmasq-host|neutron-ports, neutron-dhcp-agents|neutron-subnets,
--   neutron-networks
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'dhcp-host' AND d.kind IN ('missing', 'different')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'dnsmasq-host')
ORDER BY 1, 2, 3, 4;

/* test: no entry
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dhcp-host', 'missing', 'high', 'p', 'web', 'n1', 'dnsmasq of network blue',
    'fa:16:3e:00:00:01 gets 10.0.0.1', 'none');
expect: n1 web
*/
/* test: an entry for nobody is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dhcp-host', 'extra', 'medium', 'net', 'blue', 'n1', 'dnsmasq of network blue',
    'no such port', 'fa:16:3e:00:00:09 gets 10.0.0.9');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('dhcp-host', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('dhcp-host', 'missing', 'high', 'p', 'web', 'n1', 'dnsmasq of network blue',
    'fa:16:3e:00:00:01 gets 10.0.0.1', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'dnsmasq-host', 'missing');
expect: unknown
*/
