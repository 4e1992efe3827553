-- title: A port's packets do not get to the port's packet filter
-- severity: critical
-- precision: certain
-- population: filtered ports: SELECT count(*) FROM neutron_port WHERE is_port_security_enabled
-- why: Neutron has port security on for the port, and the node has no chain or flow that leads its
--   packets into a filter: everything gets in and out, and the guest may send from any address.
-- fix: Restart the node's Open vSwitch agent. If the port stays unfiltered, compare firewall_driver
--   of the agent with the way the port is plugged.
-- references: F-02, F-22, F-67, LP1912651, LP1560957
-- needs: drift:security-chain, openflow-flows|iptables, openflow-flows|ip6tables, ovsdb-dump,
--   neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'security-chain' AND d.kind IN ('missing', 'different') AND d.severity = 'critical'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node
      AND g.format IN ('openflow-flows', 'ovsdb-dump', 'iptables', 'ip6tables'))
  -- An agent on a node without IPv6 makes no filter for it.
  AND NOT (d.place LIKE 'IPv6%' AND EXISTS (
    SELECT 1 FROM sysctl s
    WHERE s.node = d.node AND s.namespace = 'root' AND s.value = '1'
      AND s.name IN ('net.ipv6.conf.all.disable_ipv6', 'net.ipv6.conf.default.disable_ipv6')))
ORDER BY 1, 2, 3, 4;

/* test: no flow, no chain
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-chain', 'missing', 'critical', 'p', 'web', 'n1', 'br-int table 60',
    'table 71: port security is on', 'none'),
  ('security-chain', 'missing', 'critical', 'q', 'db', 'n1', 'IPv6',
    'a filter', 'no chain of Neutron''s');
expect: n1 web
expect: n1 db
*/
/* test: an unfiltered port that is filtered denies, and admits nobody
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-chain', 'different', 'medium', 'p', 'web', 'n1', 'br-int table 60',
    'table 73: port security is off', 'resubmit(,71)');
expect: nothing
*/
/* test: a node without IPv6
INSERT INTO sysctl (node, name, value) VALUES ('n1', 'net.ipv6.conf.default.disable_ipv6', '1');
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-chain', 'missing', 'critical', 'q', 'db', 'n1', 'IPv6', 'a filter', 'no chain');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('security-chain', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('security-chain', 'missing', 'critical', 'p', 'web', 'n1', 'br-int table 60',
    'table 71: port security is on', 'none'),
  ('security-chain', 'missing', 'critical', 'q', 'db', 'n1', 'IPv6',
    'a filter', 'no chain of Neutron''s');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'openflow-flows', 'missing');
expect: unknown
*/
