-- title: A metadata proxy does not run
-- severity: high
-- precision: certain
-- population: nodes: SELECT count(*) FROM node
-- why: Guests behind it get no answer from 169.254.169.254: new servers start without keys, names and
--   user data.
-- fix: Restart the L3 agent (a router's proxy) or the DHCP agent (a network's) on the node.
-- references: LP2052787
-- needs: ps
WITH proxy AS (
  SELECT node, owner, min(file) AS file, min(line) AS line
  FROM metadata_proxy_setting GROUP BY node, owner
)
SELECT x.node || ' ' || coalesce(
    (SELECT nullif(name, '') FROM neutron_router WHERE id = x.owner),
    (SELECT nullif(name, '') FROM neutron_network WHERE id = x.owner), x.owner) AS subject,
  'its configuration is there, and no haproxy runs with it' AS message, x.file, x.line
FROM proxy x
WHERE NOT EXISTS (SELECT 1 FROM gap g WHERE g.format = 'ps' AND g.node = x.node)
  AND NOT EXISTS (
    SELECT 1 FROM process p
    WHERE p.node = x.node AND p.arguments LIKE '%haproxy%' AND instr(p.arguments, x.owner) > 0)
  -- On the standby node of an HA router none need run: it must be known to be active.
  AND (EXISTS (
      SELECT 1 FROM ha_state h
      WHERE h.node = x.node AND h.router = x.owner AND h.state IN ('primary', 'master'))
    OR NOT EXISTS (SELECT 1 FROM ha_state h WHERE h.node = x.node AND h.router = x.owner)
      AND NOT EXISTS (
        SELECT 1 FROM v_neutron_device v
        WHERE v.node = x.node AND v.namespace = 'qrouter-' || x.owner AND v.role = 'ha'))
  -- A configuration that outlived its namespace is litter, not an outage.
  AND EXISTS (
    SELECT 1 FROM namespace s
    WHERE s.node = x.node AND s.name IN ('qrouter-' || x.owner, 'qdhcp-' || x.owner))
ORDER BY 1;

/* test: a configuration without process
INSERT INTO namespace (node, name) VALUES ('n1', 'qrouter-r');
INSERT INTO metadata_proxy_setting (node, owner) VALUES ('n1', 'r');
expect: n1 r
*/
/* test: running, standby, perhaps standby, or left over
INSERT INTO namespace (node, name)
  VALUES ('n1', 'qrouter-r'), ('n2', 'qrouter-r'), ('n2', 'qrouter-s');
INSERT INTO link (node, namespace, name) VALUES ('n2', 'qrouter-s', 'ha-01234567-89');
INSERT INTO metadata_proxy_setting (node, owner)
  VALUES ('n1', 'r'), ('n2', 'r'), ('n2', 's'), ('n1', 'gone');
INSERT INTO process (node, pid, arguments) VALUES ('n1', 7, 'haproxy -f /run/ns-metadata-proxy/r.conf');
INSERT INTO ha_state (node, router, state) VALUES ('n2', 'r', 'backup');
expect: nothing
*/
