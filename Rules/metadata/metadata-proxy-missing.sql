-- title: A router or network has no metadata proxy
-- severity: high
-- precision: certain
-- population: configurations of metadata proxies: SELECT count(DISTINCT node || owner) FROM
--   metadata_proxy_setting
-- why: Guests ask their router, or on a network without one the DHCP server, for metadata. Here
--   nothing listens and nothing is configured to: new servers start without keys, names and user
--   data.
-- fix: Restart the L3 agent (a router's proxy) or the DHCP agent (a network's) on the node.
-- references: LP1920778, LP1606741
-- needs: drift:metadata-proxy, ps, ss, neutron-routers, neutron-networks, neutron-subnets,
--   neutron-ports
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'metadata-proxy' AND d.kind = 'missing' AND d.found = 'none'
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = d.node AND g.format IN ('ps', 'ss'))
ORDER BY 1, 2, 3, 4;

/* test: neither configuration nor process
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('metadata-proxy', 'missing', 'high', 'r', 'edge', 'n1', 'qrouter-r',
    'a proxy that listens on port 9697', 'none');
expect: n1 edge
*/
/* test: configured and dead is another finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('metadata-proxy', 'missing', 'high', 'r', 'edge', 'n1', 'qrouter-r',
    'a proxy that listens on port 9697', 'configured, no process');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('metadata-proxy', 'n1', 'not captured');
expect: unknown
*/
/* test: what the capture lacks is no finding
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('metadata-proxy', 'missing', 'high', 'r', 'edge', 'n1', 'qrouter-r',
    'a proxy that listens on port 9697', 'none');
INSERT INTO gap (node, path, format, reason) VALUES ('n1', 'lost', 'ps', 'missing');
expect: unknown
*/
