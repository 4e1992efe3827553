-- title: A forwarded port of a floating IP leads nowhere or to another place
-- severity: high
-- precision: certain
-- population: port forwardings: SELECT count(*) FROM neutron_port_forwarding
-- why: Each forwarding is a rule of DNAT in a chain of its own. Without it, or with another target,
--   what comes for the floating IP's port ends in the router or gets to another guest; a rule that
--   nobody asked for opens one.
-- fix: openstack floating ip port forwarding set with the same values writes the rule anew; else
--   restart the L3 agent of the node named.
-- references: LP1896735, LP1917393
-- needs: drift:port-forwarding, iptables, neutron-floatingips, neutron-routers
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'port-forwarding' AND d.kind IN ('missing', 'different', 'extra')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'iptables')
  -- Legacy tables alone look like a node without rules.
  AND EXISTS (
    SELECT 1 FROM capture_file c WHERE c.node = d.node AND c.format = 'iptables')
ORDER BY 1, 2, 3, 4;

/* test: no rule
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-forwarding', 'missing', 'high', 'pf', 'tcp 192.0.2.10:2222', 'n1', 'qrouter-r',
    'to 10.0.0.1:22', 'none');
expect: n1 tcp 192.0.2.10:2222
*/
/* test: a floating IP's own rule is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-dnat', 'missing', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r',
    '192.0.2.10 to 10.0.0.1', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('port-forwarding', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('port-forwarding', 'missing', 'high', 'pf', 'tcp 192.0.2.10:2222', 'n1', 'qrouter-r',
    'to 10.0.0.1:22', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'iptables', 'missing');
expect: unknown
*/
