-- title: Two keepalived processes run for one router on a node
-- severity: high
-- precision: certain
-- population: configurations of keepalived: SELECT count(DISTINCT node || router) FROM
--   keepalived_address
-- why: One was left when the agent lost track of it. Both take part in the election with the same
--   number and set and remove the same addresses: the router flaps, or no node becomes active.
-- fix: kill the process that the agent's pid file does not name, and its child; then restart the
--   node's L3 agent.
-- references: LP1908057, LP1561046
-- needs: ps|keepalived
WITH configured AS (
  SELECT node, router, min(file) AS file, min(line) AS line
  FROM keepalived_address GROUP BY node, router
),
daemon AS (
  SELECT c.node, c.router, p.pid, p.parent_pid, p.file, p.line
  FROM configured c
  JOIN process p ON p.node = c.node
  WHERE instr(p.arguments, '/' || c.router || '/keepalived.conf') > 0
    AND (p.arguments LIKE 'keepalived -%' OR p.arguments LIKE '/%bin/keepalived -%')
),
head AS (
  -- Its VRRP process is a child of the first one.
  SELECT * FROM daemon d
  WHERE NOT EXISTS (
    SELECT 1 FROM daemon o
    WHERE o.node = d.node AND o.router = d.router AND o.pid = d.parent_pid)
)
SELECT h.node || ' ' || coalesce(nullif(r.name, ''), h.router) AS subject,
  'processes ' || (
    SELECT group_concat(x.pid, ' and ') FROM (
      SELECT pid FROM head q WHERE q.node = h.node AND q.router = h.router ORDER BY 1) x)
    || ' run with its configuration' AS message,
  h.file, h.line
FROM head h LEFT JOIN neutron_router r ON r.id = h.router
WHERE (SELECT count(*) FROM head q WHERE q.node = h.node AND q.router = h.router) > 1
ORDER BY 1, 3, 4;

/* test: an orphan beside the new one
INSERT INTO keepalived_address (node, router, address) VALUES ('n1', 'r', '169.254.0.7');
INSERT INTO process (node, pid, parent_pid, arguments) VALUES
  ('n1', 7, 1, 'keepalived -P -f /var/lib/neutron/ha_confs/r/keepalived.conf'),
  ('n1', 8, 7, 'keepalived -P -f /var/lib/neutron/ha_confs/r/keepalived.conf'),
  ('n1', 5, 1, 'keepalived -P -f /var/lib/neutron/ha_confs/r/keepalived.conf');
expect: n1 r
*/
/* test: a parent and its child, also in a container
INSERT INTO keepalived_address (node, router, address)
  VALUES ('n1', 'r', '169.254.0.7'), ('n1', 's', '169.254.0.8');
INSERT INTO process (node, pid, parent_pid, arguments) VALUES
  ('n1', 6, 1, 'podman run keepalived -P -f /var/lib/neutron/ha_confs/r/keepalived.conf'),
  ('n1', 7, 1, 'keepalived -P -f /var/lib/neutron/ha_confs/r/keepalived.conf'),
  ('n1', 8, 7, 'keepalived -P -f /var/lib/neutron/ha_confs/r/keepalived.conf'),
  ('n1', 9, 1, 'keepalived -P -f /var/lib/neutron/ha_confs/s/keepalived.conf');
expect: nothing
*/
