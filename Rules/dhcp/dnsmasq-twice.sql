-- title: Two DHCP servers run for one network on a node
-- severity: high
-- precision: certain
-- population: processes of DHCP servers: SELECT count(*) FROM process WHERE arguments LIKE 'dnsmasq
--   %' OR arguments LIKE '/%bin/dnsmasq %'
-- why: One was left when the agent lost track of it. Both have the address; which one a guest's
--   request gets to is chance, and the older one has not heard of changes.
-- fix: kill the process that the agent's pid file does not name.
-- references: LP1811126, LP1849502
-- needs: ps, neutron-networks
WITH daemon AS (
  SELECT n.id AS network, n.name, p.node, p.pid, p.parent_pid, p.file, p.line
  FROM process p
  JOIN neutron_network n ON instr(p.arguments, '/dhcp/' || n.id || '/pid') > 0
  WHERE p.arguments LIKE 'dnsmasq %' OR p.arguments LIKE '/%bin/dnsmasq %'
),
head AS (
  -- With a lease script it has a child of its own.
  SELECT * FROM daemon d
  WHERE NOT EXISTS (
    SELECT 1 FROM daemon o
    WHERE o.node = d.node AND o.network = d.network AND o.pid = d.parent_pid)
)
SELECT h.node || ' ' || coalesce(nullif(h.name, ''), h.network) AS subject,
  'processes ' || (
    SELECT group_concat(x.pid, ' and ') FROM (
      SELECT pid FROM head q WHERE q.node = h.node AND q.network = h.network ORDER BY 1) x)
    || ' serve it' AS message,
  h.file, h.line
FROM head h
WHERE (SELECT count(*) FROM head q WHERE q.node = h.node AND q.network = h.network) > 1
ORDER BY 1, 3, 4;

/* test: an orphan beside the new one
INSERT INTO neutron_network (id, name) VALUES ('net', 'blue');
INSERT INTO process (node, pid, parent_pid, arguments) VALUES
  ('n1', 7, 1, 'dnsmasq --no-hosts --pid-file=/var/lib/neutron/dhcp/net/pid'),
  ('n1', 5, 1, 'dnsmasq --no-hosts --pid-file=/var/lib/neutron/dhcp/net/pid');
expect: n1 blue
*/
/* test: a parent and its child, two nodes, a wrapper
INSERT INTO neutron_network (id, name) VALUES ('net', 'blue');
INSERT INTO process (node, pid, parent_pid, arguments) VALUES
  ('n1', 6, 1, 'podman run dnsmasq --no-hosts --pid-file=/var/lib/neutron/dhcp/net/pid'),
  ('n1', 7, 1, 'dnsmasq --no-hosts --pid-file=/var/lib/neutron/dhcp/net/pid'),
  ('n1', 8, 7, 'dnsmasq --no-hosts --pid-file=/var/lib/neutron/dhcp/net/pid'),
  ('n2', 7, 1, 'dnsmasq --no-hosts --pid-file=/var/lib/neutron/dhcp/net/pid');
expect: nothing
*/
