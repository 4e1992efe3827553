-- title: Metadata proxies of a node have no agent to ask
-- severity: high
-- precision: certain
-- population: configurations of metadata proxies: SELECT count(DISTINCT node || owner) FROM
--   metadata_proxy_setting
-- why: The proxies hand every request to the metadata agent by a socket of the node. Nobody listens
--   at it: guests get errors or no answer from 169.254.169.254.
-- fix: Restart the node's metadata agent.
-- references: LP1606741
-- needs: ss-local, ps|metadata-proxy
WITH asked AS (
  SELECT s.node, w.value AS path, count(DISTINCT s.owner) AS proxies, min(s.file) AS file,
    min(s.line) AS line
  FROM metadata_proxy_setting s, json_each(s.arguments) w
  WHERE s.keyword = 'server' AND w.value LIKE '/%'
  GROUP BY s.node, w.value
)
SELECT a.node || ' ' || a.path AS subject,
  'nobody listens there, and ' || a.proxies || CASE a.proxies WHEN 1 THEN ' proxy sends'
    ELSE ' proxies send' END || ' requests to it' AS message,
  a.file, a.line
FROM asked a
WHERE a.node IN (SELECT node FROM socket WHERE path IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.node = a.node AND g.format = 'ss-local')
  AND (a.node, a.path) NOT IN (
    SELECT node, path FROM socket WHERE path IS NOT NULL AND state = 'LISTEN')
  AND NOT EXISTS (
    SELECT 1 FROM diagnostic d JOIN capture_file f ON f.id = d.file
    WHERE f.node = a.node AND f.format = 'ss-local' AND d.severity <> 'note')
UNION ALL
SELECT DISTINCT 'node ' || p.node || ': the configurations of its proxies were not captured', NULL,
  NULL, NULL
FROM process p
WHERE p.arguments LIKE '%haproxy %ns-metadata-proxy%'
  AND p.node NOT IN (SELECT node FROM metadata_proxy_setting)
ORDER BY 1;

/* test: no socket
INSERT INTO metadata_proxy_setting (node, owner, keyword, arguments)
  VALUES ('n1', 'r', 'server', '["metadata","/var/lib/neutron/metadata_proxy"]');
INSERT INTO socket (id, node, transport, state, path)
  VALUES (1, 'n1', 'u_str', 'LISTEN', '/run/other');
expect: n1 /var/lib/neutron/metadata_proxy
*/
/* test: it listens, or sockets were not captured
INSERT INTO metadata_proxy_setting (node, owner, keyword, arguments) VALUES
  ('n1', 'r', 'server', '["metadata","/var/lib/neutron/metadata_proxy"]'),
  ('n2', 'r', 'server', '["metadata","/var/lib/neutron/metadata_proxy"]');
INSERT INTO socket (id, node, transport, state, path)
  VALUES (1, 'n1', 'u_str', 'LISTEN', '/var/lib/neutron/metadata_proxy');
expect: nothing
*/
/* test: the proxies' configurations were not captured
INSERT INTO process (node, pid, arguments)
  VALUES ('n1', 7, 'haproxy -f /var/lib/neutron/ns-metadata-proxy/r.conf');
expect: unknown
*/
