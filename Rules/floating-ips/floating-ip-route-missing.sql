-- title: A floating IP namespace has no route to a floating IP
-- severity: high
-- precision: certain
-- population: floating IPs: SELECT count(*) FROM neutron_floating_ip
-- why: The namespace's gateway device answers ARP for what the namespace has a route to. Without
--   the route nobody answers for the floating IP, and what comes for it is not led to its router.
-- fix: Restart the L3 agent of the node named. Disassociating the floating IP and associating it
--   again writes its route anew.
-- references: LP1894843
-- needs: drift:floating-route, ip-route-4|ip-route, neutron-floatingips, neutron-routers,
--   neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'floating-route' AND d.kind IN ('missing', 'different')
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('ip-route-4', 'ip-route'))
ORDER BY 1, 2, 3, 4;

/* test: no route
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-route', 'missing', 'high', 'f', '192.0.2.10', 'n1', 'fip-x',
    '192.0.2.10/32 to router r', 'none');
expect: n1 192.0.2.10
*/
/* test: a route too many is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-route', 'extra', 'high', 'f', '192.0.2.10', 'n1', 'fip-x',
    'no such floating IP is associated', '192.0.2.10/32');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('floating-route', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('floating-route', 'missing', 'high', 'f', '192.0.2.10', 'n1', 'fip-x',
    '192.0.2.10/32 to router r', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ip-route-4', 'missing');
expect: unknown
*/
