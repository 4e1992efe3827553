-- title: Guests may tell the metadata proxy which network or router they come from
-- severity: high
-- precision: certain
-- population: configurations of metadata proxies: SELECT count(*) FROM (SELECT DISTINCT node, owner
--   FROM metadata_proxy_setting)
-- why: The proxy adds a header that names its router or network, and passes the other one on as the
--   guest sent it. With a network's id in it, the guest is taken for another tenant's of the same
--   address and reads his metadata.
-- fix: Upgrade Neutron on the node; then restart the L3 and DHCP agents and end the proxies, which
--   come back with the new configuration.
-- references: LP1865036
-- needs: metadata-proxy
WITH proxy AS (
  SELECT node, owner, min(file) AS file, max(line) AS line
  FROM metadata_proxy_setting
  WHERE keyword = 'http-request' AND arguments LIKE '["___-header","X-Neutron-%-ID"%'
  GROUP BY node, owner
  HAVING sum(arguments LIKE '["del-header"%') = 0
)
SELECT p.node AS subject,
  (SELECT count(*) FROM proxy x WHERE x.node = p.node)
    || ' metadata proxies pass the header on that names a router or network' AS message,
  p.file, p.line
FROM proxy p
ORDER BY 1, 3;

/* test: added and not removed
INSERT INTO metadata_proxy_setting (node, owner, keyword, arguments, line)
  VALUES ('n1', 'r', 'http-request', '["add-header","X-Neutron-Router-ID","r"]', 28);
expect: n1
*/
/* test: removed and set, and a proxy for OVN
INSERT INTO metadata_proxy_setting (node, owner, keyword, arguments, line) VALUES
  ('n1', 'r', 'http-request', '["del-header","X-Neutron-Network-ID"]', 28),
  ('n1', 'r', 'http-request', '["set-header","X-Neutron-Router-ID","r"]', 29),
  ('n2', 'n', 'http-request', '["add-header","X-OVN-Network-ID","n"]', 28),
  ('n2', 'n', 'bind', '["169.254.169.254:80"]', 27);
expect: nothing
*/
