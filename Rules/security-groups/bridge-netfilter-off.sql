-- title: Guests' packets pass the node's packet filter by
-- severity: critical
-- precision: certain
-- population: nodes: SELECT count(*) FROM node
-- why: With the iptables_hybrid firewall driver, security groups and anti-spoofing are iptables rules
--   for packets on the guests' Linux bridges. The kernel shows such packets to iptables only with
--   br_netfilter loaded and bridge-nf-call-iptables on: without it every guest is unfiltered.
-- fix: modprobe br_netfilter; sysctl -w net.bridge.bridge-nf-call-iptables=1
--   net.bridge.bridge-nf-call-ip6tables=1; make both permanent.
-- references: LP1622914
-- needs: sysctl, ip-link
WITH hybrid AS (
  SELECT node, min(file) AS file, min(line) AS line, count(*) AS ports
  FROM v_neutron_device
  WHERE role = 'qvb' AND namespace = 'root' AND master IS NOT NULL GROUP BY node
),
knob(name) AS (
  VALUES ('net.bridge.bridge-nf-call-iptables'), ('net.bridge.bridge-nf-call-ip6tables')
),
-- The few of a cloud's settings that matter, before they are joined to what may lack them.
setting AS MATERIALIZED (
  SELECT node, name, value, file, line FROM sysctl
  WHERE namespace = 'root' AND name IN (SELECT name FROM knob)
)
SELECT h.node || ' ' || k.name AS subject,
  coalesce('is ' || s.value, 'does not exist: br_netfilter is not loaded') || '; ' || h.ports
    || ' port' || CASE h.ports WHEN 1 THEN '' ELSE 's' END
    || ' on Linux bridges are filtered by nothing' AS message,
  coalesce(s.file, h.file) AS file, coalesce(s.line, h.line) AS line
FROM hybrid h CROSS JOIN knob k
LEFT JOIN setting s ON s.node = h.node AND s.name = k.name
WHERE s.value <> '1'
  OR s.value IS NULL
    AND NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'sysctl' AND g.node = h.node)
ORDER BY 1;

/* test: switched off for IPv4
INSERT INTO link (node, name, master) VALUES ('n1', 'qvb01234567-89', 'qbr01234567-89');
INSERT INTO sysctl (node, name, value) VALUES
  ('n1', 'net.bridge.bridge-nf-call-iptables', '0'), ('n1', 'net.bridge.bridge-nf-call-ip6tables', '1');
expect: n1 net.bridge.bridge-nf-call-iptables
*/
/* test: the module is not loaded
INSERT INTO link (node, name, master) VALUES ('n1', 'qvb01234567-89', 'qbr01234567-89');
expect: n1 net.bridge.bridge-nf-call-iptables
expect: n1 net.bridge.bridge-nf-call-ip6tables
*/
/* test: a node without hybrid ports needs neither
INSERT INTO link (node, name) VALUES ('n1', 'tap01234567-89');
expect: nothing
*/
