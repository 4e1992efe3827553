-- title: The way through a floating IP namespace is interrupted
-- severity: high
-- precision: certain
-- population: floating IP namespaces: SELECT count(*) FROM namespace WHERE name LIKE 'fip-%'
-- why: On nodes with distributed routers all floating IPs go through one namespace: by a pair of
--   devices from the router, and by a gateway device to the outside. One that is missing, down,
--   without its address or without its route cuts all floating IPs of the router, or of the node,
--   off.
-- fix: Restart the L3 agent of the node named.
-- references: LP1776984, LP1894843, LP1778643
-- needs: drift:floating-namespace, ip-link, ip-addr, ip-rule-4, ip-route-4|ip-route,
--   neutron-floatingips, neutron-routers, neutron-ports
SELECT d.node || ' ' || d.place AS subject,
  coalesce(d.object_kind || ' ', '') || coalesce(nullif(d.name, ''), d.object) || ': wanted '
    || d.wanted || ', found ' || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'floating-namespace' AND d.wanted NOT LIKE 'a default route to the fip namespace%'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node
      AND g.format IN ('ip-link', 'ip-addr', 'ip-rule-4', 'ip-route-4', 'ip-route'))
ORDER BY 1, 2, 3, 4;

/* test: a device that is down
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-namespace', 'different', 'high', 'r', 'router', 'n1', 'qrouter-r rfp-1',
    'up', 'down');
expect: n1 qrouter-r rfp-1
*/
/* test: one floating IP's way there is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-namespace', 'missing', 'high', 'g', '192.0.2.11', 'n1', 'qrouter-r',
    'a default route to the fip namespace in table 16', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('floating-namespace', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-namespace', 'different', 'high', 'r', 'router', 'n1', 'qrouter-r rfp-1',
    'up', 'down');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ip-link', 'missing');
expect: unknown
*/
