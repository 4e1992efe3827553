-- title: A port behind a floating IP is not led to its floating IP's way out
-- severity: high
-- precision: certain
-- population: floating IPs: SELECT count(*) FROM neutron_floating_ip
-- why: On nodes with distributed routers, a routing rule for each fixed address leads what the port
--   sends to the floating IP namespace. Without it, or without its table's default route, the port
--   leaves by the central source NAT: with another address, and answers to its floating IP get
--   lost.
-- fix: Restart the L3 agent of the node named. Disassociating the floating IP and associating it
--   again writes its rule anew.
-- references: LP1891673, LP1929821
-- needs: drift:floating-rule, drift:floating-namespace, ip-link, ip-addr, ip-rule-4,
--   ip-route-4|ip-route, neutron-floatingips, neutron-routers, neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code IN ('floating-rule', 'floating-namespace')
  AND (d.code = 'floating-rule' AND d.kind = 'missing'
    OR d.kind = 'missing' AND d.wanted LIKE 'a default route to the fip namespace%')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node
      AND g.format IN ('ip-link', 'ip-addr', 'ip-rule-4', 'ip-route-4', 'ip-route'))
ORDER BY 1, 2, 3, 4;

/* test: no rule, and a rule to a table without default route
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-rule', 'missing', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r',
    'from 10.0.0.1 lookup 16', 'none'),
  ('floating-namespace', 'missing', 'high', 'g', '192.0.2.11', 'n1', 'qrouter-r',
    'a default route to the fip namespace in table 16', 'none');
expect: n1 192.0.2.10
expect: n1 192.0.2.11
*/
/* test: a rule too many, and another part of the namespace
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-rule', 'extra', 'medium', 'r', 'router', 'n1', 'qrouter-r',
    'no floating IP of 10.0.0.9 here', 'from 10.0.0.9 lookup 16'),
  ('floating-namespace', 'different', 'high', 'p', 'gateway', 'n1', 'fip-x fg-1', 'up', 'down');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('floating-rule', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-rule', 'missing', 'high', 'f', '192.0.2.10', 'n1', 'qrouter-r',
    'from 10.0.0.1 lookup 16', 'none'),
  ('floating-namespace', 'missing', 'high', 'g', '192.0.2.11', 'n1', 'qrouter-r',
    'a default route to the fip namespace in table 16', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ip-link', 'missing');
expect: unknown
*/
