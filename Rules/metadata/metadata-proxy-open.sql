-- title: A metadata proxy can be asked from elsewhere
-- severity: high
-- precision: certain
-- population: configurations of metadata proxies: SELECT count(DISTINCT node || owner) FROM
--   metadata_proxy_setting
-- why: The proxy tells the metadata service which network or router a request comes from. When it
--   listens on all addresses, or its port is not closed to all but redirected requests, others can
--   ask it as if they were this network's guests.
-- fix: Upgrade or restart the agent that owns the proxy (L3 agent for a router's, DHCP agent for a
--   network's), which writes its configuration and rules anew.
-- references: LP1745618, LP1187102
-- needs: iptables, ip6tables, ps|metadata-proxy
WITH listener AS (
  SELECT s.node, s.owner, json_extract(s.arguments, '$[0]') AS bind, s.file, s.line
  FROM metadata_proxy_setting s WHERE s.keyword = 'bind'
),
routed AS MATERIALIZED (
  SELECT l.*, 'qrouter-' || l.owner AS namespace,
    replace(l.bind, rtrim(l.bind, '0123456789'), '') AS port
  FROM listener l
  WHERE EXISTS (
    SELECT 1 FROM namespace n WHERE n.node = l.node AND n.name = 'qrouter-' || l.owner)
)
SELECT l.node || ' ' || coalesce(nullif(n.name, ''), l.owner) AS subject,
  'the proxy of the network listens on ' || l.bind || ', not on 169.254.169.254' AS message,
  l.file, l.line
FROM listener l LEFT JOIN neutron_network n ON n.id = l.owner
WHERE rtrim(l.bind, '0123456789') IN ('0.0.0.0:', '*:', ':', ':::', '[::]:')
  AND EXISTS (
    SELECT 1 FROM namespace s WHERE s.node = l.node AND s.name = 'qdhcp-' || l.owner)
UNION ALL
SELECT r.node || ' ' || coalesce(nullif(x.name, ''), r.owner),
  'no rule of IPv' || c.family || ' in ' || r.namespace || ' drops what comes for port ' || r.port,
  c.file, c.line
FROM routed r
CROSS JOIN iptables_chain c ON c.node = r.node AND c.namespace = r.namespace
  AND c.table_name = 'filter' AND c.name = 'neutron-l3-agent-INPUT'
LEFT JOIN neutron_router x ON x.id = r.owner
-- One that listens on IPv4 only is not asked over IPv6.
WHERE (c.family = 4 OR rtrim(r.bind, '0123456789') IN (':::', '[::]:'))
  AND NOT EXISTS (
    SELECT 1 FROM gap g WHERE g.node = r.node AND g.format IN ('iptables', 'ip6tables'))
  AND NOT EXISTS (
    SELECT 1 FROM diagnostic d WHERE d.file = c.file AND d.severity <> 'note')
  AND NOT EXISTS (
    SELECT 1 FROM iptables_rule t
    WHERE t.node = r.node AND t.namespace = r.namespace AND t.table_name = 'filter'
      AND t.family = c.family AND t.target IN ('DROP', 'REJECT')
      AND t.rule LIKE '%--dport ' || r.port || ' %')
UNION ALL
SELECT DISTINCT 'node ' || p.node || ': the configurations of its proxies were not captured', NULL,
  NULL, NULL
FROM process p
WHERE p.arguments LIKE '%haproxy %ns-metadata-proxy%'
  AND p.node NOT IN (SELECT node FROM metadata_proxy_setting)
ORDER BY 1, 2;

/* test: on all addresses, and a port that nothing closes
INSERT INTO namespace (node, name) VALUES ('n1', 'qdhcp-net'), ('n1', 'qrouter-r');
INSERT INTO metadata_proxy_setting (node, owner, keyword, arguments) VALUES
  ('n1', 'net', 'bind', '["0.0.0.0:80"]'), ('n1', 'r', 'bind', '["0.0.0.0:9697"]');
INSERT INTO iptables_chain (node, namespace, family, table_name, name)
  VALUES ('n1', 'qrouter-r', 4, 'filter', 'neutron-l3-agent-INPUT');
expect: n1 net
expect: n1 r
*/
/* test: open over IPv6 only
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
INSERT INTO metadata_proxy_setting (node, owner, keyword, arguments)
  VALUES ('n1', 'r', 'bind', '[":::9697"]');
INSERT INTO iptables_chain (node, namespace, family, table_name, name) VALUES
  ('n1', 'qrouter-r', 4, 'filter', 'neutron-l3-agent-INPUT'),
  ('n1', 'qrouter-r', 6, 'filter', 'neutron-l3-agent-INPUT');
INSERT INTO iptables_rule (node, namespace, family, table_name, chain, target, rule) VALUES
  ('n1', 'qrouter-r', 4, 'filter', 'neutron-l3-agent-INPUT', 'DROP',
    '-A neutron-l3-agent-INPUT -p tcp -m tcp --dport 9697 -j DROP');
expect: n1 r
*/
/* test: closed, on the metadata address, or on IPv4 only
INSERT INTO namespace (node, name)
  VALUES ('n1', 'qdhcp-net'), ('n1', 'qrouter-r'), ('n1', 'qrouter-s');
INSERT INTO metadata_proxy_setting (node, owner, keyword, arguments) VALUES
  ('n1', 'net', 'bind', '["169.254.169.254:80"]'), ('n1', 'r', 'bind', '[":::9697"]'),
  ('n1', 's', 'bind', '["0.0.0.0:9697"]');
INSERT INTO iptables_chain (node, namespace, family, table_name, name) VALUES
  ('n1', 'qrouter-r', 4, 'filter', 'neutron-l3-agent-INPUT'),
  ('n1', 'qrouter-r', 6, 'filter', 'neutron-l3-agent-INPUT'),
  ('n1', 'qrouter-s', 4, 'filter', 'neutron-l3-agent-INPUT'),
  ('n1', 'qrouter-s', 6, 'filter', 'neutron-l3-agent-INPUT');
INSERT INTO iptables_rule (node, namespace, family, table_name, chain, target, rule) VALUES
  ('n1', 'qrouter-r', 4, 'filter', 'neutron-l3-agent-INPUT', 'DROP',
    '-A neutron-l3-agent-INPUT -p tcp -m tcp --dport 9697 -j DROP'),
  ('n1', 'qrouter-r', 6, 'filter', 'neutron-l3-agent-INPUT', 'DROP',
    '-A neutron-l3-agent-INPUT -p tcp -m tcp --dport 9697 -j DROP'),
  ('n1', 'qrouter-s', 4, 'filter', 'neutron-l3-agent-INPUT', 'DROP',
    '-A neutron-l3-agent-INPUT -p tcp -m tcp --dport 9697 -j DROP');
expect: nothing
*/
/* test: the proxies' configurations were not captured
INSERT INTO process (node, pid, arguments)
  VALUES ('n1', 7, 'haproxy -f /var/lib/neutron/ns-metadata-proxy/r.conf');
expect: unknown
*/
