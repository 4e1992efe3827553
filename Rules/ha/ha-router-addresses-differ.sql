-- title: Keepalived has other addresses for a router than Neutron
-- severity: high
-- precision: certain
-- population: routers with a spare node: SELECT count(*) FROM neutron_router WHERE is_ha
-- why: Keepalived sets the addresses of an HA router on the active node. One that it does not know
--   is not there; one that is no longer the router's comes back with each change of nodes.
-- fix: Restart the L3 agent of the node named.
-- needs: drift:ha-addresses, keepalived|neutron-routers, neutron-ports, neutron-floatingips
SELECT d.node || ' ' || coalesce(nullif(d.name, ''), d.object) AS subject,
  coalesce(nullif(d.place, '') || ': ', '') || 'wanted ' || d.wanted || ', found '
    || d.found AS message,
  d.file, d.line
FROM drift d
WHERE d.code = 'ha-addresses' AND d.kind IN ('missing', 'extra')
ORDER BY 1, 2, 3, 4;

/* test: one is missing
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('ha-addresses', 'missing', 'high', 'r', 'edge', 'n1', 'keepalived', '192.0.2.10', '192.0.2.1');
expect: n1 edge
*/
/* test: where it is active is another comparison
INSERT INTO drift (code, kind, severity, object, name, node, place, wanted, found) VALUES
  ('ha-active', 'twice', 'high', 'r', 'edge', 'n1', '', 'one node', 'n1, n2');
expect: nothing
*/
/* test: what was not compared is not known
INSERT INTO drift_unknown (code, node, reason) VALUES ('ha-addresses', 'n1', 'not captured');
expect: unknown
*/
