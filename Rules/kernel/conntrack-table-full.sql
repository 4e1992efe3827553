-- title: The table of tracked connections is full
-- severity: high
-- precision: certain
-- population: limits of tracked connections: SELECT count(*) FROM sysctl WHERE name =
--   'net.netfilter.nf_conntrack_max'
-- why: When the table is full the kernel drops the first packet of every new connection, of all
--   guests and routers that it tracks, while connections that are open go on.
-- fix: Raise net.netfilter.nf_conntrack_max (sysctl -w) and the number of buckets with it;
--   conntrack -L shows who holds the connections.
-- needs: sysctl
SELECT c.node || ' ' || c.namespace AS subject,
  'nf_conntrack_count is ' || c.value || ', nf_conntrack_max is ' || m.value AS message,
  c.file, c.line
FROM sysctl c
JOIN sysctl m ON m.node = c.node AND m.namespace = c.namespace
  AND m.name = 'net.netfilter.nf_conntrack_max'
WHERE c.name = 'net.netfilter.nf_conntrack_count'
  -- 0 is no limit.
  AND CAST(m.value AS INTEGER) > 0
  AND CAST(c.value AS INTEGER) * 100 >= CAST(m.value AS INTEGER) * 95
ORDER BY 1;

/* test: all but 5 of 100
INSERT INTO sysctl (node, namespace, name, value) VALUES
  ('n1', 'root', 'net.netfilter.nf_conntrack_count', '249037'),
  ('n1', 'root', 'net.netfilter.nf_conntrack_max', '262144');
expect: n1 root
*/
/* test: room left, no limit, another node
INSERT INTO sysctl (node, namespace, name, value) VALUES
  ('n1', 'root', 'net.netfilter.nf_conntrack_count', '249036'),
  ('n1', 'root', 'net.netfilter.nf_conntrack_max', '262144'),
  ('n1', 'qrouter-r', 'net.netfilter.nf_conntrack_count', '7'),
  ('n1', 'qrouter-r', 'net.netfilter.nf_conntrack_max', '0'),
  ('n2', 'root', 'net.netfilter.nf_conntrack_count', '262144');
expect: nothing
*/
