-- title: A router does not lead metadata requests to its proxy
-- severity: high
-- precision: certain
-- population: routers: SELECT count(*) FROM neutron_router
-- why: A rule of NAT turns what guests send to 169.254.169.254 to the proxy in the router's
--   namespace. Without it the requests go out by the gateway or nowhere: new servers start without
--   keys, names and user data.
-- fix: Restart the L3 agent of the node named.
-- references: LP2052787
-- needs: drift:metadata-redirect, iptables, neutron-routers
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'metadata-redirect' AND d.kind = 'missing'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format = 'iptables')
  -- Legacy tables alone look like a node without rules.
  AND EXISTS (
    SELECT 1 FROM capture_file c WHERE c.node = d.node AND c.format = 'iptables')
ORDER BY 1, 2, 3, 4;

/* test: no rule
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('metadata-redirect', 'missing', 'high', 'r', 'edge', 'n1', 'qrouter-r',
    '169.254.169.254 port 80 to the proxy', 'none');
expect: n1 edge
*/
/* test: a proxy that does not run is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('metadata-proxy', 'missing', 'high', 'r', 'edge', 'n1', 'qrouter-r',
    'a proxy that listens on port 9697', 'none');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('metadata-redirect', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('metadata-redirect', 'missing', 'high', 'r', 'edge', 'n1', 'qrouter-r',
    '169.254.169.254 port 80 to the proxy', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'iptables', 'missing');
expect: unknown
*/
