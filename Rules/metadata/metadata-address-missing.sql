-- title: A network's metadata proxy has lost its address
-- severity: high
-- precision: certain
-- population: configurations of metadata proxies: SELECT count(DISTINCT node || owner) FROM
--   metadata_proxy_setting
-- why: On a network without a router the DHCP server's device has 169.254.169.254, and the proxy
--   listens there. The address is gone from the device: requests are answered by nobody.
-- fix: Restart the node's DHCP agent.
-- needs: ip-addr, ps|metadata-proxy
SELECT s.node || ' ' || coalesce(nullif(n.name, ''), s.owner) AS subject,
  'the proxy is to listen on 169.254.169.254, and no device in qdhcp-' || s.owner || ' has it'
    AS message,
  s.file, s.line
FROM metadata_proxy_setting s
LEFT JOIN neutron_network n ON n.id = s.owner
WHERE s.keyword = 'bind' AND json_extract(s.arguments, '$[0]') LIKE '169.254.169.254:%'
  -- Addresses of that namespace were captured.
  AND EXISTS (
    SELECT 1 FROM address a WHERE a.node = s.node AND a.namespace = 'qdhcp-' || s.owner)
  AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.node = s.node AND g.format = 'ip-addr')
  AND NOT EXISTS (
    SELECT 1 FROM address a
    WHERE a.node = s.node AND a.namespace = 'qdhcp-' || s.owner
      AND a.address = '169.254.169.254')
UNION ALL
SELECT DISTINCT 'node ' || p.node || ': the configurations of its proxies were not captured', NULL,
  NULL, NULL
FROM process p
WHERE p.arguments LIKE '%haproxy %ns-metadata-proxy%'
  AND p.node NOT IN (SELECT node FROM metadata_proxy_setting)
ORDER BY 1;

/* test: gone
INSERT INTO metadata_proxy_setting (node, owner, keyword, arguments)
  VALUES ('n1', 'net', 'bind', '["169.254.169.254:80"]');
INSERT INTO address (node, namespace, interface, address)
  VALUES ('n1', 'qdhcp-net', 'tap1', '10.0.0.2');
expect: n1 net
*/
/* test: there, a router's, or left over
INSERT INTO metadata_proxy_setting (node, owner, keyword, arguments) VALUES
  ('n1', 'net', 'bind', '["169.254.169.254:80"]'), ('n1', 'r', 'bind', '[":::9697"]'),
  ('n1', 'gone', 'bind', '["169.254.169.254:80"]');
INSERT INTO address (node, namespace, interface, address) VALUES
  ('n1', 'qdhcp-net', 'tap1', '10.0.0.2'), ('n1', 'qdhcp-net', 'tap1', '169.254.169.254'),
  ('n1', 'qrouter-r', 'qr-1', '10.0.0.1');
expect: nothing
*/
/* test: the proxies' configurations were not captured
INSERT INTO process (node, pid, arguments)
  VALUES ('n1', 7, 'haproxy -f /var/lib/neutron/ns-metadata-proxy/r.conf');
expect: unknown
*/
